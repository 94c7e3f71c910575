//! `manchette migrate`: brings the schema up to date.

use super::{Error, open_database, print};
use crate::config::Config;
use crate::db::migrations;

pub async fn run(config: &Config) -> Result<(), Error> {
    let reached = open_database(config, "migrate").await?;
    let applied = migrations::migrate(&reached.address).await?;
    reached.done();
    match applied.as_slice() {
        [] => print("The schema is up to date.\n"),
        applied => print(&format!("Applied {}.\n", applied.join(", "))),
    }
}
