//! Authentication of a request, once: by an API key or by a JWT, in `Authorization: Bearer …`.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};

use crate::access::caller::{Caller, Scope};
use crate::access::credentials::{Token, find_caller};
use crate::access::jwt::{Identity, IdentityProvider, Jwt, Unreachable};
use crate::access::rate_limit::Limits;
use crate::db::Database;
use crate::problem::{Problem, Unauthenticated};

const INVALID: Problem = Problem::Unauthorized(Unauthenticated::Invalid);

/// The caller of a request that was authenticated already; stored in the request's extensions.
#[derive(Clone)]
struct Known(Option<Arc<Caller>>);

/// The caller of a request; none if it has no credentials. The database connection is given back before the handler runs.
///
/// # Errors
/// If the credentials are invalid or given twice, if too many invalid ones came from the same address, or if the database or
/// the identity provider is unavailable.
pub async fn caller(request: &HttpRequest) -> Result<Option<Arc<Caller>>, Problem> {
    if let Some(Known(caller)) = known(request) {
        return Ok(caller);
    }
    let limits = request
        .app_data::<Data<Limits>>()
        .expect("every worker has its limits");
    let caller = if request.headers().contains_key(header::AUTHORIZATION) {
        let credentials = match Credentials::parse(request) {
            Ok(credentials) => credentials,
            Err(why) => {
                limits.count_malformed(request)?;
                return Err(Problem::Unauthorized(why));
            }
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

/// The caller of a request that was authenticated already.
pub fn known_caller(request: &HttpRequest) -> Option<Arc<Caller>> {
    known(request)?.0
}

/// The prefix of the API key that a request has sent, whether it is valid or not.
pub fn key_prefix(request: &HttpRequest) -> Option<String> {
    match Credentials::parse(request) {
        Ok(Credentials::Key(token)) => Some(token.prefix().to_owned()),
        _ => None,
    }
}

/// Why a request without `Authorization` has no caller.
pub fn missing(request: &HttpRequest) -> Unauthenticated {
    match request.headers().contains_key("x-api-key") {
        true => Unauthenticated::OtherHeader,
        false => Unauthenticated::Missing,
    }
}

fn known(request: &HttpRequest) -> Option<Known> {
    request.extensions().get().cloned()
}

/// Well-formed credentials, which are not verified yet.
enum Credentials<'a> {
    Key(Token),
    Jwt(Jwt<'a>, &'a IdentityProvider),
}

impl<'a> Credentials<'a> {
    /// Parses the only `Authorization: Bearer …` of a request.
    fn parse(request: &'a HttpRequest) -> Result<Self, Unauthenticated> {
        let mut given = request.headers().get_all(header::AUTHORIZATION);
        let (Some(value), None) = (given.next(), given.next()) else {
            return Err(Unauthenticated::Several);
        };
        let value = value.to_str().map_err(|_| Unauthenticated::Invalid)?;
        let (scheme, credentials) = value.split_once(' ').unwrap_or((value, ""));
        let credentials = credentials.trim_matches(' ');
        let token = Token::parse(credentials);
        if !scheme.eq_ignore_ascii_case("bearer") {
            let is_key = token.is_some() || scheme.starts_with(Token::START);
            return Err(match is_key {
                true => Unauthenticated::WithoutBearer,
                false => Unauthenticated::OtherScheme,
            });
        }
        if let Some(token) = token {
            return Ok(Self::Key(token));
        }
        let provider = request.app_data::<Data<IdentityProvider>>();
        let jwt = provider.and_then(|provider| Some(Self::Jwt(Jwt::read(credentials)?, provider)));
        jwt.ok_or(Unauthenticated::Invalid)
    }

    /// The caller that they belong to.
    async fn find(self, request: &HttpRequest) -> Result<Caller, Problem> {
        match self {
            Self::Key(token) => {
                let db = request
                    .app_data::<Data<Database>>()
                    .expect("every worker has its database");
                let mut conn = db.unshared_connection().await?;
                find_caller(&mut conn, &token).await?.ok_or(INVALID)
            }
            Self::Jwt(jwt, provider) => match provider.verify(&jwt).await {
                Ok(identity) => Ok(identity.ok_or(INVALID)?.into()),
                Err(Unreachable) => Err(Problem::NoIdentityProvider),
            },
        }
    }
}

impl From<Identity> for Caller {
    fn from(identity: Identity) -> Self {
        let scopes = Scope::among(&identity.scopes);
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
