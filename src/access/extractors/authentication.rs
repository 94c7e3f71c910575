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
use crate::problem::{INVALID_KEY, Problem};

const INVALID: Problem = Problem::Unauthorized(INVALID_KEY);

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
        let Some(credentials) = Credentials::parse(request) else {
            limits.count_malformed(request)?;
            return Err(INVALID);
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
    fn parse(request: &'a HttpRequest) -> Option<Self> {
        let mut given = request.headers().get_all(header::AUTHORIZATION);
        let (Some(credentials), None) = (given.next(), given.next()) else {
            return None;
        };
        let (scheme, credentials) = credentials.to_str().ok()?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let credentials = credentials.trim_matches(' ');
        if let Some(token) = Token::parse(credentials) {
            return Some(Self::Key(token));
        }
        let provider = request.app_data::<Data<IdentityProvider>>()?;
        Some(Self::Jwt(Jwt::read(credentials)?, provider))
    }

    /// The caller that they belong to.
    async fn find(self, request: &HttpRequest) -> Result<Caller, Problem> {
        match self {
            Self::Key(token) => {
                let db = request
                    .app_data::<Data<Database>>()
                    .expect("every worker has its database");
                let mut conn = db.connection_for_credentials().await?;
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
