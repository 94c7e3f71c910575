//! Documentation pages: the OpenAPI document and Swagger UI. All are part of the binary.

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{ServiceConfig, scope};
use actix_web::{HttpResponse, get};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::http::security_headers::policy;
use crate::server::{contract, problem_pages};

/// The paths of the pages, which are not part of the contract. They take `GET` only.
pub const PAGES: [&str; 6] = [
    "/",
    "/openapi.json",
    "/docs",
    "/docs/{file:.*}",
    "/problems",
    "/problems/{name}",
];

/// Whether a path is one of these pages, which are public and need no lookup of credentials. Other spellings of a path get
/// the page as well, but may cause a lookup.
pub fn is_page(path: &str) -> bool {
    let below = |page: &str| {
        path.strip_prefix(page)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ["/", "/openapi.json"].contains(&path) || below("/docs") || below("/problems")
}

/// The content security policy of Swagger UI: its own scripts and styles, images within these, the inline style of its logo
/// (a test fails when that changes), and requests to this API.
const SWAGGER_POLICY: &str = "script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; \
                         img-src 'self' data:; connect-src 'self'";

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_contract)
        .service(to_docs)
        .service(docs_without_slash)
        // Without `none`, the page would send the contract's URL to an external validator.
        .service(
            scope("/docs")
                .wrap(
                    DefaultHeaders::new()
                        .add((header::CONTENT_SECURITY_POLICY, policy(SWAGGER_POLICY))),
                )
                .service(
                    SwaggerUi::new("/{file:.*}")
                        .config(Config::new(["/openapi.json"]).validator_url("none")),
                ),
        )
        .configure(problem_pages::configure);
}

#[get("/openapi.json")]
async fn get_contract() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(contract::text())
}

#[get("/")]
async fn to_docs() -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

#[get("/docs")]
async fn docs_without_slash() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}
