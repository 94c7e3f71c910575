//! Conditional requests (RFC 9110, section 13): entity tags, `If-None-Match` of reads, preconditions of writes.

use std::future::{Ready, ready};
use std::time::SystemTime;

use actix_web::dev::Payload;
use actix_web::http::header::{self, Header, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use chrono::{DateTime, SubsecRound, Utc};
use serde::Serialize;
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_128;

use crate::http::content_coding::ContentCoding;
use crate::http::messages;
use crate::problem::{Current, Problem};

/// A resource and its version: the beginning of the entity tag of an answer that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// Includes the id, as a slug may move to another resource.
    pub fn of(id: Uuid, version: i32) -> Self {
        let hash = xxh3_128(id.as_bytes()) >> 80;
        Self(format!("{version}-{hash:012x}"))
    }

    /// A version as it was stored.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A strong entity tag: the hash of the body and, before it, the version of the resource that the body shows. So the tag
/// changes with every byte, and still tells which version a client has seen. It differs between content codings (section
/// 8.8.3.3).
pub fn entity_tag(version: Option<&Version>, body: &[u8], coding: Option<ContentCoding>) -> String {
    let hash = xxh3_128(body);
    let version = version.map(|Version(version)| format!("{version}-"));
    let coding = coding.map(|coding| format!("-{}", coding.token()));
    format!(
        "\"{}{hash:032x}{}\"",
        version.unwrap_or_default(),
        coding.unwrap_or_default()
    )
}

/// Whether `If-None-Match` names this tag, by weak comparison (section 13.1.2).
pub fn none_match_has(headers: &HeaderMap, tag: &str) -> bool {
    parse_tags(headers, header::IF_NONE_MATCH)
        .iter()
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// The members of a header that lists entity tags, with their quotes.
fn parse_tags(headers: &HeaderMap, name: header::HeaderName) -> Vec<String> {
    let mut found = Vec::new();
    for value in headers.get_all(name) {
        let mut rest = value.to_str().unwrap_or_default().trim();
        while !rest.is_empty() {
            // Not split at commas: quotes may contain them.
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

/// The preconditions of a write.
#[derive(Clone, Debug, Default)]
pub struct Preconditions {
    if_match: Option<Vec<String>>,
    /// Ignored if there is an `If-Match`.
    if_unmodified_since: Option<SystemTime>,
    if_none_match: Vec<String>,
    /// Whether a change needs an `If-Match`.
    required: bool,
}

/// The setting `--require-if-match`.
#[derive(Clone, Copy, Debug)]
pub struct RequireIfMatch(pub bool);

/// A precondition that doesn't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreconditionFailure {
    /// The resource has another version than the request names.
    VersionMismatch,
    /// The request names a version, and there is no resource.
    NotFound,
    /// `If-Match` is required and missing.
    Missing,
}

impl PreconditionFailure {
    /// The problem to answer with. `current` is the resource as it is now: its id, version and body.
    pub fn problem<T: Serialize>(self, current: Option<(Uuid, i32, &T)>) -> Problem {
        match (self, current) {
            (Self::Missing, _) => Problem::PreconditionRequired,
            (Self::VersionMismatch, Some((id, version, body))) => match serde_json::to_vec(body) {
                Ok(body) => Problem::Outdated(Current {
                    version,
                    etag: entity_tag(Some(&Version::of(id, version)), &body, None),
                }),
                Err(error) => Problem::internal(error),
            },
            _ => Problem::NothingMatches,
        }
    }
}

impl Preconditions {
    /// Checks against the current version and the time of its last change; none where there is no resource. A date satisfies
    /// no required `If-Match`, as it is no finer than a second.
    ///
    /// # Errors
    /// With the precondition that doesn't hold.
    pub fn check(
        &self,
        current: Option<(Version, DateTime<Utc>)>,
    ) -> Result<(), PreconditionFailure> {
        let Some((version, changed_at)) = current else {
            return if self.if_match.is_some() {
                Err(PreconditionFailure::NotFound)
            } else {
                Ok(())
            };
        };
        let is_mismatch = match &self.if_match {
            Some(tags) => !tags.iter().any(|tag| matches(tag, &version)),
            None => self
                .if_unmodified_since
                .is_some_and(|date| SystemTime::from(changed_at.trunc_subsecs(0)) > date),
        };
        if is_mismatch
            || self
                .if_none_match
                .iter()
                .any(|tag| matches_weakly(tag, &version))
        {
            Err(PreconditionFailure::VersionMismatch)
        } else if self.required && self.if_match.is_none() {
            Err(PreconditionFailure::Missing)
        } else {
            Ok(())
        }
    }
}

/// Whether this is an entity tag (section 8.8.3), or the `*` that matches any.
fn is_tag(text: &str) -> bool {
    let tag = text.strip_prefix("W/").unwrap_or(text);
    text == "*" || (tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"'))
}

/// Strong comparison of a tag with a version: weak tags never match (section 13.1.1).
fn matches(tag: &str, version: &Version) -> bool {
    !tag.starts_with("W/") && matches_weakly(tag, version)
}

/// Weak comparison of a tag with a version.
fn matches_weakly(tag: &str, version: &Version) -> bool {
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
            .then(|| parse_tags(headers, header::IF_MATCH));
        if if_match
            .as_ref()
            .is_some_and(|tags| tags.is_empty() || !tags.iter().all(|tag| is_tag(tag)))
        {
            return ready(Err(Problem::Malformed(messages::if_match_tags())));
        }
        let date = header::IfUnmodifiedSince::parse(request).ok();
        ready(Ok(Self {
            if_match,
            if_unmodified_since: date.map(|date| SystemTime::from(date.0)),
            if_none_match: parse_tags(headers, header::IF_NONE_MATCH),
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
    fn if_none_match_takes_lists_weak_tags_and_stars() {
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
            if_match: Some(parse_tags(
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
        // Another resource's tag, and a tag without its hash.
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
