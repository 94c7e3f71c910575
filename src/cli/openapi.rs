//! `manchette openapi`: the contract, on standard output.

use super::{Error, print};
use crate::openapi;

pub fn run() -> Result<(), Error> {
    print(openapi::text())
}
