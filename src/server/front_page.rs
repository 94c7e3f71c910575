//! The front page of a news site at `/`, with its files below `/front-page/`: the example of `examples/front-page`, which is part of
//! the program. Where it is off, `/` leads to the documentation.

use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpResponse, get};

use crate::http::security_headers::policy;
use crate::problem::Problem;

/// The path of the page.
pub const ROOT: &str = "/";
/// The paths of the page and of its files, which are not part of the contract.
pub const PATHS: [&str; 2] = [ROOT, "/front-page/{name}"];

/// Files and requests of this server alone; pictures from elsewhere over HTTPS only.
const NEEDS: &str = "script-src 'self'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; worker-src 'self'";
const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

macro_rules! file {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../examples/front-page/", $name)),
        )
    };
}

const INDEX: &str = include_str!("../../examples/front-page/index.html");
/// The worker serves pages of the whole site while there is no connection.
const WORKER: &str = "worker.js";
const FILES: &[(&str, &str)] = &[
    file!("api.js"),
    file!("article.js"),
    file!("articles.js"),
    file!("body.js"),
    file!("content.css"),
    file!("dom.js"),
    file!("icon.svg"),
    file!("landscape.js"),
    file!("main.js"),
    file!("messages.js"),
    file!("offline.js"),
    file!("search.js"),
    file!("style.css"),
    file!("ticker.js"),
    file!("time.js"),
    file!("visits.js"),
    file!("worker.js"),
];

/// Whether a path is the page or one of its files.
pub fn is_file(path: &str) -> bool {
    path == ROOT || path.starts_with("/front-page/")
}

/// Adds the page, or what leads from `/` to the documentation.
pub fn configure(is_on: bool, cfg: &mut ServiceConfig) {
    if is_on {
        cfg.service(get_front_page).service(get_file);
    } else {
        cfg.service(to_docs);
    }
}

#[get("/")]
async fn get_front_page() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, policy(NEEDS)))
        .body(INDEX)
}

#[get("/front-page/{name}")]
async fn get_file(name: Path<String>) -> Result<HttpResponse, Problem> {
    let file = FILES.iter().find(|(file, _)| *file == *name);
    let (name, text) = file.ok_or(Problem::NotFound)?;
    let media_type = match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    let mut response = HttpResponse::Ok();
    response.content_type(media_type);
    if *name == WORKER {
        response
            .insert_header((SERVICE_WORKER_ALLOWED, "/"))
            // A worker's requests are governed by the policy of its own file.
            .insert_header((
                header::CONTENT_SECURITY_POLICY,
                policy("connect-src 'self'"),
            ));
    }
    Ok(response.body(*text))
}

#[get("/")]
async fn to_docs() -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_program_and_the_service_worker_have_all_files_of_the_example() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/front-page");
        let files = fs::read_dir(folder).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| !matches!(name.rsplit_once('.'), Some((_, "md" | "json" | "html"))))
            .collect();
        names.sort_unstable();
        let served: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        assert_eq!(served, names);
        let (_, worker) = FILES.iter().find(|(name, _)| *name == WORKER).unwrap();
        for name in served.into_iter().filter(|name| *name != WORKER) {
            assert!(
                worker.contains(&format!("\"/front-page/{name}\"")),
                "{name}"
            );
        }
    }
}
