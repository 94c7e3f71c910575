//! Who is asking: extractors whose presence among a handler's arguments proves a right.

use std::sync::Arc;

use actix_web::HttpMessage;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use super::{ApiKey, Scope, Token};
use crate::problem::Problem;
use crate::server::AppState;
use crate::status::{Sight, Status};

/// Whoever sent a request with a key that is good.
#[derive(Clone, Debug)]
pub struct Caller {
    pub key_id: Option<Uuid>,
    /// What the key is called.
    pub name: String,
    pub scopes: Vec<String>,
}

impl Caller {
    /// Whether they have this scope; `admin` has all.
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes
            .iter()
            .any(|own| own == scope.word() || own == Scope::Admin.word())
    }
}

impl From<ApiKey> for Caller {
    fn from(key: ApiKey) -> Self {
        Self {
            key_id: Some(key.id),
            name: key.name,
            scopes: key.scopes,
        }
    }
}

/// Anybody, with a key or without.
#[derive(Debug)]
pub struct Reader(Option<Arc<Caller>>);

impl Reader {
    /// How much this reader sees. Whoever may change drafts sees them.
    pub fn sight(&self) -> Sight {
        let has = |scope| self.0.as_ref().is_some_and(|key| key.has(scope));
        if has(Scope::Read) || has(Scope::Write) || has(Scope::Publish) {
            Sight::Everything
        } else if has(Scope::Early) {
            Sight::Early
        } else {
            Sight::Public
        }
    }

    /// Whether this reader may also write, and so may send back what was read.
    pub fn may_write(&self) -> bool {
        self.0.as_ref().is_some_and(|key| key.has(Scope::Write))
    }

    /// Whether this reader may ask for content by its status, and by this one.
    pub fn may_filter(&self, status: Status) -> Result<(), Problem> {
        match (self.sight(), status) {
            (Sight::Everything, _) | (Sight::Early, Status::Published | Status::Scheduled) => {
                Ok(())
            }
            (Sight::Public, _) if self.0.is_none() => {
                Err(Problem::Unauthorized("to ask by status needs a key"))
            }
            _ => Err(Problem::Forbidden(Scope::Read.word())),
        }
    }
}

/// Somebody who may write.
#[derive(Debug)]
pub struct Editor(Arc<Caller>);

impl Editor {
    /// Refuses what needs the scope `publish` to whoever has not got it.
    pub fn may_publish(&self) -> Result<(), Problem> {
        if self.0.has(Scope::Publish) {
            Ok(())
        } else {
            Err(Problem::Forbidden(Scope::Publish.word()))
        }
    }

    /// Who it is, for the log of changes.
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
        async move {
            let caller = caller(&request)
                .await?
                .ok_or(Problem::Unauthorized("this needs a key"))?;
            if caller.has(Scope::Write) {
                Ok(Self(caller))
            } else {
                Err(Problem::Forbidden(Scope::Write.word()))
            }
        }
        .boxed_local()
    }
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
    let known = request.extensions().get::<Known>().cloned();
    if let Some(Known(caller)) = known {
        return Ok(caller);
    }
    let app = request
        .app_data::<Data<AppState>>()
        .expect("every worker has its state");
    let ask = async { Ok(key(request).await?.map(Caller::from)) };
    let caller = app.limits.prove(request, ask).await?.map(Arc::new);
    request.extensions_mut().insert(Known(caller.clone()));
    Ok(caller)
}

async fn key(request: &HttpRequest) -> Result<Option<ApiKey>, Problem> {
    const WRONG: Problem =
        Problem::Unauthorized("this is not a key of this server, or it was revoked");
    let mut given = request.headers().get_all(header::AUTHORIZATION);
    let Some(credentials) = given.next() else {
        return Ok(None);
    };
    let token = credentials
        .to_str()
        .ok()
        .and_then(|credentials| credentials.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, token)| Token::read(token.trim_matches(' ')));
    let (Some(token), None) = (token, given.next()) else {
        return Err(WRONG);
    };
    let app = request
        .app_data::<Data<AppState>>()
        .expect("every worker has its state");
    let mut conn = app.connection().await?;
    ApiKey::of(&mut conn, &token).await?.map(Some).ok_or(WRONG)
}
