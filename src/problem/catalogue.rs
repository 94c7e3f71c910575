//! The kinds of problems: names, statuses and texts, as the pages at `/problems/{name}` show them.

use actix_web::http::StatusCode;

use super::Problem;

/// A kind of problem: the text of its page at `/problems/{name}`.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    pub status: StatusCode,
    pub title: &'static str,
    pub explanation: &'static str,
    pub remedy: &'static str,
}

macro_rules! kinds {
    ($($constant:ident = $name:literal, $status:ident, $title:literal, $explanation:literal, $remedy:literal;)*) => {
        $(pub const $constant: Kind = Kind {
            name: $name, status: StatusCode::$status, title: $title, explanation: $explanation, remedy: $remedy,
        };)*
        /// Every kind of problem.
        pub const KINDS: &[Kind] = &[$($constant),*];
    };
}

kinds! {
    CROSS_ORIGIN = "cross-origin", BAD_REQUEST, "Cross-origin request not allowed",
        "A browser sent a CORS preflight (`OPTIONS`) for a request that is not allowed: the server's settings don't name the page's origin, or the API doesn't take this method or read this header.",
        "Have the operator add the origin to `--cors-origins`, or leave out the header.";
    MALFORMED = "malformed", BAD_REQUEST, "Malformed request",
        "The request can't be parsed: the body is not JSON or is nested deeper than 32 levels, the address has percent-encoding that is not UTF-8, or the message is not valid HTTP/1.1 (line endings, chunks, an ambiguous length).",
        "`detail` names the place where parsing stopped. Send UTF-8, and let a library write the JSON.";
    INVALID_PARAMETERS = "invalid-parameters", BAD_REQUEST, "Invalid query parameters",
        "A query parameter is unknown, duplicate or has an invalid value. Parameters are never ignored or truncated silently.",
        "Each entry of `errors` names one parameter and the values that it takes. A cursor is valid only for the list and the filters that it came from.";
    UNAUTHORIZED = "unauthorized", UNAUTHORIZED, "Authentication required",
        "This operation needs a key, and the request had none, or one that is unknown, expired or revoked.",
        "Send `Authorization: Bearer mnc_…`, or a JWT where the server accepts them. Keys are created with `manchette keys create` or `POST /v1/keys`.";
    FORBIDDEN = "forbidden", FORBIDDEN, "Missing scope",
        "The key is valid, but lacks the scope that this operation needs: `write` to change drafts, `publish` in addition to change public content, `admin` to manage keys.",
        "Ask the operator for a key with the scope that `detail` names.";
    NOT_FOUND = "not-found", NOT_FOUND, "Not found",
        "There is no resource at this address, or none that the caller may see: a draft looks the same as a missing resource.",
        "Check the id or slug. To see drafts, send a key with the scope `read`.";
    MOVED = "moved", PERMANENT_REDIRECT, "Moved permanently",
        "The resource has a new slug.",
        "Follow `Location`, and store the new address.";
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "Method not allowed",
        "The address exists, but doesn't support this method.",
        "The header `Allow` lists the supported methods.";
    IN_PROGRESS = "in-progress", CONFLICT, "First request still in progress",
        "Another request with the same `Idempotency-Key` is still being processed. It takes effect once.",
        "Try again after the seconds in `Retry-After`: the response to the first request is replayed.";
    CONFLICT = "conflict", CONFLICT, "Conflict",
        "The change is valid, but conflicts with the current state: the slug is taken, or the category is not empty, for example.",
        "`detail` and `errors` name the conflict. Resolve it first, or choose another value.";
    GONE = "gone", GONE, "Gone",
        "This resource was published and has been withdrawn.",
        "Remove it from your pages and caches.";
    PRECONDITION_FAILED = "precondition-failed", PRECONDITION_FAILED, "Precondition failed",
        "The request named the version that it changes (`If-Match`), or required that none exists (`If-None-Match: *`), and that no longer holds.",
        "Read the resource again, apply your change to its current version, and send it with the new `ETag`.";
    PRECONDITION_REQUIRED = "precondition-required", PRECONDITION_REQUIRED, "Precondition required",
        "This server requires `If-Match` for every change, so that no change overwrites another one unseen.",
        "Send `If-Match` with the `ETag` of the version that you have read; `If-Match: *` matches any version.";
    KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "Idempotency-Key reused for another request",
        "Within the last 24 hours the same `Idempotency-Key` was sent with another body or to another address. Nothing was changed.",
        "Generate a new key, such as a UUID, for each operation, and repeat the identical request when you retry.";
    TOO_LARGE = "too-large", PAYLOAD_TOO_LARGE, "Body too large",
        "A body may have at most 1 MiB, and the body of an article 16 MiB.",
        "Send less: store pictures on an image server, and send their addresses.";
    TOO_SLOW = "too-slow", REQUEST_TIMEOUT, "Request timeout",
        "The head has to arrive within 10 seconds and the body within 30, unless the server is configured otherwise.",
        "Send the request again over a faster connection; nothing was changed.";
    URI_TOO_LONG = "uri-too-long", URI_TOO_LONG, "URI too long",
        "A URI, with its query, may have at most 8 KiB.",
        "Send fewer ids or a shorter query at a time.";
    HEADERS_TOO_LARGE = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "Header fields too large",
        "A request may have at most 64 header fields, and 16 KiB in total.",
        "Leave out cookies and other headers that this API doesn't read.";
    TOO_MANY_REQUESTS = "too-many-requests", TOO_MANY_REQUESTS, "Too many requests",
        "A limit per address or key is exceeded: requests, invalid keys, connections, or responses that were not read yet. Reads and writes are counted separately.",
        "Wait for the seconds in `Retry-After`. `RateLimit` in every response has the remaining requests, `RateLimit-Policy` the limit. A key has limits of its own.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type",
        "The body must be JSON without a content coding, and be declared as JSON.",
        "Send `Content-Type: application/json`, or `application/merge-patch+json` for a `PATCH`.";
    INVALID = "invalid", UNPROCESSABLE_ENTITY, "Invalid content",
        "The body is JSON, but breaks the rules of the resource: a field is missing, unknown, too long, blank, of the wrong type, or refers to a resource that doesn't exist.",
        "`errors` lists every invalid field with a pointer to it. The OpenAPI document has the rules.";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "Internal error",
        "The server failed. The request was not the cause; the server's log has the details under the `request_id`.",
        "Try again later. If it happens again, send the `request_id` to the operator.";
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE, "Service unavailable",
        "The database or the identity provider did not answer in time, a limit of the server is reached (large bodies, connections, unread responses), or the server is shutting down.",
        "Try again after the seconds in `Retry-After`. After a write, check first whether it took effect: its response may have been lost.";
    STORAGE_FULL = "storage-full", INSUFFICIENT_STORAGE, "Storage full",
        "The database server has no disk space left, so nothing was changed. Reads continue as long as they need no space.",
        "Tell the operator, and try again after the seconds in `Retry-After`.";
}

impl Problem {
    /// The kind of this problem.
    pub fn kind(&self) -> &'static Kind {
        match self {
            Self::Malformed(_) => &MALFORMED,
            Self::CrossOrigin(_) => &CROSS_ORIGIN,
            Self::InvalidParameters(_) => &INVALID_PARAMETERS,
            Self::Unauthorized(_) => &UNAUTHORIZED,
            Self::Forbidden(_) => &FORBIDDEN,
            Self::NotFound => &NOT_FOUND,
            Self::Moved(_) => &MOVED,
            Self::MethodNotAllowed(_) => &METHOD_NOT_ALLOWED,
            Self::Conflict(..) => &CONFLICT,
            Self::Gone => &GONE,
            Self::Outdated(_) | Self::NothingMatches => &PRECONDITION_FAILED,
            Self::PreconditionRequired => &PRECONDITION_REQUIRED,
            Self::InProgress => &IN_PROGRESS,
            Self::KeyReused => &KEY_REUSED,
            Self::TooLarge(_) => &TOO_LARGE,
            Self::TooSlow(_) | Self::HeadTooSlow(_) => &TOO_SLOW,
            Self::UriTooLong(_) => &URI_TOO_LONG,
            Self::HeadersTooLarge(_) => &HEADERS_TOO_LARGE,
            Self::TooManyRequests(_) | Self::TooMuchUnsent => &TOO_MANY_REQUESTS,
            Self::UnsupportedMediaType(_) => &UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => &INVALID,
            Self::Unavailable(_)
            | Self::Overloaded(_)
            | Self::NoIdentityProvider
            | Self::Busy(_)
            | Self::SessionLost(_)
            | Self::SharedSessions(_) => &UNAVAILABLE,
            Self::StorageFull(_) => &STORAGE_FULL,
            Self::Constraint(_) | Self::Internal(_) => &INTERNAL,
        }
    }
}
