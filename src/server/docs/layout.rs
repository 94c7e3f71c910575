//! What the pages for people have in common: head, header and policy.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;

use crate::http::security_headers::policy;

/// Scripts, styles and images of this server, and requests to it. The reference sets styles of elements by script, which
/// needs `unsafe-inline` for styles; no page has inline scripts.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    policy(
        "script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'",
    )
});

/// The entries of the header: path and name.
const TOP: [(&str, &str); 3] = [
    ("/docs/", "Reference"),
    ("/docs/guides", "Guides"),
    ("/problems", "Problems"),
];

/// A page. `section` is the path of its entry in the header.
pub fn page(language: &str, section: &str, title: &str, body: &str) -> HttpResponse {
    let entries: String = TOP
        .iter()
        .map(|(path, name)| {
            let current = if *path == section {
                " aria-current=\"true\""
            } else {
                ""
            };
            format!("<a href=\"{path}\"{current}>{name}</a>")
        })
        .collect();
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .body(format!(
            "<!DOCTYPE html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title} – Manchette</title>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <link rel=\"icon\" href=\"/docs/assets/icon.svg\"><link rel=\"stylesheet\" href=\"/docs/assets/style.css\"></head>\
             <body><header class=\"top\"><a class=\"name\" href=\"/docs/\"><img src=\"/docs/assets/icon.svg\" alt=\"\"><span>Manchette</span></a>\
             <nav aria-label=\"Documentation\" class=\"top-nav\" lang=\"en\">{entries}</nav></header>{body}</body></html>\n"
        ))
}
