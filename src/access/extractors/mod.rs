//! Extractors whose presence among a handler's arguments proves a right.

mod authentication;

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use crate::access::actor::Actor;
use crate::access::caller::{Caller, Scope};
use crate::problem::Problem;
use authentication::missing;
pub use authentication::{caller, key_prefix, known_caller};

/// Any caller, with a key or without.
#[derive(Debug)]
pub struct Reader(Option<Arc<Caller>>);

impl Reader {
    /// Whether the reader has a key with this scope.
    pub fn has(&self, scope: Scope) -> bool {
        self.0.as_ref().is_some_and(|caller| caller.has(scope))
    }

    pub fn is_anonymous(&self) -> bool {
        self.0.is_none()
    }
}

/// A caller with the scope `write`.
#[derive(Debug)]
pub struct Editor(Actor);

impl Editor {
    /// Refuses an editor without the scope `publish`.
    pub fn may_publish(&self) -> Result<(), Problem> {
        if self.0.caller.has(Scope::Publish) {
            Ok(())
        } else {
            Err(Problem::Forbidden(Scope::Publish.as_str()))
        }
    }

    pub fn actor(&self) -> &Actor {
        &self.0
    }
}

/// A caller with the scope `admin`.
#[derive(Debug)]
pub struct Admin(Actor);

impl Admin {
    pub fn actor(&self) -> &Actor {
        &self.0
    }
}

/// A caller with a valid key or JWT, whatever its scopes.
#[derive(Debug)]
pub struct Authenticated(Arc<Caller>);

impl Authenticated {
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
        async move { actor_with(Scope::Write, &request).await.map(Self) }.boxed_local()
    }
}

impl FromRequest for Admin {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { actor_with(Scope::Admin, &request).await.map(Self) }.boxed_local()
    }
}

impl FromRequest for Authenticated {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        async move { authenticated(&request).await.map(Self) }.boxed_local()
    }
}

async fn actor_with(scope: Scope, request: &HttpRequest) -> Result<Actor, Problem> {
    let caller = authenticated(request).await?;
    if caller.has(scope) {
        Ok(Actor::new(caller, request))
    } else {
        Err(Problem::Forbidden(scope.as_str()))
    }
}

async fn authenticated(request: &HttpRequest) -> Result<Arc<Caller>, Problem> {
    let caller = caller(request).await?;
    caller.ok_or_else(|| Problem::Unauthorized(missing(request)))
}
