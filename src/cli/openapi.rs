//! `manchette openapi`: prints the OpenAPI document.

use super::{Error, print};
use crate::server::contract;

pub fn run() -> Result<(), Error> {
    print(contract::text())
}
