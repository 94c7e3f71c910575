//! Documentation pages: the contract, its reference, and the guides. All are part of the program.

mod assets;
pub mod layout;

use actix_web::http::header;
use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};

use crate::problem::Problem;
use crate::server::{contract, problem_pages};

/// The paths of the pages, which are not part of the contract. They take `GET` only.
pub const PAGES: [&str; 7] = [
    "/openapi.json",
    "/docs",
    "/docs/",
    "/docs/{name}",
    "/docs/assets/{name}",
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
    path == "/openapi.json" || below("/docs") || below("/problems")
}

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(get_contract)
        .service(docs_without_slash)
        .service(get_reference)
        .service(list_guides)
        .service(get_guide)
        .service(assets::get_asset)
        .configure(problem_pages::configure);
}

/// A guide, made from a file of `docs/`.
struct Guide {
    name: &'static str,
    title: &'static str,
    /// Its first paragraph, in HTML.
    summary: &'static str,
    html: &'static str,
}

const GUIDES: &[Guide] = include!(concat!(env!("OUT_DIR"), "/guides.rs"));

#[get("/openapi.json")]
async fn get_contract() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(contract::text())
}

#[get("/docs")]
async fn docs_without_slash() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

#[get("/docs/")]
async fn get_reference() -> HttpResponse {
    let scalar = assets::SCALAR;
    let body = format!(
        "<div id=\"reference\"></div><script src=\"/docs/assets/{scalar}\"></script>\
         <script src=\"/docs/assets/reference.js\"></script>\
         <noscript><main class=\"text alone\">The reference needs JavaScript; the <a href=\"/docs/guides\">guides</a> and \
         <a href=\"/openapi.json\">the contract</a> don't.</main></noscript>"
    );
    layout::page("en", "/docs/", "API reference", &body)
}

#[get("/docs/guides")]
async fn list_guides() -> HttpResponse {
    let list: String = GUIDES
        .iter()
        .map(
            |Guide {
                 name,
                 title,
                 summary,
                 ..
             }| { format!("<h2><a href=\"/docs/{name}\">{title}</a></h2>{summary}") },
        )
        .collect();
    let body = format!("<main class=\"text alone\"><h1>Guides</h1>{list}</main>");
    layout::page("en", "/docs/guides", "Guides", &body)
}

#[get("/docs/{name}")]
async fn get_guide(name: Path<String>) -> Result<HttpResponse, Problem> {
    let guide = GUIDES.iter().find(|guide| guide.name == *name);
    let guide = guide.ok_or(Problem::NotFound)?;
    let list: String = GUIDES
        .iter()
        .map(|Guide { name, title, .. }| {
            let current = if *name == guide.name {
                " aria-current=\"page\""
            } else {
                ""
            };
            format!("<li><a href=\"/docs/{name}\"{current}>{title}</a></li>")
        })
        .collect();
    let body = format!(
        "<div class=\"columns\"><nav aria-label=\"Guides\" class=\"guides\"><ul>{list}</ul></nav><main class=\"text\">{}</main></div>",
        guide.html
    );
    Ok(layout::page("en", "/docs/guides", guide.title, &body))
}
