//! The headers of responses, each described once.

use serde_json::{Map, Value, json};

/// The headers of every response, save that health checks have no rate limit.
pub const OF_ALL: [&str; 3] = ["X-Request-Id", "RateLimit", "RateLimit-Policy"];

/// Each header's name, description and example.
const HEADERS: [(&str, &str, &str); 13] = [
    (
        "ETag",
        "A strong entity tag (RFC 9110); it changes with every byte of the response.",
        "\"1-5f0c2b7a9e1d-0123456789abcdef01234567\"",
    ),
    (
        "Cache-Control",
        "How caches may store the response; `private, no-store` with a key.",
        "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400",
    ),
    (
        "Cache-Tag",
        "What the response is made of, for caches that purge by tag; without a key only. A setting turns it off, or sends `Surrogate-Key`, separated by spaces.",
        "hDk63YxInTM,nzAfagt8LRQ",
    ),
    (
        "Cache-Status",
        "What the server's own cache did (RFC 9211): `hit`, `fwd=uri-miss`, `fwd=bypass`, or `hit; fwd=stale` while the database is away; without a key only.",
        "manchette; hit",
    ),
    (
        "Content-Language",
        "The language of the content, or of a problem's texts (BCP 47).",
        "fr",
    ),
    (
        "Vary",
        "The request headers that the response depends on.",
        "Accept-Encoding, Authorization",
    ),
    (
        "Idempotency-Replayed",
        "`true` where this is the stored response to an earlier request with the same `Idempotency-Key`.",
        "true",
    ),
    (
        "Link",
        "The next and the previous page (RFC 8288), as in `page`.",
        "</v1/headlines?limit=20&cursor=AYx0>; rel=\"next\"",
    ),
    (
        "Location",
        "The address of the resource.",
        "/v1/headlines/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13",
    ),
    (
        "X-Request-Id",
        "The request's id in the server's log; the client's own, if it sent one.",
        "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11",
    ),
    (
        "WWW-Authenticate",
        "The required authentication (RFC 6750).",
        "Bearer realm=\"manchette\"",
    ),
    (
        "RateLimit",
        "The remaining quota of a policy (draft-ietf-httpapi-ratelimit-headers-10): `r` requests now; all of them in `t` seconds. From a cache it may be out of date.",
        "\"reads\";r=999;t=1",
    ),
    (
        "RateLimit-Policy",
        "The policy that this request counted against: `q` requests in `w` seconds, per key or, without one, per address.",
        "\"reads\";q=1000;w=10",
    ),
];

/// The headers, as the contract's components hold them.
pub fn all() -> Value {
    let header = |(name, description, example): (&str, _, _)| {
        let header = json!({"description": format!("{description} For example: `{example}`."), "schema": {"type": "string"}});
        (name.to_owned(), header)
    };
    let mut headers: Map<String, Value> = HEADERS.into_iter().map(header).collect();
    headers.insert(
        "Retry-After".into(),
        json!({
            "description": "The number of seconds to wait before trying again.",
            "schema": {"type": "integer", "minimum": 0}, "example": 1,
        }),
    );
    headers.into()
}

/// Adds references to these headers to a response.
pub fn add(response: &mut Value, names: &[&str]) {
    for name in names {
        response["headers"][*name] = json!({"$ref": format!("#/components/headers/{name}")});
    }
}
