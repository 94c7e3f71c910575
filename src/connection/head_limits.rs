//! Size limits of a request's head. Beyond 96 header lines or 128 KiB it is not even parsed (see [`super::framing`]).

use actix_web::http::Uri;
use actix_web::http::header::HeaderMap;

use super::messages;
use crate::problem::Problem;

/// The longest path and query together, in bytes.
pub const MAX_ADDRESS: usize = 8 << 10;
/// The most header lines.
pub const MAX_HEADERS: usize = 64;
/// The most bytes of all header lines, separators included.
pub const MAX_HEADER_BYTES: usize = 16 << 10;

/// Refuses a head that is larger than the API ever needs.
///
/// # Errors
/// With the limit that it exceeds.
pub fn check(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let address = uri.path_and_query().map_or(0, |it| it.as_str().len());
    if address > MAX_ADDRESS {
        return Err(Problem::UriTooLong(MAX_ADDRESS));
    }
    let (mut count, mut bytes) = (0, 0);
    for (name, value) in headers {
        count += 1;
        bytes += name.as_str().len() + value.len() + ": \r\n".len();
    }
    if count > MAX_HEADERS {
        return Err(Problem::HeadersTooLarge(messages::too_many_header_lines(
            MAX_HEADERS,
        )));
    }
    if bytes > MAX_HEADER_BYTES {
        return Err(Problem::HeadersTooLarge(messages::header_lines_too_long(
            MAX_HEADER_BYTES,
        )));
    }
    Ok(())
}
