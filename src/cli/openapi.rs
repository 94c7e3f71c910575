//! `manchette openapi`: the contract, on standard output.

use super::{Error, print};
use crate::server::contract;

pub fn run() -> Result<(), Error> {
    print(contract::text())
}
