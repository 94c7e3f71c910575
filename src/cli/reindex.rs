//! `manchette reindex`: indexes the content for searches anew.

use clap::Args;

use super::database::open_database;
use super::{Error, print};
use crate::config::Config;
use crate::news::search_index::reindex;
use crate::progress::Progress;

#[derive(Debug, Args)]
pub struct ReindexCommand {
    /// Index all content, not only what another version has indexed.
    #[arg(long)]
    all: bool,
}

pub async fn run(config: &Config, command: ReindexCommand) -> Result<(), Error> {
    let database = open_database(config, "reindex").await?;
    let mut conn = database.options.connect_unbounded().await?;
    let rows = reindex::count_rows(&mut conn).await?;
    let progress = Progress::steps("indexing", usize::try_from(rows)?);
    let done = reindex::reindex(&mut conn, command.all, |rows| progress.set(rows as u64)).await;
    drop((progress, conn));
    database.close();
    let done = done?;
    print(&format!(
        "Indexed {} of {} articles and headlines.\n",
        done.indexed, done.rows
    ))
}
