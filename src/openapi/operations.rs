//! Completes an operation: what follows from its method, parameters, body and scopes is the same everywhere.

use serde_json::{Map, Value, json};

use super::{headers, parameters, responses};
use crate::http::schema::reference_of;

/// The facts about an operation that the rest of its description follows from.
pub struct Facts {
    /// In lower case, as the contract has it.
    pub method: String,
    pub reads: bool,
    /// Whether it answers with a stream, which has no entity tag.
    pub is_stream: bool,
    /// Whether it is about changes, which no cache keeps.
    pub is_live: bool,
    /// Whether it is a health check: it takes no key and is not rate limited. Its annotation says `security(())`.
    pub is_probe: bool,
    /// The scopes that it needs; none where it can be called without a key.
    pub scopes: Option<Vec<String>>,
    /// Whether it has a parameter in its path, and whether that may be a slug.
    pub has_id: bool,
    pub takes_slug: bool,
    pub takes_status: bool,
    pub has_body: bool,
}

impl Facts {
    fn of(method: &str, operation: &Value) -> Self {
        let parameters: Vec<&Value> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        let takes = |name: &str| parameters.iter().any(|it| it["name"] == name);
        let is_stream = operation["responses"]["200"]["content"]
            .get("text/event-stream")
            .is_some();
        let id = parameters.iter().find(|it| it["in"] == "path");
        let scopes = operation["security"][0]["key"].as_array().map(|scopes| {
            let scopes = scopes.iter().filter_map(Value::as_str);
            scopes.map(str::to_owned).collect()
        });
        Self {
            method: method.to_owned(),
            reads: method == "get" && !is_stream,
            is_stream,
            is_live: operation["tags"][0] == "Live",
            is_probe: operation["security"] == json!([{}]),
            scopes,
            has_id: id.is_some(),
            takes_slug: id.is_some_and(|id| id["schema"]["format"] != "uuid"),
            takes_status: takes("status"),
            has_body: operation.get("requestBody").is_some(),
        }
    }

    /// Whether a caller without a key gets the published content.
    pub fn is_public(&self) -> bool {
        self.scopes.is_none() && !self.is_probe
    }

    /// Whether it answers with content that a caller without a key may see, if it is published.
    fn shows_content(&self) -> bool {
        let scopes = self.scopes.as_ref();
        self.is_public() || scopes.is_some_and(|scopes| scopes.iter().any(|it| it == "write"))
    }

    /// Whether it changes one resource that exists or is to exist, and so takes preconditions.
    pub fn is_conditional(&self) -> bool {
        ["put", "patch", "delete"].contains(&self.method.as_str())
    }
}

pub fn complete(path: &str, method: &str, operation: &mut Value, schemas: &Map<String, Value>) {
    let facts = Facts::of(method, operation);
    parameters::complete(&facts, path, operation);
    add_security(&facts, operation);
    if let Some(body) = operation.get_mut("requestBody") {
        complete_body(&facts, body, schemas);
    }
    let all = operation["responses"]
        .as_object_mut()
        .expect("every operation has responses");
    for (status, response) in all.iter_mut() {
        if response.get("$ref").is_none() {
            complete_response(&facts, status, response);
        }
    }
    for status in responses::statuses(&facts) {
        all.entry(status)
            .or_insert_with(|| responses::reference(status));
    }
    all.sort_keys();
    all.shift_remove("default");
    all.insert("default".into(), responses::reference_to_default());
}

/// Describes the scopes in words: OpenAPI 3.1 has a place for those of OAuth alone.
fn add_security(facts: &Facts, operation: &mut Value) {
    let scopes: Option<Vec<&str>> = facts
        .scopes
        .as_ref()
        .map(|all| all.iter().map(String::as_str).collect());
    let needs = match scopes.as_deref() {
        None if facts.is_probe => "Needs no key.",
        None => "Needs no key for published content; one with the scope `read` shows the rest.",
        Some([]) => "Needs a key with any scope.",
        Some(["admin"]) => "Needs a key with the scope `admin`.",
        Some([_]) => "Needs a key with the scope `write`.",
        Some(_) => "Needs a key with the scope `write`; to change public content, `publish` too.",
    };
    let description = operation["description"].as_str().unwrap_or_default();
    operation["description"] = format!("{description} {needs}").trim_start().into();
    operation["security"] = match facts.is_probe {
        true => json!([]),
        false if facts.is_public() => json!([{}, {"key": []}, {"jwt": []}]),
        false => json!([{"key": []}, {"jwt": []}]),
    };
}

fn complete_body(facts: &Facts, body: &mut Value, schemas: &Map<String, Value>) {
    if let Some(content) = body["content"].as_object_mut()
        && let Some(merge) = content.get("application/merge-patch+json").cloned()
    {
        content.insert("application/json".into(), merge);
    }
    // A body may be left out where every field has a default.
    let schema = body["content"]["application/json"]["schema"].clone();
    let schema = reference_of(&schema).and_then(|name| schemas.get(name));
    let requires_field = schema.is_some_and(|schema| schema.get("required").is_some());
    body["required"] = json!(requires_field || facts.method != "post");
}

/// Adds the headers of a success. Those that every response has stand at the default response alone.
fn complete_response(facts: &Facts, status: &str, response: &mut Value) {
    let mut names = Vec::new();
    if status != "204" && !facts.is_probe {
        names.extend(["Cache-Control", "Vary"]);
        names.extend((!facts.is_stream).then_some("ETag"));
    }
    if status != "204" && facts.shows_content() {
        names.push("Cache-Status");
        names.extend((!facts.is_live).then_some("Cache-Tag"));
    }
    if status == "201" {
        names.push("Idempotency-Replayed");
    }
    headers::add(response, &names);
}
