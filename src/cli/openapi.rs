//! `manchette openapi`: the contract, on standard output.

use super::{Error, say};
use crate::openapi;

pub fn run() -> Result<(), Error> {
    say(openapi::text())
}
