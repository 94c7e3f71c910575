//! How large a request's head may be. Beyond 96 header lines and 128 KiB it is not even parsed (see [`crate::connection::framing`]).

use actix_web::dev::ServiceRequest;

use crate::problem::Problem;

/// The longest address with its parameters, in bytes.
pub const MAX_ADDRESS: usize = 8 << 10;
/// The most header lines.
pub const MAX_HEADERS: usize = 64;
/// The most bytes of header lines together, with what stands between them.
pub const MAX_HEADER_BYTES: usize = 16 << 10;

/// Refuses a head that is larger than any that this API needs.
///
/// # Errors
/// With what is too large.
pub fn check(request: &ServiceRequest) -> Result<(), Problem> {
    let address = request
        .uri()
        .path_and_query()
        .map_or(0, |it| it.as_str().len());
    if address > MAX_ADDRESS {
        return Err(Problem::AddressTooLong(MAX_ADDRESS));
    }
    let (mut count, mut bytes) = (0, 0);
    for (name, value) in request.headers() {
        count += 1;
        bytes += name.as_str().len() + value.len() + ": \r\n".len();
    }
    if count > MAX_HEADERS {
        return Err(Problem::HeadersTooLarge(format!(
            "a request may have at most {MAX_HEADERS} header lines"
        )));
    }
    if bytes > MAX_HEADER_BYTES {
        return Err(Problem::HeadersTooLarge(format!(
            "the header lines may have at most {MAX_HEADER_BYTES} bytes together"
        )));
    }
    Ok(())
}
