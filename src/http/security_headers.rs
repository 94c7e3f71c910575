//! Security headers of every answer: content security policy, referrer policy, no MIME sniffing, HSTS.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use clap::Args;

/// The policy of API answers: a browser may load nothing for them. Documentation pages have their own.
pub const DENY_ALL: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Security headers that depend on the deployment.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Server")]
pub struct Security {
    /// `max-age` of `Strict-Transport-Security` (RFC 6797), in seconds, optionally followed by `; includeSubDomains` and
    /// `; preload`. Default: not sent. Set it where a proxy in front of the server speaks TLS and will continue to.
    #[arg(long, env = "MANCHETTE_HSTS", value_name = "SECONDS", value_parser = parse_hsts, global = true)]
    pub hsts: Option<HeaderValue>,
}

impl Security {
    fn all(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let always = [
            (header::CONTENT_SECURITY_POLICY, DENY_ALL),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let always = always.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let hsts = self.hsts.clone();
        always
            .into_iter()
            .chain(hsts.map(|value| (header::STRICT_TRANSPORT_SECURITY, value)))
    }

    /// Adds the headers that are not set yet.
    pub fn add(&self, headers: &mut HeaderMap) {
        for (name, value) in self.all() {
            if !headers.contains_key(&name) {
                headers.insert(name, value);
            }
        }
    }

    /// The middleware that adds the headers to every answer that doesn't have them.
    pub fn headers(&self) -> DefaultHeaders {
        self.all().fold(DefaultHeaders::new(), DefaultHeaders::add)
    }
}

/// The policy of a page that needs more than nothing.
pub fn policy(needs: &str) -> String {
    format!("{DENY_ALL}; {needs}")
}

fn parse_hsts(text: &str) -> Result<HeaderValue, String> {
    let mut parts = text.split(';').map(str::trim);
    let seconds = parts.next().unwrap_or_default();
    let mut directives = Vec::new();
    for part in parts {
        let known = ["includeSubDomains", "preload"];
        match known
            .into_iter()
            .find(|directive| directive.eq_ignore_ascii_case(part))
        {
            Some(directive) if !directives.contains(&directive) => directives.push(directive),
            _ => {
                return Err(format!(
                    "`{part}` is neither `includeSubDomains` nor `preload`, or is repeated"
                ));
            }
        }
    }
    let seconds: u32 = seconds
        .parse()
        .map_err(|_| "must begin with a whole number of seconds, such as 31536000".to_owned())?;
    let value = directives
        .iter()
        .fold(format!("max-age={seconds}"), |value, directive| {
            format!("{value}; {directive}")
        });
    HeaderValue::from_str(&value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hsts_takes_seconds_and_the_standard_directives() {
        let parsed = |text: &str| parse_hsts(text).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(parsed("31536000").as_deref(), Ok("max-age=31536000"));
        assert_eq!(parsed("0").as_deref(), Ok("max-age=0"));
        assert_eq!(
            parsed("60;includesubdomains ; PRELOAD").as_deref(),
            Ok("max-age=60; includeSubDomains; preload")
        );
        for wrong in [
            "",
            "-1",
            "1.5",
            "a",
            "max-age=1",
            "1; x",
            "1; preload; preload",
            "1;",
        ] {
            assert!(parse_hsts(wrong).is_err(), "{wrong}");
        }
    }
}
