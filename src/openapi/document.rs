//! The document: what utoipa derives from the annotated handlers, and the parts that all of them share.

use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use super::{examples, headers, operations, parameters, prose, responses, schemas};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Manchette",
        description = "A news content API: headlines (a live ticker), articles and categories, with authors, tags, \
            translations and search.\n\n\
            Names are `snake_case`. Times are RFC 3339 in UTC. Ids are UUIDs. Text is plain text, except `body` and \
            `body_html`. A missing value is `null`. Lists are paginated by cursor. Errors are `application/problem+json` \
            (RFC 9457), in English or, with `Accept-Language: fr`, in French. Every `GET` response has an `ETag`, and `If-None-Match` is supported; writes take `If-Match`. \
            Every path with a `GET` also supports `HEAD`. New fields and new values of enums may be added: clients accept \
            those that they don't know. Every response has `X-Request-Id` and, health checks aside, \
            `RateLimit` and `RateLimit-Policy`.",
        contact(name = "The operator of this server"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "Headlines", description = "The ticker: short dated lines."),
        (name = "Articles", description = "Stories with a body."),
        (name = "Categories", description = "The site's sections, in a tree."),
        (name = "Authors", description = "The authors of articles."),
        (name = "Tags", description = "Subjects, places, people and organisations that articles are about."),
        (name = "Site", description = "The site's settings: name, languages, time zone, links."),
        (name = "Live", description = "Streams of what changes, and the changes since a place."),
        (name = "Search", description = "Full-text search and completion."),
        (name = "Keys", description = "API keys and their scopes."),
        (name = "Operations", description = "Health checks and the audit log."),
    ),
)]
struct Base;

/// The whole contract of these routes.
pub fn build(routes: fn(&mut ServiceConfig)) -> Value {
    let mut base = Base::openapi();
    base.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let schemes = &mut base.components.get_or_insert_default().security_schemes;
    for (name, scheme) in security_schemes() {
        schemes.insert(name.into(), scheme.into());
    }
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(base)
        .configure(routes)
        .split_for_parts();
    let mut document = serde_json::to_value(document).expect("the contract is JSON");
    let known = schemas::complete(&mut document["components"]["schemas"]);
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            operations::complete(path, method, operation, &known);
        }
    }
    if let Some(paths) = document["paths"].as_object_mut() {
        document["components"]["parameters"] = parameters::share(paths);
    }
    document["components"]["headers"] = headers::all();
    let mut shared = responses::all();
    responses::share(&mut document["paths"], &mut shared);
    document["components"]["responses"] = shared;
    document["components"]["schemas"] = schemas::referenced(&document, known).into();
    schemas::simplify(&mut document);
    examples::share(&mut document);
    prose::join_lines(&mut document);
    document
}

fn security_schemes() -> [(&'static str, SecurityScheme); 2] {
    let bearer = |format: &str, description: &str| {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer = bearer.bearer_format(format).description(Some(description));
        SecurityScheme::Http(bearer.build())
    };
    let key = bearer(
        "mnc_…",
        "An API key with scopes: `read` (drafts too), `early` (scheduled content), `write`, `publish`, `admin`.",
    );
    let jwt = bearer(
        "JWT",
        "A JWT (RFC 7519) from the identity provider in the server's settings, if there is one: validated as RFC 8725 advises, signed with RS256, ES256 or \
         EdDSA, with the same scopes in a claim.",
    );
    [("key", key), ("jwt", jwt)]
}
