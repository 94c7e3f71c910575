//! Conditional requests (RFC 9110, section 13): entity tags, and what a client knows already.

use std::future::{Ready, ready};
use std::time::SystemTime;

use actix_web::dev::Payload;
use actix_web::http::header::{self, Header, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::http::content_coding::ContentCoding;
use crate::problem::{Current, Problem};

/// Which resource an answer shows, and in which version: how its tag begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// The id is in it too: a slug may change hands.
    pub fn of(id: Uuid, version: i32) -> Self {
        let digest = Sha256::digest(id.as_bytes());
        Self(format!("{version}-{}", hex(&digest[..6])))
    }

    /// As it was written down.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A strong tag for a body: what it says, and before it, where one resource is shown, which and in which version. So the tag changes
/// with every byte, and still says which version a client has seen. Each coding has a tag of its own (section 8.8.3.3).
pub fn entity_tag(version: Option<&Version>, body: &[u8], coding: Option<ContentCoding>) -> String {
    let hash = hex(&Sha256::digest(body)[..12]);
    let version = version.map(|Version(version)| format!("{version}-"));
    let coding = coding.map(|coding| format!("-{}", coding.token()));
    format!(
        "\"{}{hash}{}\"",
        version.unwrap_or_default(),
        coding.unwrap_or_default()
    )
}

/// Whether `If-None-Match` names this tag; comparison is weak (section 13.1.2).
pub fn none_match_has(headers: &HeaderMap, tag: &str) -> bool {
    tags(headers, header::IF_NONE_MATCH)
        .iter()
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// Every member of a header that lists entity tags, each with its quotes.
fn tags(headers: &HeaderMap, name: header::HeaderName) -> Vec<String> {
    let mut found = Vec::new();
    for value in headers.get_all(name) {
        let mut rest = value.to_str().unwrap_or_default().trim();
        while !rest.is_empty() {
            // A comma may stand within the quotes, so the list can't just be split at commas.
            let start = rest.find('"').map_or(rest.len(), |at| at + 1);
            let end = rest[start..]
                .find('"')
                .map_or(rest.len(), |at| start + at + 1);
            let (tag, after) = rest.split_at(end);
            found.push(tag.trim_matches([' ', '\t', ',']).to_owned());
            rest = after.trim_start_matches([' ', '\t', ',']);
        }
    }
    found
}

/// What a writing request says must hold.
#[derive(Clone, Debug, Default)]
pub struct Preconditions {
    if_match: Option<Vec<String>>,
    /// Heeded where there is no `If-Match`.
    if_unmodified_since: Option<SystemTime>,
    if_none_match: Vec<String>,
    /// Whether a change has to name the version that it replaces.
    required: bool,
}

/// Whether every change needs an `If-Match` (`--require-if-match`).
#[derive(Clone, Copy, Debug)]
pub struct RequireIfMatch(pub bool);

/// Why a writing request may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreconditionFailure {
    /// Something is here, and not what the request wants.
    VersionMismatch,
    /// Nothing is here.
    NotFound,
    /// The request has to say which version it means.
    Missing,
}

impl PreconditionFailure {
    /// What is answered. `shown` is what is here now, and its version.
    pub fn problem<T: Serialize>(self, shown: Option<(Uuid, i32, &T)>) -> Problem {
        match (self, shown) {
            (Self::Missing, _) => Problem::PreconditionRequired,
            (Self::VersionMismatch, Some((id, version, shown))) => {
                match serde_json::to_vec(shown) {
                    Ok(body) => Problem::Outdated(Current {
                        version,
                        etag: entity_tag(Some(&Version::of(id, version)), &body, None),
                    }),
                    Err(error) => Problem::internal(error),
                }
            }
            _ => Problem::NothingMatches,
        }
    }
}

impl Preconditions {
    /// Checks them against the version that stands now, if anything does, and since when it does. Where `If-Match` is required,
    /// whoever changes what is there has to give an `If-Match`: a date knows nothing finer than a second.
    pub fn check(&self, now: Option<(Version, DateTime<Utc>)>) -> Result<(), PreconditionFailure> {
        let Some((version, since)) = now else {
            return if self.if_match.is_some() {
                Err(PreconditionFailure::NotFound)
            } else {
                Ok(())
            };
        };
        let outdated = match &self.if_match {
            Some(tags) => !tags.iter().any(|tag| matches(tag, &version)),
            None => self
                .if_unmodified_since
                .is_some_and(|date| SystemTime::from(since.trunc_subsecs(0)) > date),
        };
        if outdated || self.if_none_match.iter().any(|tag| is_of(tag, &version)) {
            Err(PreconditionFailure::VersionMismatch)
        } else if self.required && self.if_match.is_none() {
            Err(PreconditionFailure::Missing)
        } else {
            Ok(())
        }
    }
}

/// Whether this has the form of an entity tag (section 8.8.3), or is the star that stands for any.
fn is_tag(text: &str) -> bool {
    let tag = text.strip_prefix("W/").unwrap_or(text);
    text == "*" || (tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"'))
}

/// Whether a tag of ours shows this version. Weak tags never match (section 13.1.1).
fn matches(tag: &str, version: &Version) -> bool {
    !tag.starts_with("W/") && is_of(tag, version)
}

/// Whether a tag, weak or not, shows this version.
fn is_of(tag: &str, version: &Version) -> bool {
    let inner = tag
        .strip_prefix("W/")
        .unwrap_or(tag)
        .strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'));
    let rest = inner.and_then(|inner| inner.strip_prefix(version.as_str()));
    tag == "*" || rest.is_some_and(|rest| rest.len() > 1 && rest.starts_with('-'))
}

impl FromRequest for Preconditions {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let if_match = headers
            .contains_key(header::IF_MATCH)
            .then(|| tags(headers, header::IF_MATCH));
        if if_match
            .as_ref()
            .is_some_and(|tags| tags.is_empty() || !tags.iter().all(|tag| is_tag(tag)))
        {
            return ready(Err(Problem::Malformed(
                "`If-Match` takes entity tags as they came, in their double quotes, or `*`".into(),
            )));
        }
        let date = header::IfUnmodifiedSince::parse(request).ok();
        ready(Ok(Self {
            if_match,
            if_unmodified_since: date.map(|date| SystemTime::from(date.0)),
            if_none_match: tags(headers, header::IF_NONE_MATCH),
            required: request
                .app_data::<Data<RequireIfMatch>>()
                .is_some_and(|setting| setting.0),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use actix_web::http::header::HeaderValue;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for value in values {
            map.append(header::IF_NONE_MATCH, HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn lists_weak_tags_and_stars_are_understood() {
        let tag = "\"3-abc\"";
        for known in [
            "\"3-abc\"",
            "W/\"3-abc\"",
            "*",
            "\"x\", \"3-abc\"",
            "\"a,b\",\"3-abc\"",
            "W/\"x\" , W/\"3-abc\"",
        ] {
            assert!(none_match_has(&headers(&[known]), tag), "{known}");
        }
        assert!(none_match_has(&headers(&["\"x\"", "\"3-abc\""]), tag));
        for other in ["", "\"3-abd\"", "3-abc", "\"x,3-abc\""] {
            assert!(!none_match_has(&headers(&[other]), tag), "{other}");
        }
    }

    #[test]
    fn if_match_compares_versions() {
        let version = |number| Version::of(Uuid::max(), number);
        let at = |number| {
            let since = DateTime::from_timestamp(1_000, 999_000_000).unwrap();
            Some((version(number), since))
        };
        let tag = |number| format!("\"{}-abc\"", version(number).as_str());
        let conditions = |value: &str| Preconditions {
            if_match: Some(tags(
                &{
                    let mut map = HeaderMap::new();
                    map.append(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
                    map
                },
                header::IF_MATCH,
            )),
            ..Preconditions::default()
        };
        assert!(conditions(&tag(3)).check(at(3)).is_ok());
        assert!(
            conditions(&format!("{}, {}", tag(2), tag(3)))
                .check(at(3))
                .is_ok()
        );
        assert!(conditions("*").check(at(3)).is_ok());
        assert!(conditions("*").check(None).is_err());
        assert!(conditions(&tag(2)).check(at(3)).is_err());
        assert!(conditions(&format!("W/{}", tag(3))).check(at(3)).is_err());
        assert!(conditions("").check(at(3)).is_err());
        // Of something else, or cut short.
        let other = format!("\"{}-abc\"", Version::of(Uuid::nil(), 3).as_str());
        let cut = format!("\"{}\"", version(3).as_str());
        for wrong in [other.as_str(), &cut, "\"3-abc\""] {
            assert_eq!(
                conditions(wrong).check(at(3)),
                Err(PreconditionFailure::VersionMismatch),
                "{wrong}"
            );
        }
        let required = |conditions| Preconditions {
            required: true,
            ..conditions
        };
        let none = Preconditions::default();
        assert_eq!(
            required(none.clone()).check(at(3)),
            Err(PreconditionFailure::Missing)
        );
        assert!(required(none.clone()).check(None).is_ok() && none.check(at(3)).is_ok());
        assert!(required(conditions("*")).check(at(3)).is_ok());
        let dated = |seconds| Preconditions {
            if_unmodified_since: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)),
            ..Preconditions::default()
        };
        assert!(dated(1_000).check(at(3)).is_ok() && dated(999).check(None).is_ok());
        assert_eq!(
            dated(999).check(at(3)),
            Err(PreconditionFailure::VersionMismatch)
        );
        assert_eq!(
            required(dated(1_000)).check(at(3)),
            Err(PreconditionFailure::Missing)
        );
        for tag in ["*", "\"\"", "W/\"a\"", "\"3-abc\""] {
            assert!(is_tag(tag), "{tag}");
        }
        for text in ["", "\"", "3-abc", "W/", "\"3-abc", "w/\"a\""] {
            assert!(!is_tag(text), "{text}");
        }
    }
}
