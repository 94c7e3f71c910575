//! One spelling of each path: percent-encoding that is not needed is decoded, broken encoding is refused.

use actix_web::dev::ServiceRequest;
use actix_web::http::Uri;

use crate::http::messages;
use crate::problem::{Problem, Text};

/// Decodes unreserved characters in the path (RFC 3986, section 6.2.2.2).
pub fn normalize(request: &mut ServiceRequest) {
    let path = request.uri().path();
    if !path.contains('%') {
        return;
    }
    let normal = decode_unreserved(path);
    if normal == path {
        return;
    }
    let target = match request.uri().query() {
        Some(query) => format!("{normal}?{query}"),
        None => normal,
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = target.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

fn decode_unreserved(path: &str) -> String {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut rest = path;
    let mut normal = String::with_capacity(path.len());
    while let Some(at) = rest.find('%') {
        let code = rest.get(at + 1..at + 3);
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        normal.push_str(&rest[..at]);
        match byte.filter(|byte| is_unreserved(*byte)) {
            Some(byte) => {
                normal.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            None => {
                normal.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    normal.push_str(rest);
    normal
}

/// Checks that path and query are valid percent-encoding of UTF-8, so that nothing that decodes them later has to guess.
///
/// # Errors
/// With the part that is broken.
pub fn check_encoding(request: &ServiceRequest) -> Result<(), Problem> {
    let path = (
        request.uri().path(),
        messages::percent_in_path as fn() -> Text,
        messages::path_not_utf8 as fn() -> Text,
    );
    let query = (
        request.query_string(),
        messages::percent_in_query as fn() -> Text,
        messages::query_not_utf8 as fn() -> Text,
    );
    for (text, not_hexadecimal, not_utf8) in [path, query] {
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
            let hex = rest
                .get(at + 1..at + 3)
                .is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
            if !hex {
                return Err(Problem::Malformed(not_hexadecimal()));
            }
            rest = &rest[at + 3..];
        }
        if percent_encoding::percent_decode_str(text)
            .decode_utf8()
            .is_err()
        {
            return Err(Problem::Malformed(not_utf8()));
        }
    }
    Ok(())
}
