//! `manchette migrate`: brings the schema up to date.

use super::{Error, reach, say};
use crate::config::Config;
use crate::db::migrations;

pub async fn run(config: &Config) -> Result<(), Error> {
    let reached = reach(config, "migrate").await?;
    let applied = migrations::migrate(&reached.address).await?;
    reached.done();
    match applied.as_slice() {
        [] => say("The schema is up to date.\n"),
        applied => say(&format!("Applied {}.\n", applied.join(", "))),
    }
}
