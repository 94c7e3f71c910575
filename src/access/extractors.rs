//! Who is asking: extractors whose presence among a handler's arguments proves a right.

use std::sync::Arc;

use actix_web::HttpMessage;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::access::api_keys::model::known;
use crate::access::api_keys::{ApiKey, Scope, Token};
use crate::access::audit::By;
use crate::access::jwt::{Identity, IdentityProvider, Jwt, Unreachable};
use crate::access::rate_limit::Limits;
use crate::db::Database;
use crate::news::content::visibility::{Status, Visibility};
use crate::problem::{INVALID_KEY, Problem};

/// Whoever sent a request with a key that is good.
#[derive(Clone, Debug)]
pub struct Caller {
    /// None with a JWT.
    pub key_id: Option<Uuid>,
    /// What the key is called; of a JWT, its subject.
    pub name: String,
    pub scopes: Vec<String>,
    /// From when on the key or the JWT is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whom a JWT's issuer vouches for: `issuer|subject`, which is somebody else at no time and at no other issuer.
    pub subject: Option<String>,
}

impl Caller {
    /// Whether they have this scope; `admin` has all.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes
            .iter()
            .any(|own| own == scope.as_str() || own == Scope::Admin.as_str())
    }
}

impl Caller {
    /// Whose requests these are, told from everybody else's.
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

impl From<ApiKey> for Caller {
    fn from(key: ApiKey) -> Self {
        Self {
            key_id: Some(key.id),
            name: key.name,
            scopes: key.scopes,
            expires_at: key.expires_at,
            subject: None,
        }
    }
}

impl From<Identity> for Caller {
    fn from(identity: Identity) -> Self {
        let scopes = known(&identity.scopes);
        Self {
            key_id: None,
            scopes: scopes
                .iter()
                .map(|scope| scope.as_str().to_owned())
                .collect(),
            expires_at: Some(identity.expires_at),
            subject: Some(format!("{}|{}", identity.issuer, identity.subject)),
            name: identity.subject,
        }
    }
}

/// Anybody, with a key or without.
#[derive(Debug)]
pub struct Reader(Option<Arc<Caller>>);

impl Reader {
    /// How much this reader sees. Whoever may change drafts sees them.
    pub fn visibility(&self) -> Visibility {
        let has = |scope| self.0.as_ref().is_some_and(|key| key.has(scope));
        if has(Scope::Read) || has(Scope::Write) || has(Scope::Publish) {
            Visibility::Everything
        } else if has(Scope::Early) {
            Visibility::Early
        } else {
            Visibility::Public
        }
    }

    /// Whether this reader may also write, and so may send back what was read.
    pub fn may_write(&self) -> bool {
        self.0.as_ref().is_some_and(|key| key.has(Scope::Write))
    }

    /// Whether this reader may ask for content by its status, and by this one.
    pub fn may_filter(&self, status: Status) -> Result<(), Problem> {
        match (self.visibility(), status) {
            (Visibility::Everything, _)
            | (Visibility::Early, Status::Published | Status::Scheduled) => Ok(()),
            (Visibility::Public, _) if self.0.is_none() => {
                Err(Problem::Unauthorized("to ask by status needs a key"))
            }
            _ => Err(Problem::Forbidden(Scope::Read.as_str())),
        }
    }
}

/// Somebody who may write.
#[derive(Debug)]
pub struct Editor(By);

impl Editor {
    /// Refuses what needs the scope `publish` to whoever has not got it.
    pub fn may_publish(&self) -> Result<(), Problem> {
        if self.0.caller.has(Scope::Publish) {
            Ok(())
        } else {
            Err(Problem::Forbidden(Scope::Publish.as_str()))
        }
    }

    /// Who it is, for the log of changes.
    pub fn by(&self) -> &By {
        &self.0
    }
}

/// Somebody who may do everything.
#[derive(Debug)]
pub struct Admin(By);

impl Admin {
    /// Who it is, for the log of changes.
    pub fn by(&self) -> &By {
        &self.0
    }
}

/// Somebody with a key, whatever it allows.
#[derive(Debug)]
pub struct Authenticated(Arc<Caller>);

impl Authenticated {
    /// Who it is.
    pub fn caller(&self) -> &Caller {
        &self.0
    }
}

impl FromRequest for Reader {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { caller(&request).await.map(Self) }.boxed_local()
    }
}

impl FromRequest for Editor {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { who_has(&request, Scope::Write).await.map(Self) }.boxed_local()
    }
}

impl FromRequest for Admin {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { who_has(&request, Scope::Admin).await.map(Self) }.boxed_local()
    }
}

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { holder(&request).await.map(Self) }.boxed_local()
    }
}

/// Whoever sent the request, if they have this scope.
async fn who_has(request: &HttpRequest, scope: Scope) -> Result<By, Problem> {
    let caller = holder(request).await?;
    if caller.has(scope) {
        Ok(By::new(caller, request))
    } else {
        Err(Problem::Forbidden(scope.as_str()))
    }
}

async fn holder(request: &HttpRequest) -> Result<Arc<Caller>, Problem> {
    caller(request)
        .await?
        .ok_or(Problem::Unauthorized("this needs a key"))
}

/// What was found out about a request's key, so that it is asked once, by whoever needs it first.
#[derive(Clone)]
struct Known(Option<Arc<Caller>>);

/// Who sent the request; none where it has no key. The connection goes back before the handler begins.
///
/// # Errors
/// Where the request has a key that is not good, or more than one, or too many that are not good came from its address,
/// or the database can't be asked.
pub async fn caller(request: &HttpRequest) -> Result<Option<Arc<Caller>>, Problem> {
    if let Some(Known(caller)) = known_of(request) {
        return Ok(caller);
    }
    let limits = request
        .app_data::<Data<Limits>>()
        .expect("every worker has its limits");
    let caller = if request.headers().contains_key(header::AUTHORIZATION) {
        let Some(credentials) = Credentials::read(request) else {
            limits.count_malformed(request)?;
            return Err(WRONG);
        };
        let found = limits
            .authenticate(request, credentials.find(request))
            .await?;
        Some(Arc::new(found))
    } else {
        None
    };
    request.extensions_mut().insert(Known(caller.clone()));
    Ok(caller)
}

fn known_of(request: &HttpRequest) -> Option<Known> {
    request.extensions().get().cloned()
}

/// Who is known to have sent the request: none where nobody wanted to know.
pub fn known_caller(request: &HttpRequest) -> Option<Arc<Caller>> {
    known_of(request)?.0
}

const WRONG: Problem = Problem::Unauthorized(INVALID_KEY);

/// What could be a key: whether it is one, only the database or a provider's signature says.
enum Credentials<'a> {
    Key(Token),
    Jwt(Jwt<'a>, &'a IdentityProvider),
}

impl<'a> Credentials<'a> {
    /// Reads the one `Authorization: Bearer …` of a request; none where what it has there could not be a key.
    fn read(request: &'a HttpRequest) -> Option<Self> {
        let mut given = request.headers().get_all(header::AUTHORIZATION);
        let (Some(credentials), None) = (given.next(), given.next()) else {
            return None;
        };
        let (scheme, credentials) = credentials.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let credentials = credentials.trim_matches(' ');
        if let Some(token) = Token::read(credentials) {
            return Some(Self::Key(token));
        }
        let provider = request.app_data::<Data<IdentityProvider>>()?;
        Some(Self::Jwt(Jwt::read(credentials)?, provider))
    }

    /// Whose they are.
    async fn find(self, request: &HttpRequest) -> Result<Caller, Problem> {
        match self {
            Self::Key(token) => {
                let db = request
                    .app_data::<Data<Database>>()
                    .expect("every worker has its database");
                let mut conn = db.connection_for_credentials().await?;
                let key = ApiKey::of(&mut conn, &token).await?;
                Ok(key.ok_or(WRONG)?.into())
            }
            Self::Jwt(jwt, provider) => match provider.verify(&jwt).await {
                Ok(identity) => Ok(identity.ok_or(WRONG)?.into()),
                Err(Unreachable) => Err(Problem::NoIdentityProvider),
            },
        }
    }
}
