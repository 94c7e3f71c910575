//! JWTs (RFC 7519) of a configured identity provider, accepted in place of API keys.

mod key_set;
mod settings;
mod signature;
mod source;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::Value;

use crate::http::values::is_line;
use key_set::KeySet;
pub use settings::{IdentityProviderSettings, Trust};

/// The longest JWT that is accepted, in bytes.
const MAX_LENGTH: usize = 8 * 1024;
/// The clock skew that is tolerated, in seconds.
const LEEWAY: u64 = 5;
/// The longest subject or key id, in characters: what OpenID Connect allows (Core 1.0, section 2).
const MAX_NAME: usize = 255;
/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// The verified claims of a JWT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    /// The scopes of the token, including those that are unknown here.
    pub scopes: Vec<String>,
    pub expires_at: DateTime<Utc>,
}

/// A well-formed JWT, not verified yet.
#[derive(Debug)]
pub struct Jwt<'a> {
    token: &'a str,
    kid: String,
    algorithm: Algorithm,
}

impl<'a> Jwt<'a> {
    /// Parses the header.
    pub fn read(token: &'a str) -> Option<Self> {
        if token.len() > MAX_LENGTH {
            return None;
        }
        // Only the key id and the algorithm are used, and the algorithm has to be the key's. Other references to keys (`jku`,
        // `jwk`, `x5u`, `x5c`) are ignored, and critical extensions are not supported.
        let header = decode_header(token).ok();
        let header = header.filter(|header| header.crit.is_none())?;
        Some(Self {
            token,
            kid: header.kid.filter(|kid| kid.len() <= MAX_NAME)?,
            algorithm: header.alg,
        })
    }
}

/// The provider's keys are missing or outdated, and can't be fetched.
#[derive(Debug)]
pub struct Unreachable;

/// The trusted identity provider, shared by all workers.
pub struct IdentityProvider {
    trust: Trust,
    keys: Arc<KeySet>,
}

impl IdentityProvider {
    /// The configured provider, if there is one.
    ///
    /// # Errors
    /// Where the settings contradict each other, or name a file without keys.
    pub fn from_settings(settings: &IdentityProviderSettings) -> Result<Option<Arc<Self>>, String> {
        let Some(trust) = settings.trust()? else {
            return Ok(None);
        };
        signature::install();
        let keys = KeySet::new(trust.source.clone(), trust.max_age)?;
        Ok(Some(Arc::new(Self { trust, keys })))
    }

    /// Fetches the keys before the first request needs them. To be called within the runtime.
    pub fn warm_up(&self) {
        self.keys.refresh_in_background();
    }

    /// Verifies a token; none where it is invalid, for whatever reason.
    ///
    /// # Errors
    /// Where the provider's keys can't be fetched.
    pub async fn verify(&self, jwt: &Jwt<'_>) -> Result<Option<Identity>, Unreachable> {
        let Some(key) = self.keys.find(&jwt.kid, jwt.algorithm).await? else {
            return Ok(None);
        };
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&self.trust.issuer]);
        validation.set_audience(&[&self.trust.audience]);
        match decode::<Value>(jwt.token, &key.key, &validation) {
            Ok(token) => Ok(self.identity(&token.claims)),
            Err(error) => {
                // Not the error's own text, which may quote the token.
                log::debug!("a JWT was refused: {}", reason(error.kind()));
                Ok(None)
            }
        }
    }

    fn identity(&self, claims: &Value) -> Option<Identity> {
        let subject = claims["sub"].as_str()?;
        // The library accepts a list of issuers; the RFC does not (RFC 7519, section 4.1.1).
        let issuer = claims["iss"]
            .as_str()
            .filter(|it| *it == self.trust.issuer)?;
        if !is_line(subject, MAX_NAME) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the cast saturates, and the result is limited to the year 9999"
        )]
        let exp = (claims["exp"].as_f64()? as i64).min(LAST_SECOND);
        Some(Identity {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            scopes: scopes(claim(claims, &self.trust.scopes_claim)),
            expires_at: DateTime::from_timestamp(exp, 0)?,
        })
    }
}

/// The claim of this name or, if there is none, the nested claim that a name with points leads to. Names may be URLs, which
/// contain points, too, so the longest part that is a claim's name goes first.
fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    let claims = claims.as_object()?;
    claims.get(name).or_else(|| {
        name.rmatch_indices('.')
            .find_map(|(at, _)| claim(claims.get(&name[..at])?, &name[at + 1..]))
    })
}

/// Scopes: a list, or one string separated by spaces (RFC 8693, section 4.2).
fn scopes(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => Vec::new(),
    }
}

fn reason(error: &ErrorKind) -> &'static str {
    match error {
        ErrorKind::InvalidSignature => "its signature is invalid",
        ErrorKind::InvalidAlgorithm => "its algorithm differs from its key's",
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidIssuer => "it has another issuer",
        ErrorKind::InvalidAudience => "it is for another audience",
        ErrorKind::MissingRequiredClaim(_) => "it lacks one of `exp`, `iss`, `aud`, `sub`",
        _ => "it is malformed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scopes_are_found_by_name_path_and_url() {
        for (claims, name) in [
            (json!({"scope": "read  write x"}), "scope"),
            (json!({"scp": ["read", "write", 1, "x"]}), "scp"),
            (
                json!({"realm": {"access": {"roles": ["read", "write", "x"]}}}),
                "realm.access.roles",
            ),
            (
                json!({"https://news.example/scopes": "read write x"}),
                "https://news.example/scopes",
            ),
            (
                json!({"https://news.example/claims": {"scopes": "read write x"}}),
                "https://news.example/claims.scopes",
            ),
            (json!({"a.b": {"c": "read write x"}}), "a.b.c"),
        ] {
            assert_eq!(
                scopes(claim(&claims, name)),
                ["read", "write", "x"],
                "{name}"
            );
        }
        for claims in [
            json!({}),
            json!({"scope": null}),
            json!({"scope": {"read": true}}),
            json!({"scope": 1}),
            json!([]),
        ] {
            assert!(scopes(claim(&claims, "scope")).is_empty());
        }
    }
}
