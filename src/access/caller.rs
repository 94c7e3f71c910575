//! Authenticated callers and their scopes.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

crate::text_enum! {
    /// A scope of a key.
    Scope {
        /// Read drafts and withdrawn content.
        Read = "read",
        /// Read scheduled content before its time, for partners under embargo.
        Early = "early",
        /// Create, change and delete drafts and categories.
        Write = "write",
        /// In addition to `write`: create, change and delete public content.
        Publish = "publish",
        /// Everything.
        Admin = "admin",
    }
}

impl Scope {
    /// The scopes among these words.
    pub fn among<S: AsRef<str>>(words: &[S]) -> Vec<Self> {
        let is_named = |scope: &Self| words.iter().any(|word| word.as_ref() == scope.as_str());
        Self::ALL.iter().copied().filter(is_named).collect()
    }
}

/// The sender of a request with a valid key or JWT.
#[derive(Clone, Debug)]
pub struct Caller {
    /// None with a JWT.
    pub key_id: Option<Uuid>,
    /// The name of the key, or the subject of the JWT.
    pub name: String,
    pub scopes: Vec<String>,
    /// The end of the key's or JWT's validity.
    pub expires_at: Option<DateTime<Utc>>,
    /// With a JWT: `issuer|subject`, which is unique across issuers and never reassigned.
    pub subject: Option<String>,
}

impl Caller {
    /// Whether the caller has this scope; `admin` includes all.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes
            .iter()
            .any(|own| own == scope.as_str() || own == Scope::Admin.as_str())
    }

    /// A unique name of the caller's account: the key, or the subject of the JWT.
    pub fn account(&self) -> String {
        match &self.subject {
            Some(subject) => format!(
                "jwt:{}",
                BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(subject))
            ),
            None => self.key_id.unwrap_or_default().to_string(),
        }
    }
}
