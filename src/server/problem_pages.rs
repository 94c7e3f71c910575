//! The pages at `/problems`, which explain each kind of problem.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use crate::http::security_headers::policy;
use crate::problem::{KINDS, Kind, Problem};

/// The style of the pages, the only one that their policy allows.
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem}\
                     code{background:#eee;padding:.1em .3em}";

static PAGE_POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    policy(&format!("style-src 'sha256-{hash}'"))
});

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_problems).service(get_problem);
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
