//! The files of the pages. All are part of the program.

use std::io::Read;
use std::sync::LazyLock;

use actix_web::http::header::{self, AcceptEncoding, Encoding, Header};
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse, get};
use flate2::read::GzDecoder;

use crate::problem::Problem;

/// Scalar's API reference, as in the package `@scalar/api-reference` of npm, in gzip. Its name has its version, so that it may
/// be stored for ever.
pub const SCALAR: &str = "scalar-1.76.0.js";
const SCALAR_GZIP: &[u8] = include_bytes!("assets/scalar-1.76.0.js.gz");
const FOREVER: &str = "public, max-age=31536000, immutable";

/// For the few clients that don't accept gzip.
static SCALAR_PLAIN: LazyLock<Bytes> = LazyLock::new(|| {
    let mut plain = Vec::new();
    let read = GzDecoder::new(SCALAR_GZIP).read_to_end(&mut plain);
    read.expect("the file in the program is complete");
    plain.into()
});

const FILES: &[(&str, &str, &str)] = &[
    (
        "reference.js",
        "text/javascript; charset=utf-8",
        include_str!("assets/reference.js"),
    ),
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("assets/style.css"),
    ),
    ("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    (
        "scalar-LICENSE",
        "text/plain; charset=utf-8",
        include_str!("assets/scalar-LICENSE"),
    ),
];

#[get("/docs/assets/{name}")]
pub async fn get_asset(name: Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if *name == SCALAR {
        return Ok(scalar(&request));
    }
    let file = FILES.iter().find(|(file, ..)| *file == *name);
    let (_, media_type, text) = file.ok_or(Problem::NotFound)?;
    Ok(HttpResponse::Ok().content_type(*media_type).body(*text))
}

fn scalar(request: &HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/javascript; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, FOREVER));
    if accepts_gzip(request) {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
        response.body(SCALAR_GZIP)
    } else {
        response.body(SCALAR_PLAIN.clone())
    }
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    let ours = [Encoding::gzip(), Encoding::identity()];
    let chosen = AcceptEncoding::parse(request)
        .ok()
        .and_then(|accepted| accepted.negotiate(ours.iter()));
    chosen == Some(Encoding::gzip())
}
