//! Values that JSON has no type for: a line of text, a timestamp, a URL.

use std::sync::LazyLock;

use chrono::{DateTime, Timelike, Utc};

use crate::http::messages;
use crate::problem::{FaultCode, Text};

/// Whether this is one line that is not blank, of at most so many characters: the same as the contract's patterns and the
/// database's `is_line`.
pub fn is_line(text: &str, max_length: usize) -> bool {
    text.chars().count() <= max_length
        && !text.chars().any(char::is_control)
        && !text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// Whether a character shows nothing: joiners, marks of direction, fillers. The contract's patterns and the database's
/// `is_line` list the same.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether content can have this timestamp: newspapers begin in 1605, RFC 3339 ends with the year 9999.
pub fn in_range(at: DateTime<Utc>) -> bool {
    static RANGE: LazyLock<[DateTime<Utc>; 2]> = LazyLock::new(|| {
        ["1600-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]
            .map(|text| text.parse().expect("a timestamp"))
    });
    (RANGE[0]..=RANGE[1]).contains(&at)
}

/// Parses a timestamp (RFC 3339, with its zone, to the microsecond at most).
///
/// # Errors
/// A fault's code and detail.
pub fn parse_timestamp(text: &str) -> Result<DateTime<Utc>, (FaultCode, Text)> {
    let malformed = || (FaultCode::InvalidTimestamp, messages::timestamp());
    if text.len() < 20 || !text.as_bytes()[10].eq_ignore_ascii_case(&b'T') {
        return Err(malformed());
    }
    let at = DateTime::parse_from_rfc3339(text)
        .map_err(|_| malformed())?
        .to_utc();
    if at.nanosecond() >= 1_000_000_000 {
        Err((FaultCode::InvalidTimestamp, messages::leap_second()))
    } else if !in_range(at) {
        Err((FaultCode::OutOfRange, messages::years()))
    } else if at.nanosecond() % 1000 != 0 {
        Err((FaultCode::TooPrecise, messages::six_digits()))
    } else {
        Ok(at)
    }
}

/// Whether this is an absolute HTTP URL (RFC 3986) without credentials. The database's `is_http_url` checks the same, except
/// the form of the host.
pub fn is_http_url(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    let mut parts = text.split('%');
    let is_well_formed = parts
        .next()
        .is_some_and(|first| first.bytes().all(is_allowed))
        && parts.all(|part| {
            let hex = part.as_bytes().first_chunk::<2>();
            hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
                && part.bytes().all(is_allowed)
        });
    let Some((scheme, rest)) = text.split_once("://").filter(|_| is_well_formed) else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = |host: Option<url::Host<&str>>| match host {
        Some(url::Host::Domain(name)) => name
            .strip_suffix('.')
            .unwrap_or(name)
            .split('.')
            .all(|label| !label.is_empty()),
        Some(_) => true,
        None => false,
    };
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
        && !authority.is_empty()
        && !authority.contains('@')
        && url::Url::parse(text).is_ok_and(|url| is_host(url.host()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_need_a_zone_a_range_and_a_precision() {
        let code = |text: &str| parse_timestamp(text).map_err(|(code, _)| code);
        assert_eq!(
            parse_timestamp("2026-11-23T15:00:00+01:00")
                .unwrap()
                .to_rfc3339(),
            "2026-11-23T14:00:00+00:00"
        );
        assert!(parse_timestamp("2026-11-23t14:00:00.123456z").is_ok());
        for wrong in [
            "14:00",
            "2026-11-23",
            "2026-11-23T14:00:00",
            "2026-02-30T14:00:00Z",
            "2026-11-23 14:00:00Z",
            "é",
        ] {
            assert_eq!(code(wrong), Err(FaultCode::InvalidTimestamp), "{wrong}");
        }
        assert_eq!(
            code("2016-12-31T23:59:60Z"),
            Err(FaultCode::InvalidTimestamp)
        );
        assert_eq!(code("0999-01-01T00:00:00Z"), Err(FaultCode::OutOfRange));
        assert_eq!(
            code("9999-12-31T23:59:59-01:00"),
            Err(FaultCode::OutOfRange)
        );
        assert_eq!(
            code("2026-11-23T14:00:00.1234567Z"),
            Err(FaultCode::TooPrecise)
        );
    }

    #[test]
    fn only_absolute_http_urls_are_accepted() {
        for good in [
            "https://a.example",
            "http://a.example:8080/p?q=1#f",
            "https://[::1]/",
            "https://a.example/%C3%A9",
            "HTTPS://a.example./",
            "https://a.example/@b?c@d#e@f",
            "https://a.example:/",
            "https://a_b.example/()!$&'*+,;=:~[]",
            "https://a%2Db.example/",
        ] {
            assert!(is_http_url(good), "{good}");
        }
        for wrong in [
            "",
            "a.example",
            "//a.example",
            "ftp://a.example",
            "javascript:alert(1)",
            "https://",
            "https://u:p@a.example",
            "https://u@a.example",
            "https://@a.example",
            "https://:@a.example",
            "https://a.example@b.example",
            "https://a.example:99999",
            "https://a.example:x",
            "https://a.example\\@b.example",
            "https:\\\\a.example",
            "http:\\\\a.example",
            " https://a.example",
            "https://a.example ",
            "https://a.example\u{0}",
            "\u{feff}https://a.example",
            "ht\ttps://a.example",
            "https://a.ex\nample",
            "java\nscript:alert(1)",
            "&#106;avascript:alert(1)",
            "data:text/html,x",
            "blob:https://a.example/x",
            "view-source:https://a.example",
            "feed:https://a.example",
            "https://[::1",
            "https://[v1.a]/",
            "https://a%00b.example/",
            "https://a%2fb.example/",
            "https://a%zz.example/",
            "https://xn--\u{e9}.example/",
            "https://a.example/\u{202e}gpj.exe",
            "https://999.1.1.1/",
            "https://a.example/<b>",
            "https://a.example/\"",
            "https://a.example/é",
            "https://a.example/ b",
            "https://a.example/\n",
            "HTTPS:a",
            "https:/a.example",
            "http:///x",
            "http://x/%zz",
            "http://x/%",
            "http://.",
            "http://a..b/",
        ] {
            assert!(!is_http_url(wrong), "{wrong}");
        }
    }
}
