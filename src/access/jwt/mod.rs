//! Keys of somebody else's making: JWTs (RFC 7519) of an identity provider that the settings name.

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
pub use settings::{Settings, Trust};

/// The longest JWT that is looked at, in bytes.
const LONGEST: usize = 8 * 1024;
/// How far two clocks may be apart, in seconds: so much longer is a token taken, or so much sooner.
const LEEWAY: u64 = 5;
/// The longest name, of a subject or of a key, in characters: what OpenID Connect allows (Core 1.0, section 2).
const LONGEST_NAME: usize = 255;
/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// Whom a JWT speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub issuer: String,
    pub subject: String,
    /// The scopes as the token has them, whether they mean something here or not.
    pub words: Vec<String>,
    pub expires_at: DateTime<Utc>,
}

/// What has the form of a JWT, and could be good.
#[derive(Debug)]
pub struct Jwt<'a> {
    token: &'a str,
    kid: String,
    algorithm: Algorithm,
}

impl<'a> Jwt<'a> {
    /// Reads its head.
    pub fn read(token: &'a str) -> Option<Self> {
        if token.len() > LONGEST {
            return None;
        }
        // Of what a token says of itself, only the name of its key is heeded, and its algorithm where it is that key's. What
        // else might name a key (`jku`, `jwk`, `x5u`, `x5c`) is left alone; what it declares critical nobody here understands.
        let header = decode_header(token).ok();
        let header = header.filter(|header| header.crit.is_none())?;
        Some(Self {
            token,
            kid: header.kid.filter(|kid| kid.len() <= LONGEST_NAME)?,
            algorithm: header.alg,
        })
    }
}

/// The provider's keys are not known, or were asked for too long ago, and can't be had.
#[derive(Debug)]
pub struct Unreachable;

/// The provider whose JWTs are taken. All workers share it.
pub struct IdentityProvider {
    trust: Trust,
    keys: Arc<KeySet>,
}

impl IdentityProvider {
    /// The one that the settings name, if they do.
    ///
    /// # Errors
    /// Where the settings don't go together, or name a file that has no keys.
    pub fn from_settings(settings: &Settings) -> Result<Option<Arc<Self>>, String> {
        let Some(trust) = settings.trust()? else {
            return Ok(None);
        };
        signature::install();
        let keys = KeySet::new(trust.source.clone(), trust.max_age)?;
        Ok(Some(Arc::new(Self { trust, keys })))
    }

    /// Asks for the keys before somebody waits for them. To be called in a running system.
    pub fn warm_up(&self) {
        self.keys.refresh_beside();
    }

    /// Whom this token speaks for; none where it is not good, for whatever reason.
    ///
    /// # Errors
    /// Where that can't be known: the provider's keys are not to be had.
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
                // Not its own words: they may quote the token.
                log::debug!("a JWT was refused: {}", reason(error.kind()));
                Ok(None)
            }
        }
    }

    fn identity(&self, claims: &Value) -> Option<Identity> {
        let subject = claims["sub"].as_str()?;
        // A list of issuers, which the library takes, is no issuer (RFC 7519, section 4.1.1).
        let issuer = claims["iss"]
            .as_str()
            .filter(|it| *it == self.trust.issuer)?;
        if !is_line(subject, LONGEST_NAME) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "what is too large becomes the largest, and is cut to the year 9999"
        )]
        let exp = (claims["exp"].as_f64()? as i64).min(LAST_SECOND);
        Some(Identity {
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            words: words(claim(claims, &self.trust.scopes_claim)),
            expires_at: DateTime::from_timestamp(exp, 0)?,
        })
    }
}

/// The claim of this name; else, where the name has points, what it leads to. Names may be addresses, which have points too,
/// so the longest part that is a name goes first.
fn claim<'a>(claims: &'a Value, name: &str) -> Option<&'a Value> {
    let claims = claims.as_object()?;
    claims.get(name).or_else(|| {
        name.rmatch_indices('.')
            .find_map(|(at, _)| claim(claims.get(&name[..at])?, &name[at + 1..]))
    })
}

/// Scopes as they are written: a list, or one string with spaces between (RFC 8693, section 4.2).
fn words(claim: Option<&Value>) -> Vec<String> {
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
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::InvalidAlgorithm => "its algorithm is not its key's",
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not good yet",
        ErrorKind::InvalidIssuer => "it is of another issuer",
        ErrorKind::InvalidAudience => "it is for another audience",
        ErrorKind::MissingRequiredClaim(_) => "it lacks one of `exp`, `iss`, `aud`, `sub`",
        _ => "it can't be read",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scopes_are_found_by_name_by_path_and_by_address() {
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
                words(claim(&claims, name)),
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
            assert!(words(claim(&claims, "scope")).is_empty());
        }
    }
}
