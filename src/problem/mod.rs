//! The one error type: every refusal and every failure, as `application/problem+json` (RFC 9457).

use std::error::Error;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::rate_limit::TooMany;
use crate::db::ConnectionError;
use crate::db::pooler::SharedSessions;

/// Why a request was not answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The request itself can't be read: broken JSON, broken percent-encoding.
    #[error("{0}")]
    Malformed(String),
    /// A preflight for what no page of that origin may do.
    #[error("{0}")]
    CrossOrigin(String),
    /// Parameters of the address that are unknown, doubled or out of bounds.
    #[error("{}", counted(.0, "parameter"))]
    InvalidParameters(Vec<Fault>),
    #[error("{0}")]
    Unauthorized(&'static str),
    /// The key lacks this scope.
    #[error("this needs a key with the scope `{0}`")]
    Forbidden(&'static str),
    #[error("nothing is here, or nothing that you may see")]
    NotFound,
    /// The address has changed: where it is now.
    #[error("this has moved to {0}")]
    Moved(String),
    /// What may be done here instead, as `Allow` wants it.
    #[error("what is here takes {0}")]
    MethodNotAllowed(String),
    #[error("{0}")]
    Conflict(String, Vec<Fault>),
    #[error("this was taken down")]
    Gone,
    #[error("it has moved on: its version is {} now", .0.version)]
    Outdated(Current),
    #[error("nothing is here that `If-Match` could match")]
    NothingMatches,
    #[error("say with `If-Match` which version this is to change")]
    PreconditionRequired,
    #[error("the first request with this `Idempotency-Key` is not answered yet")]
    InProgress,
    #[error(
        "this `Idempotency-Key` was used before, for another address or a body that differs in some byte"
    )]
    KeyReused,
    #[error("a body may have at most {0} bytes")]
    TooLarge(usize),
    /// After so many seconds.
    #[error("the body did not arrive within {0} seconds")]
    TooSlow(u64),
    /// After so many seconds.
    #[error("the head did not arrive within {0} seconds")]
    HeadTooSlow(u64),
    #[error("an address may have at most {0} bytes")]
    AddressTooLong(usize),
    #[error("{0}")]
    HeadersTooLarge(String),
    #[error("{0}")]
    TooManyRequests(Box<TooMany>),
    #[error("answers to earlier requests from this address wait to be received: read those first")]
    TooMuchUnsent,
    #[error("{0}")]
    UnsupportedMediaType(&'static str),
    #[error("{}", counted(.0, "field"))]
    Invalid(Vec<Fault>),
    #[error("the database can't be asked just now")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A statement that a connection has prepared was not there, or was another: its session was not its own.
    #[error("the database can't be asked just now")]
    SessionLost(#[source] Box<dyn Error + Send + Sync>),
    #[error(transparent)]
    SharedSessions(#[from] SharedSessions),
    /// The database server has no room left for what was to be written.
    #[error("the database's disk is full")]
    StorageFull(#[source] Box<dyn Error + Send + Sync>),
    /// The server has as much to do as it may, or stops.
    #[error("{0}")]
    Overloaded(&'static str),
    /// A JWT came, and the keys that it could be checked with can't be had.
    #[error("the identity provider can't be asked just now")]
    NoIdentityProvider,
    /// The server has too much to do: with what.
    #[error("{0}: try again")]
    Busy(&'static str),
    #[error("something broke on our side")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// One thing wrong with a request, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/title", "parameter": null, "code": "too_long", "detail": "at most 300 characters"}))]
pub struct Fault {
    /// Where in the body (JSON Pointer, RFC 6901).
    #[schema(example = "/title")]
    pub pointer: Option<String>,
    /// Which parameter of the address.
    #[schema(example = "limit")]
    pub parameter: Option<String>,
    /// What kind of fault, for programs.
    #[schema(example = "too_long")]
    pub code: String,
    /// What is wrong, for people.
    #[schema(example = "at most 300 characters")]
    pub detail: String,
}

impl Fault {
    /// A fault at a place in the body.
    pub fn at(pointer: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(pointer.into()),
            parameter: None,
            code: code.into(),
            detail: detail.into(),
        }
    }

    /// A fault in a parameter of the address.
    pub fn of(parameter: impl Into<String>, code: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: Some(parameter.into()),
            code: code.into(),
            detail: detail.into(),
        }
    }

    /// A fault that stands at no one place.
    pub fn general(code: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: None,
            parameter: None,
            code: code.into(),
            detail: detail.into(),
        }
    }
}

/// The one answer for whatever is wrong with a key: nobody learns by it which keys there are or were.
pub const WRONG_KEY: &str = "this is not a key of this server, or it has expired or was revoked";

/// What stands at an address now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"version": 3, "etag": "\"3-5f0c2b7a9e1d-6d1f0a2c4b7e8f9012345678\""}))]
pub struct Current {
    #[schema(minimum = 1)]
    pub version: i32,
    /// What `If-Match` has to say to change just that.
    pub etag: String,
}

fn counted(faults: &[Fault], what: &str) -> String {
    match faults.len() {
        1 => format!("one {what} is not as it should be"),
        many => format!("{many} {what}s are not as they should be"),
    }
}

/// What a client receives when something went wrong (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "/problems/invalid",
    "title": "The content breaks a rule",
    "status": 422,
    "detail": "one field is not as it should be",
    "instance": "/v1/headlines",
    "request_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11",
    "errors": [{"pointer": "/title", "parameter": null, "code": "too_long", "detail": "at most 300 characters"}],
}))]
pub struct ProblemBody<'a> {
    /// The kind of problem, and the address of a page that explains it.
    #[serde(rename = "type")]
    #[schema(rename = "type", format = "uri-reference")]
    pub kind: String,
    /// The kind in a few words; the same every time.
    pub title: &'static str,
    /// The status of the answer, once more.
    #[schema(minimum = 300, maximum = 599)]
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The path that was asked for.
    pub instance: &'a str,
    /// Names this request in the server's log, and `X-Request-Id` in the answer.
    pub request_id: &'a str,
    /// Every fault that was found, up to the first 100; empty where there is no more to say.
    #[schema(max_items = 100)]
    pub errors: &'a [Fault],
    /// Where a precondition failed: what is there now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub current: Option<&'a Current>,
}

/// A kind of problem: what its page at `/problems/{name}` says.
#[derive(Debug)]
pub struct Kind {
    pub name: &'static str,
    pub status: StatusCode,
    pub title: &'static str,
    pub explanation: &'static str,
    pub remedy: &'static str,
}

/// The most faults that one answer lists: a body could hold more of them than anybody reads.
const MOST_FAULTS: usize = 100;

macro_rules! kinds {
    ($($constant:ident = $name:literal, $status:ident, $title:literal, $explanation:literal, $remedy:literal;)*) => {
        $(const $constant: Kind = Kind {
            name: $name, status: StatusCode::$status, title: $title, explanation: $explanation, remedy: $remedy,
        };)*
        /// Every kind of problem there is.
        pub const KINDS: &[Kind] = &[$($constant),*];
    };
}

kinds! {
    CROSS_ORIGIN = "cross-origin", BAD_REQUEST, "A page of this origin may not ask this",
        "A browser asked with `OPTIONS` whether a page of another origin may send a request (CORS), and it may not: the server's settings don't name the origin, or the API takes no such method, or reads no such header.",
        "Have whoever runs the server add the origin to `--cors-origins`, or leave out the header that the API doesn't read.";
    MALFORMED = "malformed", BAD_REQUEST, "The request can't be read",
        "The server could not make sense of the request: the body is not JSON, or nested deeper than 32 levels, or the address holds percent-encoding that is not UTF-8; or it is no HTTP/1.1, a line of its head or of a chunk does not end with CRLF, or its length could be read in two ways.",
        "Read `detail`: it says at which place reading stopped. Send UTF-8, and let a library write the JSON.";
    INVALID_PARAMETERS = "invalid-parameters", BAD_REQUEST, "A parameter is wrong",
        "A parameter of the address is unknown, given twice, or has a value that it can't take. Nothing is ignored or cut in silence.",
        "Each entry of `errors` names one parameter and what it takes. A cursor belongs to the list and the filters that it came from.";
    UNAUTHORIZED = "unauthorized", UNAUTHORIZED, "A key is needed",
        "This needs a key, and the request had none, or one that this server doesn't know, that has expired or was revoked.",
        "Send `Authorization: Bearer mnc_…`, or a JWT where the server takes those. Keys are made with `manchette keys create`, or with `POST /v1/keys`.";
    FORBIDDEN = "forbidden", FORBIDDEN, "The key may not do this",
        "The key is good, but it has not the scope that this needs: `write` to change drafts, `publish` beside it to change what the public sees, `admin` to manage keys.",
        "Ask whoever runs the server for a key with the scope that `detail` names.";
    NOT_FOUND = "not-found", NOT_FOUND, "Nothing is here",
        "There is nothing at this address, or nothing that the caller may see: a draft looks the same as a hole.",
        "Check the id or slug. To see drafts, send a key with the scope `read`.";
    MOVED = "moved", PERMANENT_REDIRECT, "The address has changed",
        "What was here has a new slug.",
        "Follow `Location`, and keep the new address.";
    METHOD_NOT_ALLOWED = "method-not-allowed", METHOD_NOT_ALLOWED, "This can't be done here",
        "The address exists, but doesn't take this method.",
        "The header `Allow` lists the methods that it takes.";
    IN_PROGRESS = "in-progress", CONFLICT, "The first request is still running",
        "Another request with the same `Idempotency-Key` is being worked on. What it does is done once.",
        "Ask again after the seconds that `Retry-After` names: you will get the answer to the first.";
    CONFLICT = "conflict", CONFLICT, "It doesn't fit with what is there",
        "The change is well formed, but something else stands in its way: a slug that is taken, a category that is not empty.",
        "`detail` and `errors` say what is in the way. Move it first, or choose something else.";
    GONE = "gone", GONE, "It was taken down",
        "This was published once and has been withdrawn.",
        "Remove it from what you show and from your caches.";
    PRECONDITION_FAILED = "precondition-failed", PRECONDITION_FAILED, "Somebody else was faster",
        "The request said which version it means to change (`If-Match`), or that there must be none yet (`If-None-Match: *`), and that no longer holds.",
        "Read it again, put your change on top of what is there now, and send it with the new `ETag`.";
    PRECONDITION_REQUIRED = "precondition-required", PRECONDITION_REQUIRED, "Which version is meant?",
        "This server lets nobody change what is there without saying which version they have seen, so that nobody overwrites what somebody else has written meanwhile.",
        "Send `If-Match` with the `ETag` that you got when you read it; `If-Match: *` means whichever version there is.";
    KEY_REUSED = "idempotency-key-reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key was used for something else",
        "Within the last 24 hours the same `Idempotency-Key` came with another body, or to another address. Nothing was done.",
        "Make a new key, such as a UUID, for each thing that is to be done, and send the very same request when you try again.";
    TOO_LARGE = "too-large", PAYLOAD_TOO_LARGE, "The body is too large",
        "A body may have at most 1 MiB, and one that writes an article 16 MiB.",
        "Send less: pictures belong on an image server, and only their addresses here.";
    TOO_SLOW = "too-slow", REQUEST_TIMEOUT, "The request took too long",
        "The whole body has to arrive in time (30 seconds, unless the server is set otherwise), and so has the head (10 seconds).",
        "Send it again over a better line; nothing was changed.";
    ADDRESS_TOO_LONG = "address-too-long", URI_TOO_LONG, "The address is too long",
        "An address, with its parameters, may have at most 8 KiB.",
        "Ask for fewer ids or a shorter query at a time.";
    HEADERS_TOO_LARGE = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The head is too large",
        "A request may have at most 64 header lines, and 16 KiB of them altogether.",
        "Leave out cookies and what else this API doesn't read.";
    TOO_MANY_REQUESTS = "too-many-requests", TOO_MANY_REQUESTS, "Too much at once",
        "More was sent from one address, or with one key, than may be in that time: requests, wrong keys or connections; or answers to earlier requests wait unread. Reads and writes are counted apart.",
        "Wait for the seconds that `Retry-After` names; `RateLimit` says in every answer how much is left, and `RateLimit-Policy` of how much. With a key you have counts of your own.";
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body is of the wrong kind",
        "The body must be JSON, not compressed, and be called so.",
        "Send `Content-Type: application/json`; for a `PATCH`, `application/merge-patch+json` is taken too.";
    INVALID = "invalid", UNPROCESSABLE_ENTITY, "The content breaks a rule",
        "The body is JSON, but what it says can't be kept: a field is missing, unknown, of the wrong type, too long, blank, or refers to something that is not there.",
        "`errors` lists every fault at once, each with a pointer to its place. The rules are in the OpenAPI document.";
    INTERNAL = "internal", INTERNAL_SERVER_ERROR, "Something broke on our side",
        "The request was not at fault. What happened is in the server's log under the `request_id`.",
        "Try again later; if it happens again, tell whoever runs the server the `request_id`.";
    UNAVAILABLE = "unavailable", SERVICE_UNAVAILABLE, "Not just now",
        "The database could not be asked, or did not answer in time; or the identity provider that a JWT comes from could not; or the server has as many large bodies to process, connections open, or answers unsent, as it may, or is about to stop.",
        "Try again after the seconds that `Retry-After` names. Where the request was to change something, look first whether it was: an answer can be lost on its way.";
    STORAGE_FULL = "storage-full", INSUFFICIENT_STORAGE, "The disk is full",
        "The database server has no disk space left for what the request needed, so nothing was changed. Reading goes on as long as it needs no space.",
        "Tell whoever runs the server, and try again after the seconds that `Retry-After` names: it works again as soon as there is space.";
}

impl Problem {
    /// Something of ours that should not have happened.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The kind that this is.
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
            Self::AddressTooLong(_) => &ADDRESS_TOO_LONG,
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
            Self::Internal(_) => &INTERNAL,
        }
    }

    fn faults(&self) -> &[Fault] {
        match self {
            Self::InvalidParameters(faults) | Self::Invalid(faults) | Self::Conflict(_, faults) => {
                faults
            }
            _ => &[],
        }
    }

    /// The whole answer, and one line in the log where the fault is ours.
    pub fn answer(&self, instance: &str, request_id: &str) -> HttpResponse {
        match self {
            Self::Internal(cause) | Self::SessionLost(cause) | Self::StorageFull(cause) => {
                log::error!("{request_id}: {self}: {cause}");
            }
            // Whoever watches the database says so once; here it is one line for each request, as many as strangers send.
            Self::Unavailable(cause) => log::warn!("{request_id}: {self}: {cause}"),
            _ => {}
        }
        let kind = self.kind();
        let mut response = HttpResponse::build(kind.status);
        response.content_type("application/problem+json");
        match self {
            Self::Unauthorized(why) => {
                // Only who has sent a key is told that it is not good (RFC 6750, section 3.1).
                let challenge = match *why {
                    WRONG_KEY => "Bearer realm=\"manchette\", error=\"invalid_token\"",
                    _ => "Bearer realm=\"manchette\"",
                };
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Self::Forbidden(scope) => {
                let challenge = format!(
                    "Bearer realm=\"manchette\", error=\"insufficient_scope\", scope=\"{scope}\""
                );
                response.insert_header((header::WWW_AUTHENTICATE, challenge));
            }
            Self::Moved(to) => {
                response.insert_header((header::LOCATION, to.as_str()));
            }
            Self::MethodNotAllowed(allow) => {
                response.insert_header((header::ALLOW, allow.as_str()));
            }
            Self::UnsupportedMediaType(_) => {
                response.insert_header((header::ACCEPT_ENCODING, "identity"));
            }
            Self::Unavailable(_)
            | Self::Overloaded(_)
            | Self::TooMuchUnsent
            | Self::InProgress
            | Self::NoIdentityProvider
            | Self::Busy(_)
            | Self::SessionLost(_)
            | Self::SharedSessions(_) => {
                response.insert_header((header::RETRY_AFTER, "1"));
            }
            // Space is made by people or by a job, not within a second.
            Self::StorageFull(_) => {
                response.insert_header((header::RETRY_AFTER, "30"));
            }
            Self::Outdated(current) => {
                response.insert_header((header::ETAG, current.etag.as_str()));
            }
            Self::TooManyRequests(too_many) => {
                response.insert_header((header::RETRY_AFTER, too_many.wait.to_string()));
            }
            _ => {}
        }
        let current = match self {
            Self::Outdated(current) => Some(current),
            _ => None,
        };
        response.json(ProblemBody {
            kind: format!("/problems/{}", kind.name),
            title: kind.title,
            status: kind.status.as_u16(),
            detail: self.to_string(),
            instance,
            request_id,
            errors: self.faults().get(..MOST_FAULTS).unwrap_or(self.faults()),
            current,
        })
    }

    /// What an error of the framework's own amounts to.
    pub fn of_status(status: StatusCode, cause: String) -> Option<Self> {
        Some(match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge(crate::http::json_body::MAX_BODY),
            status if status.is_client_error() => Self::Malformed(cause),
            status if status.is_server_error() => Self::internal(cause),
            _ => return None,
        })
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind().status
    }

    // Only the middleware knows the path and the request's id: it writes the answer (see `http::answer`).
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<diesel::result::Error> for Problem {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::Error as E;
        match &error {
            E::NotFound => Self::NotFound,
            E::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, info) => {
                match info.constraint_name() {
                    Some("headlines_category_id_live" | "articles_category_id_live") => {
                        missing("/category_id")
                    }
                    Some("categories_parent_id_live") => missing("/parent_id"),
                    Some("headlines_article_id_live") => missing("/article_id"),
                    Some("articles_translation_of_live") => missing("/translation_of"),
                    // Which one it is, the trigger says.
                    Some("article_authors_live") => missing(&nth("/author_ids", info.as_ref())),
                    Some("article_tags_live") => missing(&nth("/tag_ids", info.as_ref())),
                    Some("articles_authors_tags_live") => Self::Invalid(vec![Fault::general(
                        "not_found",
                        "an author or a tag of it is not there any more",
                    )]),
                    Some("authors_in_use" | "tags_in_use") => {
                        Self::Conflict("articles still name it".into(), Vec::new())
                    }
                    Some("categories_in_use") => {
                        Self::Conflict("the category is not empty".into(), Vec::new())
                    }
                    _ => Self::internal(error),
                }
            }
            E::DatabaseError(DatabaseErrorKind::CheckViolation, info) => {
                match info.constraint_name() {
                    Some("categories_no_cycle") => Self::Invalid(vec![Fault::at(
                        "/parent_id",
                        "cycle",
                        "a category can't stand below itself",
                    )]),
                    Some("categories_count") => {
                        Self::Conflict("a site has at most 1,000 categories".into(), Vec::new())
                    }
                    Some("api_keys_last_admin") => last_admin(),
                    Some("api_keys_inactive") => Self::Conflict(
                        "a key that was revoked or has expired can't be changed".into(),
                        Vec::new(),
                    ),
                    Some("articles_rendered_size") => Self::Invalid(vec![Fault::at(
                        "/body",
                        "too_complex",
                        "its HTML is too long",
                    )]),
                    Some("site_time_zone_check") => {
                        Self::Invalid(vec![crate::news::site::not_a_time_zone()])
                    }
                    Some("categories_depth") => Self::Invalid(vec![Fault::at(
                        "/parent_id",
                        "too_deep",
                        "the tree has at most 5 levels",
                    )]),
                    _ => Self::internal(error),
                }
            }
            E::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                match info.constraint_name() {
                    Some(
                        "categories_slug_key"
                        | "articles_slug_key"
                        | "authors_slug_key"
                        | "tags_slug_key",
                    ) => slug_taken(),
                    Some("api_keys_rotated_from_key") => Self::Conflict(
                        "this key has a successor already: rotate that".into(),
                        Vec::new(),
                    ),
                    Some("articles_translation_key") => Self::Conflict(
                        "this story is told in that language already".into(),
                        vec![Fault::at(
                            "/language",
                            "taken",
                            "another translation has this language",
                        )],
                    ),
                    Some(
                        "categories_pkey" | "headlines_pkey" | "articles_pkey" | "authors_pkey"
                        | "tags_pkey",
                    ) => Self::Conflict("this id was taken a moment ago".into(), Vec::new()),
                    _ => Self::internal(error),
                }
            }
            E::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ReadOnlyTransaction,
                _,
            )
            | E::BrokenTransactionManager => Self::Unavailable(error.into()),
            E::DatabaseError(DatabaseErrorKind::Unknown, info) if passes(info.as_ref()) => {
                Self::Unavailable(error.into())
            }
            E::DatabaseError(DatabaseErrorKind::Unknown, info) if is_disk_full(info.message()) => {
                Self::StorageFull(error.into())
            }
            E::DatabaseError(_, info) if lost_session(info.message()) => {
                Self::SessionLost(error.into())
            }
            _ => Self::internal(error),
        }
    }
}

/// Whether the database refused for a reason that passes. Diesel hands on the message alone (every connection asks
/// for English ones), not its SQLSTATE: 57014, 55P03, 40P01, 57P01 to 57P03, 53300.
fn passes(info: &(dyn DatabaseErrorInformation + Send + Sync)) -> bool {
    [
        "canceling statement",
        "deadlock detected",
        "terminating connection",
        "the database system is",
        "sorry, too many clients",
        "remaining connection slots",
        "connection slots are reserved",
    ]
    .iter()
    .any(|start| info.message().starts_with(start))
}

/// Whether the database server had no disk space left, for a table, an index or a temporary file (SQLSTATE 53100, and a
/// quota that is used up, which Postgres gives no state of its own). Diesel hands on the message alone.
fn is_disk_full(message: &str) -> bool {
    // Shared memory that is used up is told in the same words, and is no disk.
    !message.starts_with("could not resize shared memory")
        && (message.starts_with("could not extend file")
            || [
                "No space left on device",
                "Disk quota exceeded",
                ": wrote only ",
            ]
            .iter()
            .any(|words| message.contains(words)))
}

/// Whether only a session that is not the connection's own makes Postgres, or the pooler before it, say so: a statement is
/// prepared twice, not at all, or with other parameters; or transactions are no longer to be had.
fn lost_session(message: &str) -> bool {
    [
        "prepared statement \"",
        "incorrect binary data format in bind parameter",
        "statement pooling mode",
    ]
    .iter()
    .any(|words| message.contains(words))
}

fn missing(pointer: &str) -> Problem {
    Problem::Invalid(vec![Fault::at(
        pointer,
        "not_found",
        "there is nothing with this id",
    )])
}

fn nth(list: &str, info: &(dyn DatabaseErrorInformation + Send + Sync)) -> String {
    format!("{list}/{}", info.details().unwrap_or("0"))
}

/// What may not be done to the last key by which others can be made.
fn last_admin() -> Problem {
    Problem::Conflict(
        "no key with the scope `admin` would stay: make another first, one that doesn't expire"
            .into(),
        vec![Fault::general(
            "last_admin",
            "one key with the scope `admin` and without an end has to stay",
        )],
    )
}

/// A slug that somebody chose and something else has.
pub fn slug_taken() -> Problem {
    Problem::Conflict(
        "this slug is taken".into(),
        vec![Fault::at("/slug", "taken", "something else has this slug")],
    )
}

impl From<ConnectionError> for Problem {
    fn from(error: ConnectionError) -> Self {
        Self::Unavailable(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_broken_one() {
        for full in [
            "could not extend file \"base/5/16384\": No space left on device",
            "could not extend file \"base/5/16384\": wrote only 4096 of 8192 bytes at block 7",
            "could not write to file \"base/pgsql_tmp/pgsql_tmp1.0\": No space left on device",
            "could not create file \"base/5/16384\": No space left on device",
            "could not create temporary file \"base/pgsql_tmp/pgsql_tmp1.0\": Disk quota exceeded",
            "could not write block 3 of temporary file: No space left on device",
        ] {
            assert!(is_disk_full(full), "{full}");
        }
        for other in [
            "could not write to file \"pg_xact/0000\": Input/output error",
            "could not resize shared memory segment \"/PostgreSQL.1\" to 1 bytes: No space left on device",
            "temporary file size exceeds temp_file_limit (1kB)",
        ] {
            assert!(!is_disk_full(other), "{other}");
        }
    }
}
