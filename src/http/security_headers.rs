//! What every answer says to browsers, so that none of it can be turned against whoever reads it.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::DefaultHeaders;
use clap::Args;

/// What an answer that is no page may do in a browser: nothing. Pages say what they need in its place.
pub const NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What browsers are told beyond the answer itself.
#[derive(Clone, Debug, Args)]
pub struct Security {
    /// Seconds for which browsers shall come back by `https` only (`Strict-Transport-Security`, RFC 6797); with
    /// `; includeSubDomains` and `; preload` behind it, if those are meant. Not sent unless told: set it where whatever
    /// stands in front of this server speaks TLS, and will go on doing so.
    #[arg(long, env = "MANCHETTE_HSTS", value_name = "SECONDS", value_parser = hsts, global = true)]
    pub hsts: Option<HeaderValue>,
}

impl Security {
    fn all(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let always = [
            (header::CONTENT_SECURITY_POLICY, NOTHING),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ];
        let always = always.map(|(name, value)| (name, HeaderValue::from_static(value)));
        let hsts = self.hsts.clone();
        always
            .into_iter()
            .chain(hsts.map(|value| (header::STRICT_TRANSPORT_SECURITY, value)))
    }

    /// Adds what is not said yet.
    pub fn add(&self, headers: &mut HeaderMap) {
        for (name, value) in self.all() {
            if !headers.contains_key(&name) {
                headers.insert(name, value);
            }
        }
    }

    /// What adds it to every answer, whoever gave it: the outermost of all that surrounds a handler.
    pub fn headers(&self) -> DefaultHeaders {
        self.all().fold(DefaultHeaders::new(), DefaultHeaders::add)
    }
}

/// What a page may do.
pub fn policy(needs: &str) -> String {
    format!("{NOTHING}; {needs}")
}

fn hsts(text: &str) -> Result<HeaderValue, String> {
    let mut parts = text.split(';').map(str::trim);
    let seconds = parts.next().unwrap_or_default();
    let mut words = Vec::new();
    for part in parts {
        let known = ["includeSubDomains", "preload"];
        match known
            .into_iter()
            .find(|word| word.eq_ignore_ascii_case(part))
        {
            Some(word) if !words.contains(&word) => words.push(word),
            _ => {
                return Err(format!(
                    "`{part}` is not `includeSubDomains` or `preload`, once"
                ));
            }
        }
    }
    let seconds: u32 = seconds
        .parse()
        .map_err(|_| "begins with a whole number of seconds, such as 31536000".to_owned())?;
    let value = words
        .iter()
        .fold(format!("max-age={seconds}"), |value, word| {
            format!("{value}; {word}")
        });
    HeaderValue::from_str(&value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_asked_for_as_the_standard_has_it() {
        let said = |text: &str| hsts(text).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(said("31536000").as_deref(), Ok("max-age=31536000"));
        assert_eq!(said("0").as_deref(), Ok("max-age=0"));
        assert_eq!(
            said("60;includesubdomains ; PRELOAD").as_deref(),
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
            assert!(hsts(wrong).is_err(), "{wrong}");
        }
    }
}
