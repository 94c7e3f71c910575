//! `manchette migrate`: applies pending migrations.

use super::database::open_database;
use super::{Error, print};
use crate::config::Config;
use crate::db::migrations;

pub async fn run(config: &Config) -> Result<(), Error> {
    let database = open_database(config, "migrate").await?;
    let applied = migrations::migrate(&database.options).await?;
    database.close();
    match applied.as_slice() {
        [] => print("The schema is up to date.\n"),
        applied => print(&format!("Applied {}.\n", applied.join(", "))),
    }
}
