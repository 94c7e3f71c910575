//! Documentation pages: the OpenAPI document, Swagger UI, an explanation of each problem. All are part of the binary.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{Path, ServiceConfig, scope};
use actix_web::{HttpResponse, get};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::http::security_headers::policy;
use crate::problem::{KINDS, Kind, Problem};
use crate::server::contract;

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

/// The style of the pages, the only one that their policy allows.
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}\
                     code{background:#eee;padding:.1em .3em}";

static PAGE_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    policy(&format!("style-src 'sha256-{hash}'"))
});

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
        .service(list_problems)
        .service(get_problem);
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

#[get("/problems")]
async fn list_problems() -> HttpResponse {
    let items: String = KINDS
        .iter()
        .map(|kind| {
            format!(
                "<li><a href=\"/problems/{}\">{}</a> ({})</li>",
                kind.name,
                kind.title,
                kind.status.as_u16()
            )
        })
        .collect();
    page(
        "Problems",
        &format!("<p>Every kind of problem that the API can answer with.</p><ul>{items}</ul>"),
    )
}

#[get("/problems/{name}")]
async fn get_problem(name: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = KINDS
        .iter()
        .find(|kind| kind.name == *name)
        .ok_or(Problem::NotFound)?;
    let Kind {
        title,
        explanation,
        remedy,
        status,
        ..
    } = kind;
    Ok(page(
        title,
        &format!(
            "<p>{}</p><h2>What to do</h2><p>{}</p><p>Status: {status}. <a href=\"/problems\">All problems</a>, <a href=\"/docs/\">the API</a>.</p>",
            code(explanation),
            code(remedy)
        ),
    ))
}

/// Turns text between backquotes into `<code>`.
fn code(text: &str) -> String {
    text.split('`')
        .enumerate()
        .map(|(n, part)| {
            if n % 2 == 0 {
                part.to_owned()
            } else {
                format!("<code>{part}</code>")
            }
        })
        .collect()
}

fn page(title: &str, body: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY.as_str()))
        .body(format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} – Manchette</title>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <style>{STYLE}</style></head><body><h1>{title}</h1>{body}</body></html>\n"
        ))
}
