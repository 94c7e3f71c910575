//! The responses that operations share: redirects, 304, one for each status of a problem that programs tell apart, and one
//! for all others.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::{RefOr, Response};

use super::headers;
use super::operations::Facts;
use crate::http::messages;
use crate::http::responses::shared;
use crate::http::schema::reference_of;
use crate::problem::{Fault, FaultCode, KINDS, Language, Problem};

/// The statuses that a client's program tells apart: each with the name of its response in the components, and its
/// description.
const STATUSES: [(&str, &str, &str); 11] = [
    (
        "304",
        "NotModified",
        "Not modified: the client's stored response is still current.",
    ),
    (
        "308",
        "Moved",
        "The slug has changed: `Location` has the new address.",
    ),
    (
        "400",
        "BadRequest",
        "The request can't be parsed, or a parameter is wrong.",
    ),
    (
        "401",
        "Unauthorized",
        "A key is required, or the one that was sent is not valid.",
    ),
    ("403", "Forbidden", "The key lacks the required scope."),
    (
        "404",
        "NotFound",
        "There is no such resource, or none that the caller may see.",
    ),
    (
        "409",
        "Conflict",
        "The change conflicts with existing content.",
    ),
    (
        "410",
        "Gone",
        "The content was published and is gone, or a cursor is too old.",
    ),
    (
        "412",
        "PreconditionFailed",
        "Precondition failed: the current version is another.",
    ),
    (
        "422",
        "Invalid",
        "The content is invalid; every fault is listed.",
    ),
    (
        "428",
        "PreconditionRequired",
        "This server requires `If-Match`.",
    ),
];

/// The response to everything that can happen to any request.
const DEFAULT: &str = "Problem";
const DEFAULT_DESCRIPTION: &str = "Any other problem, of any operation:\n\n\
    - 408: the head or the body did not arrive in time. After a late head, the connection closes.\n\
    - 413: the body is larger than 1 MiB or, for an article, than 16 MiB.\n\
    - 414: the path and query have more than 8 KiB.\n\
    - 415: the body is not JSON, or its `Content-Type` is not.\n\
    - 429: more requests than one key, or one address without a key, may send in that time.\n\
    - 431: more than 64 header lines, or 16 KiB of them; far beyond that there is no body and the connection closes.\n\
    - 500: an internal error.\n\
    - 503: the database is unavailable, or too many large bodies are being processed.\n\
    - 507: the database server has no disk space left; nothing was changed.";

/// The responses of every handler that can fail.
impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [shared("default", DEFAULT)].into()
    }
}

/// The statuses that follow from what an operation takes, beside those that its response types name.
pub fn statuses(facts: &Facts) -> Vec<&'static str> {
    let needs_scope = facts
        .scopes
        .as_ref()
        .is_some_and(|scopes| !scopes.is_empty());
    let kinds: [(bool, &[&'static str]); 9] = [
        (true, &["400"]),
        // A wrong key is refused everywhere.
        (!facts.is_probe, &["401"]),
        (needs_scope || facts.takes_status, &["403"]),
        (facts.reads, &["304"]),
        (facts.has_id, &["404"]),
        (facts.takes_slug, &["308"]),
        (facts.is_conditional(), &["412", "428"]),
        (facts.method == "post", &["409"]),
        (facts.has_body, &["422"]),
    ];
    let apply = kinds.into_iter().filter(|(applies, _)| *applies);
    apply.flat_map(|(_, statuses)| statuses).copied().collect()
}

/// A reference to the shared response of a status.
pub fn reference(status: &str) -> Value {
    let known = STATUSES.iter().find(|(known, ..)| *known == status);
    let (_, name, _) = known.expect("every status has a shared response");
    json!({"$ref": format!("#/components/responses/{name}")})
}

/// A reference to the response to everything else.
pub fn reference_to_default() -> Value {
    json!({"$ref": format!("#/components/responses/{DEFAULT}")})
}

/// The shared responses, as the contract's components hold them.
pub fn all() -> Value {
    let response = |(status, name, description): (&str, &str, &str)| {
        let mut response = json!({"description": description});
        headers::add(&mut response, own_headers(status));
        if status == "default" {
            headers::add(&mut response, &headers::OF_ALL);
        }
        if status != "304" {
            headers::add(&mut response, &["Content-Language"]);
            response["content"] = json!({"application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {"example": {"value": example(status)}},
            }});
        }
        (name.to_owned(), response)
    };
    let all = STATUSES.into_iter();
    let all = all.chain([("default", DEFAULT, DEFAULT_DESCRIPTION)]);
    let responses: Map<String, Value> = all.map(response).collect();
    responses.into()
}

/// Moves the responses that several operations have to the contract's components, beside the shared ones, each under the
/// name of the schema of its body.
pub fn share(paths: &mut Value, components: &mut Value) {
    let mut uses: Vec<(Value, String, usize)> = Vec::new();
    for_each_success(paths, |status, response| {
        let media = &response["content"]["application/json"];
        let Some(name) = reference_of(&media["schema"]) else {
            return;
        };
        let name = match status {
            "201" => format!("Created{name}"),
            _ => name.to_owned(),
        };
        match uses.iter_mut().find(|(known, ..)| known == response) {
            Some((.., count)) => *count += 1,
            None => uses.push((response.clone(), name, 1)),
        }
    });
    uses.retain(|(.., count)| *count > 1);
    for_each_success(paths, |_, response| {
        if let Some((_, name, _)) = uses.iter().find(|(known, ..)| known == response) {
            *response = json!({"$ref": format!("#/components/responses/{name}")});
        }
    });
    for (response, name, _) in uses {
        components[name] = response;
    }
}

fn for_each_success(paths: &mut Value, mut call: impl FnMut(&str, &mut Value)) {
    let paths = paths.as_object_mut().into_iter().flatten();
    let operations = paths.filter_map(|(_, operations)| operations.as_object_mut());
    for (_, operation) in operations.flatten() {
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        for (status, response) in responses.filter(|(status, _)| status.starts_with('2')) {
            call(status, response);
        }
    }
}

fn own_headers(status: &str) -> &'static [&'static str] {
    match status {
        "304" | "412" => &["ETag"],
        "308" => &["Location"],
        "401" | "403" => &["WWW-Authenticate"],
        "409" | "default" => &["Retry-After"],
        _ => &[],
    }
}

/// A problem with this status, as it is sent.
fn example(status: &str) -> Value {
    let status = if status == "default" { "503" } else { status };
    let kind = KINDS
        .iter()
        .rev()
        .find(|kind| kind.status.as_str() == status)
        .expect("every status has its kind");
    let language = Language::English;
    let fault = match status {
        "422" => Some(Fault::at(
            "/title",
            FaultCode::TooLong,
            messages::at_most_characters(300_u32),
        )),
        "400" => Some(Fault::of(
            "limit",
            FaultCode::Invalid,
            messages::page_limit(),
        )),
        "409" => Some(Fault::at(
            "/slug",
            FaultCode::Taken,
            crate::news::messages::slug_of_other(),
        )),
        _ => None,
    };
    let errors: Vec<_> = fault.iter().map(|it| it.body(language)).collect();
    json!({
        "type": format!("/problems/{}", kind.name),
        "title": kind.title.in_language(language),
        "status": kind.status.as_u16(),
        "detail": kind.explanation.in_language(language),
        "instance": "/v1/articles",
        "request_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11",
        "errors": errors,
    })
}
