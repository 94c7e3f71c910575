//! `manchette openapi`: prints the OpenAPI document.

use super::{Error, print};
use crate::openapi;

pub fn run() -> Result<(), Error> {
    print(openapi::text())
}
