//! The contract (OpenAPI 3.1): what utoipa derives from the handlers and types, and what no single one of them can say.
//! Documents that come in are checked against the very schemas that are published here.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_actix_web::AppExt;

use crate::access::audit::AuditEntry;
use crate::http::query::PageInfo;
use crate::http::validation::SchemaValidator;
use crate::idempotency::LONGEST_KEY;
use crate::news::search::SearchHit;
use crate::problem::{Current, Fault, ProblemBody};
use crate::server::routes;

/// The whole contract.
pub fn contract() -> &'static Value {
    static CONTRACT: LazyLock<Value> = LazyLock::new(build);
    &CONTRACT
}

/// The contract as it is served, printed and committed.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", contract()));
    &TEXT
}

/// What a document of this schema must obey.
pub fn rules(schema: &str) -> &'static SchemaValidator {
    static RULES: LazyLock<HashMap<String, SchemaValidator>> = LazyLock::new(|| {
        RESOURCES
            .iter()
            .flat_map(|resource| {
                [format!("New{resource}"), format!("{resource}Patch")].map(|name| (*resource, name))
            })
            .map(|(resource, name)| {
                let written = properties(&format!("New{resource}"));
                // Where it stands in a tree, it has its children too.
                let read_only = properties(resource)
                    .into_iter()
                    .chain(properties(&format!("{resource}Node")))
                    .filter(|field| !written.contains(field))
                    .collect();
                let rules = SchemaValidator::new(contract(), &name, read_only);
                (name, rules)
            })
            .chain(ALONE.map(|name| {
                (
                    name.to_owned(),
                    SchemaValidator::new(contract(), name, Vec::new()),
                )
            }))
            .collect()
    });
    &RULES[schema]
}

/// A field of what is sent, and the names of what is in it, where that is an object or a list of them.
#[derive(Debug)]
pub struct Field {
    pub name: String,
    pub inner: Vec<String>,
}

/// The fields of a resource, in the order in which they are sent.
pub fn fields(resource: &str) -> &'static [Field] {
    static FIELDS: LazyLock<HashMap<&str, Vec<Field>>> = LazyLock::new(|| {
        let schemas = &contract()["components"]["schemas"];
        let found = |schema: &Value| -> Value {
            let schema = schema.get("items").unwrap_or(schema);
            match schema["$ref"]
                .as_str()
                .and_then(|path| path.rsplit('/').next())
            {
                Some(name) => schemas[name].clone(),
                None => schema.clone(),
            }
        };
        let names = |schema: &Value| -> Vec<String> {
            let properties = schema["properties"].as_object();
            properties
                .into_iter()
                .flat_map(|all| all.keys().cloned())
                .collect()
        };
        LISTED
            .iter()
            .chain(&CHOSEN_FROM)
            .map(|resource| {
                // What only a list has goes by its name there.
                let schema = schemas.get(*resource);
                let schema = schema.unwrap_or_else(|| &schemas[format!("Listed{resource}")]);
                let properties = schema["properties"].as_object();
                let fields = properties
                    .into_iter()
                    .flatten()
                    .map(|(name, schema)| Field {
                        name: name.clone(),
                        inner: names(&found(schema)),
                    });
                (*resource, fields.collect())
            })
            .collect()
    });
    &FIELDS[resource]
}

/// The names in a schema, and in those that it is made of.
fn properties(schema: &str) -> Vec<String> {
    let schema = &contract()["components"]["schemas"][schema];
    let parts = schema["allOf"].as_array().into_iter().flatten();
    parts
        .chain([schema])
        .filter_map(|part| part["properties"].as_object())
        .flat_map(|properties| properties.keys().cloned())
        .collect()
}

/// What has a `New…` and a `…Patch`.
const RESOURCES: [&str; 7] = [
    "Category", "Headline", "Article", "Author", "Tag", "Site", "Key",
];
/// What is sent and is nothing of a resource.
const ALONE: [&str; 1] = ["NewRotation"];
/// What has a list, and so a `Listed…` and a `…Page`.
const LISTED: [&str; 8] = [
    "Category",
    "Headline",
    "Article",
    "Author",
    "Tag",
    "SearchHit",
    "AuditEntry",
    "Key",
];

/// What has no list, and of which `fields` chooses all the same.
const CHOSEN_FROM: [&str; 3] = ["Site", "Me", "Completion"];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Manchette",
        description = "A news content API: headlines (a live ticker), articles and categories, with authors, tags, \
            translations and search.\n\n\
            Names are `snake_case`. Times are RFC 3339 in UTC. Ids are UUIDs. Text is plain text, but for `body` and \
            `body_html`. A missing value is `null`. Lists page by cursor. Errors are `application/problem+json` \
            (RFC 9457). Every `GET` has an `ETag` and answers `If-None-Match`; `If-Match` guards changes. Wherever \
            there is a `GET` there is a `HEAD`.",
        contact(name = "Whoever runs this server"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "Headlines", description = "The lines of the ticker."),
        (name = "Articles", description = "The stories."),
        (name = "Categories", description = "The sections of the site, in a tree."),
        (name = "Authors", description = "Who signs articles."),
        (name = "Tags", description = "What articles are about."),
        (name = "Site", description = "The site itself."),
        (name = "Search", description = "What finds words."),
        (name = "Keys", description = "Who may do what."),
        (name = "Operations", description = "For those who run it."),
    ),
    components(schemas(ProblemBody, Fault, Current, PageInfo, SearchHit, AuditEntry)),
)]
struct Base;

fn build() -> Value {
    let mut base = Base::openapi();
    base.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("mnc_…")
        .description(Some(
            "A key with scopes: `read` (drafts too), `early` (what is scheduled), `write`, `publish`, `admin`.",
        ))
        .build();
    let jwt = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A JWT (RFC 7519) of the identity provider that the server's settings name, if they name one: signed with \
            RS256, ES256 or EdDSA, with the same scopes in a claim.",
        ))
        .build();
    let schemes = &mut base.components.get_or_insert_default().security_schemes;
    schemes.insert("key".into(), SecurityScheme::Http(key).into());
    schemes.insert("jwt".into(), SecurityScheme::Http(jwt).into());
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(base)
        .configure(routes::configure)
        .split_for_parts();
    let mut document = serde_json::to_value(document).expect("the contract is JSON");
    complete(&mut document);
    document
}

fn complete(document: &mut Value) {
    let schemas = document["components"]["schemas"]
        .as_object_mut()
        .expect("there are schemas");
    let whole = schemas.clone();
    for schema in schemas.values_mut() {
        join_parts(schema, &whole);
    }
    for (name, schema) in schemas.iter_mut() {
        write_out(schema, &whole);
        if !name.starts_with("New") && name != "Image" {
            require_everything(schema);
        }
    }
    for resource in LISTED {
        derive_listed(schemas, resource);
    }
    for resource in CHOSEN_FROM {
        let mut part = schemas[resource].clone();
        leave_to_fields(&mut part);
        let description = part["description"].as_str().unwrap_or_default();
        part["description"] = format!("{description} As `fields` chooses from it.").into();
        schemas.insert(format!("Partial{resource}"), part);
    }
    let completion = &mut schemas["Completions"]["properties"]["items"]["items"];
    *completion = with_part(completion.take(), "PartialCompletion");
    for resource in RESOURCES {
        derive_patch(schemas, resource);
    }
    derive_search(schemas);
    // What was written out where it is used.
    schemas.retain(|name, _| {
        ![
            "ArticleRef",
            "ArticleBodies",
            "CategoryRef",
            "ParentRef",
            "Image",
            "SearchHit",
            "AuditEntry",
        ]
        .contains(&name.as_str())
    });
    let schemas = schemas.clone();
    let paths = document["paths"].as_object_mut().expect("there are paths");
    for (path, operations) in paths.iter_mut() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            complete_operation(path, method, operation, &schemas);
        }
    }
    document["components"]["headers"] = headers();
    document["components"]["responses"] = problems();
}

/// Puts the parts of a flattened struct together to one object, which every generator of clients understands.
fn join_parts(schema: &mut Value, whole: &Map<String, Value>) {
    let Some(parts) = schema.get_mut("allOf").map(Value::take) else {
        return;
    };
    let object = schema.as_object_mut().expect("a schema is an object");
    object.remove("allOf");
    object.insert("type".into(), json!("object"));
    let mut properties = Map::new();
    for part in parts.as_array().into_iter().flatten() {
        let named = part["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next());
        let part = named.map_or(part, |name| &whole[name]);
        properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
    }
    object.insert("properties".into(), Value::Object(properties));
}

/// Control characters, which no text may hold; in longer text but for tabs and line ends.
const CONTROL: &str = r"\x00-\x1F\x7F-\x9F";
const CONTROL_BUT_SPACE: &str = r"\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F";
/// A language with, where that matters, its script, region and variants (BCP 47, as Unicode has it).
const LANGUAGE: &str = "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$";
const IDS: &str =
    "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})*$";
/// What can be in text without anything to be seen.
const INVISIBLE: &str = r"\s\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFE\uFFFF";

/// Writes out what the types name in a word: the kinds of text as patterns, what may be null with its own type.
fn write_out(schema: &mut Value, whole: &Map<String, Value>) {
    if let Some(target) = nullable_reference(schema) {
        let description = schema["oneOf"]
            .as_array()
            .and_then(|choices| choices.iter().find_map(|choice| choice.get("description")))
            .cloned();
        *schema = whole[&target].clone();
        schema["type"] = json!(["object", "null"]);
        if let Some(description) = description {
            schema["description"] = description;
        }
    }
    if let Some(parts) = schema.get_mut("allOf").map(Value::take) {
        // An enum and its default.
        let parts = parts
            .as_array()
            .into_iter()
            .flatten()
            .rev()
            .filter_map(Value::as_object);
        *schema = parts
            .fold(Map::new(), |mut all, part| {
                all.extend(part.clone());
                all
            })
            .into();
    }
    if let Some(object) = schema.as_object_mut() {
        let text = |control: &str| format!("^[^{control}]*[^{control}{INVISIBLE}][^{control}]*$");
        let pattern = match object.get("format").and_then(Value::as_str) {
            Some("line") => Some((text(CONTROL), true)),
            Some("prose") => Some((text(CONTROL_BUT_SPACE), true)),
            Some("body") => Some((format!("^[^{CONTROL_BUT_SPACE}]*$"), true)),
            Some("slug") => Some((
                r"^[^\x00-\x2C\x2E\x2F\x3A-\x60\x7B-\xA9\u2000-\u206F]+$".to_owned(),
                false,
            )),
            Some("uri") => Some((r"^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$".to_owned(), false)),
            Some("bcp47") => Some((LANGUAGE.to_owned(), false)),
            _ => None,
        };
        if let Some((pattern, instead)) = pattern {
            if instead {
                object.remove("format");
            }
            object.insert("pattern".into(), pattern.into());
        }
        for value in object.values_mut() {
            write_out(value, whole);
        }
    } else if let Some(list) = schema.as_array_mut() {
        for value in list {
            write_out(value, whole);
        }
    }
}

/// The schema that this one refers to, or allows null instead.
fn nullable_reference(schema: &Value) -> Option<String> {
    let choices = schema
        .get("oneOf")?
        .as_array()
        .filter(|choices| choices.len() == 2)?;
    choices.iter().find(|choice| choice["type"] == "null")?;
    let reference = choices.iter().find_map(|choice| choice["$ref"].as_str())?;
    Some(reference.rsplit('/').next()?.to_owned())
}

/// What we send has every field: a missing value is null.
fn require_everything(schema: &mut Value) {
    let optional = [
        "total",
        "total_is_exact",
        "missing",
        "article_count",
        "article_count_is_exact",
        "current",
    ];
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let names: Vec<&String> = properties
            .keys()
            .filter(|name| !optional.contains(&name.as_str()))
            .collect();
        schema["required"] = json!(names);
    }
    for inner in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        require_everything(inner.1);
    }
}

/// Makes of a resource what a list holds of it, and a page of that.
fn derive_listed(schemas: &mut Map<String, Value>, resource: &str) {
    let bodies = ["body", "body_html", "body_text"];
    let mut listed = schemas[resource].clone();
    listed["description"] = json!(format!(
        "{} As a list has it: `fields` chooses what is there.",
        listed["description"].as_str().unwrap_or_default()
    ));
    if let Some(example) = listed["example"].as_object_mut() {
        example.retain(|name, _| !bodies.contains(&name.as_str()));
    }
    let example = listed["example"].clone();
    if resource == "Category" {
        listed["properties"]["children"] = json!({
            "type": "array", "maxItems": 1000, "items": {"$ref": "#/components/schemas/CategoryNode"},
            "description": "The categories right below it, with `tree=true`.",
        });
    }
    leave_to_fields(&mut listed);
    let page = json!({
        "type": "object",
        "description": "A page of a list.",
        "required": ["items", "page"],
        "properties": {
            "items": {"type": "array", "maxItems": if resource == "Category" { 1000 } else { 100 },
                "items": {"$ref": format!("#/components/schemas/Listed{resource}")}},
            "page": {"$ref": "#/components/schemas/PageInfo"},
        },
        "example": {"items": [example], "page": {"limit": 20, "next": null, "prev": null}},
    });
    schemas.insert(format!("Listed{resource}"), listed);
    schemas.insert(format!("{resource}Page"), page);
}

/// Requires nothing of an object, nor of what is right in it: `fields` leaves out either.
fn leave_to_fields(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    object.remove("required");
    for (_, inner) in object["properties"].as_object_mut().into_iter().flatten() {
        if let Some(inner) = inner.as_object_mut() {
            inner.remove("required");
        }
    }
}

/// Makes of a resource what a patch of it may be.
fn derive_patch(schemas: &mut Map<String, Value>, resource: &str) {
    let mut patch = schemas[&format!("New{resource}")].clone();
    let object = patch.as_object_mut().expect("it is an object");
    object.remove("required");
    object.insert(
        "description".into(),
        "A JSON Merge Patch (RFC 7396): null clears, what is left out stays. A `slug` that is null stays as well. What only \
         the server writes is ignored."
            .into(),
    );
    for property in object["properties"].as_object_mut().into_iter().flatten() {
        if let Some(property) = property.1.as_object_mut() {
            property.remove("default");
            // An object within is patched too.
            property.remove("required");
            // A list that is cleared is an empty one.
            if property.get("type") == Some(&json!("array")) && property.get("minItems").is_none() {
                property.insert("type".into(), json!(["array", "null"]));
            }
            // Of a map, all or one.
            if let Some(inner) = property
                .get_mut("additionalProperties")
                .filter(|it| it.is_object())
            {
                inner["type"] = json!(["string", "null"]);
                property.insert("type".into(), json!(["object", "null"]));
            }
        }
    }
    object.insert(
        "example".into(),
        match resource {
            "Category" => json!({"position": 3}),
            "Author" => json!({"bio": "Elle suit les champs, les eaux et ceux qui en vivent."}),
            "Tag" => json!({"kind": "place"}),
            "Key" => json!({"name": "newsroom, evening desk"}),
            "Site" => json!({"time_zone": "Africa/Casablanca"}),
            _ => json!({"title": "Les premières pluies relancent enfin les semailles"}),
        },
    );
    schemas.insert(format!("{resource}Patch"), patch);
}

/// What a search answers with: what lists have of the resources.
fn derive_search(schemas: &mut Map<String, Value>) {
    for (field, listed) in [("article", "ListedArticle"), ("headline", "ListedHeadline")] {
        let mut inner = schemas[listed].clone();
        inner["type"] = json!(["object", "null"]);
        if let Some(inner) = inner.as_object_mut() {
            inner.remove("example");
        }
        for hit in ["SearchHit", "ListedSearchHit"] {
            schemas[hit]["properties"][field] = inner.clone();
        }
    }
    let page = &mut schemas["SearchHitPage"];
    page["properties"]["suggestion"] = json!({
        "type": ["string", "null"], "maxLength": 400,
        "description": "The query as it may have been meant, where it found next to nothing and a word of it seems mistyped.",
    });
    page["required"] = json!(["items", "page", "suggestion"]);
    page["example"]["suggestion"] = Value::Null;
    let example = json!({"items": [schemas["ListedArticle"]["example"]]});
    schemas.insert(
        "RelatedArticles".into(),
        json!({
            "type": "object",
            "description": "What else to read, the best first.",
            "required": ["items"],
            "properties": {"items": {"type": "array", "maxItems": 10, "items": {"$ref": "#/components/schemas/ListedArticle"}}},
            "example": example,
        }),
    );
}

fn complete_operation(
    path: &str,
    method: &str,
    operation: &mut Value,
    schemas: &Map<String, Value>,
) {
    let reads = method == "get";
    let content = path.starts_with("/v1/");
    let for_admins = operation["security"][0]["key"] == json!(["admin"]);
    let named = path.contains("/{id}");
    let limited = !["/livez", "/readyz"].contains(&path);
    let one = path.ends_with("/{id}") || path == "/v1/site";
    let takes = |name: &str| {
        let parameters = operation["parameters"].as_array();
        parameters.is_some_and(|all| all.iter().any(|parameter| parameter["name"] == name))
    };
    let lists = takes("cursor");
    // Content names things in its own language, whatever the browser prefers.
    let of_content = ["/v1/articles", "/v1/headlines", "/v1/search"];
    let negotiates =
        reads && takes("language") && !of_content.iter().any(|begin| path.starts_with(begin));
    let by_status = takes("status");
    let chooses = reads && takes("fields");
    let of_keys = path.starts_with("/v1/keys");
    let parameters = operation.get_mut("parameters");
    for parameter in parameters
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        write_out(&mut parameter["schema"], &Map::new());
        let own = match parameter["name"].as_str().unwrap_or_default() {
            "language" => Some(LANGUAGE),
            "cursor" => Some("^[A-Za-z0-9_-]+$"),
            "date" => Some(
                "^(1[6-9]|[2-8][0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]|29|30|31)$",
            ),
            "ids" => Some(IDS),
            _ => None,
        };
        if let Some(pattern) = own {
            parameter["schema"]["pattern"] = pattern.into();
        }
        if path == "/v1/search" && parameter["name"] == "fields" {
            parameter["example"] = "type,title_highlighted,article.slug".into();
        }
        if path == "/v1/me" && parameter["name"] == "fields" {
            parameter["example"] = "name,scopes,limits.remaining".into();
        }
    }
    let needs_key = operation["security"][0]["key"].is_array();
    secure(operation, reads, content);
    if !reads && one {
        let mut parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The `ETag` of what is to be changed: refused with 412 when it has moved on.",
            "schema": {"type": "string", "pattern": "^(\\*|(W/)?\"[!#-~]*\"(, (W/)?\"[!#-~]*\")*)$"},
            "example": "\"1-5f0c2b7a9e1d-0123456789abcdef01234567\"",
        }));
        parameters.push(json!({
            "name": "If-Unmodified-Since", "in": "header", "required": false,
            "description": "The `updated_at` of what is to be changed, as HTTP writes dates, where there is no `If-Match`: refused with 412 when it has changed since. Two changes in one second look alike.",
            "schema": {"type": "string"}, "example": "Mon, 23 Nov 2026 14:00:00 GMT",
        }));
        if method == "put" {
            parameters.push(json!({
                "name": "If-None-Match", "in": "header", "required": false,
                "description": "`*`: only create, never replace.",
                "schema": {"type": "string"}, "example": "*",
            }));
        }
        operation["parameters"] = parameters.into();
    }
    if method == "post" {
        let mut parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Names what is to be done, so that it is done once: whoever sends the same within 24 hours gets the first answer again. A UUID, say.",
            "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
            "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
        }));
        operation["parameters"] = parameters.into();
    }
    if reads {
        let mut parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        parameters.push(json!({
            "name": "If-None-Match", "in": "header", "required": false,
            "description": "An `ETag` that is known already: 304 when nothing has changed.",
            "schema": {"type": "string"}, "example": "\"0123456789abcdef01234567\"",
        }));
        if negotiates {
            parameters.push(json!({
                "name": "Accept-Language", "in": "header", "required": false,
                "description": "The languages that names are wanted in, where `language` names none.",
                "schema": {"type": "string"}, "example": "ar, fr;q=0.5",
            }));
        }
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = operation.get_mut("requestBody") {
        // Every field of a rotation has a default.
        body["required"] = json!(path != "/v1/keys/{id}/rotate");
        if method == "patch"
            && let Some(content) = body["content"].as_object_mut()
            && let Some(merge) = content.get("application/merge-patch+json").cloned()
        {
            content.insert("application/json".into(), merge);
        }
        add_examples(body, schemas);
    }
    let responses = operation["responses"]
        .as_object_mut()
        .expect("every operation answers something");
    for (status, response) in responses.iter_mut() {
        add_examples(response, schemas);
        if chooses && status == "200" {
            allow_parts(response, schemas);
        }
        let mut headers = vec!["X-Request-Id"];
        if limited {
            headers.extend(RATE_LIMITS);
        }
        if status != "204" {
            headers.push("ETag");
        }
        if lists {
            headers.push("Link");
        }
        if reads {
            headers.extend(["Cache-Control", "Vary"]);
        }
        if reads && content && !needs_key {
            headers.extend(["Cache-Tag", "Surrogate-Key"]);
        }
        if one && status != "204" && (path.contains("/articles/") || path.contains("/headlines/")) {
            headers.push("Content-Language");
        }
        if status == "201" {
            headers.push("Location");
        }
        if method == "post" {
            headers.push("Idempotency-Replayed");
        }
        let headers: Map<String, Value> = headers
            .into_iter()
            .map(|name| {
                (
                    name.to_owned(),
                    json!({"$ref": format!("#/components/headers/{name}")}),
                )
            })
            .collect();
        response["headers"] = headers.into();
    }
    let mut statuses = vec!["400", "408", "414", "431", "500"];
    if limited {
        statuses.push("429");
    }
    if path != "/livez" {
        statuses.push("503");
    }
    if !["/livez", "/readyz"].contains(&path) {
        // A read may need space too, for a temporary file.
        statuses.push("507");
    }
    if content {
        // Asking by status needs a key; a wrong one is refused everywhere.
        statuses.push("401");
    }
    if content && (!reads || by_status || of_keys || for_admins) {
        statuses.push("403");
    }
    if reads {
        statuses.push("304");
    }
    if named {
        statuses.push("404");
        if path != "/v1/headlines/{id}" && !of_keys {
            statuses.push("308");
        }
        if reads && (path.starts_with("/v1/articles/") || path.starts_with("/v1/headlines/")) {
            statuses.push("410");
        }
    }
    if one && !reads {
        statuses.extend(["412", "428"]);
    }
    let keeps = ["/v1/articles/{id}", "/v1/headlines/{id}"].contains(&path);
    if !reads && path != "/v1/site" && !(method == "delete" && keeps) {
        statuses.push("409");
    }
    if operation_has_body(method) {
        statuses.extend(["413", "415", "422"]);
    }
    for status in statuses {
        responses.entry(status).or_insert_with(
            || json!({"$ref": format!("#/components/responses/{}", response_name(status))}),
        );
    }
    responses.sort_keys();
}

/// Who may call it. The scopes stand in the text: OpenAPI has a place for those of OAuth alone.
fn secure(operation: &mut Value, reads: bool, content: bool) {
    let scopes = operation["security"][0]["key"].as_array();
    let scopes = scopes.map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>());
    let needs_key = scopes.is_some();
    let needs = match (reads, content, scopes.as_deref()) {
        (_, _, Some([])) => "Needs a key, whatever it allows.",
        (_, _, Some(["admin"])) => "Needs a key with the scope `admin`.",
        (true, true, _) => {
            "Needs no key for what is published; one with the scope `read` shows the rest."
        }
        (_, _, Some([_, _])) => {
            "Needs a key with the scope `write`; for what concerns the public, `publish` too."
        }
        (_, _, Some([_])) => "Needs a key with the scope `write`.",
        _ => "Needs no key.",
    };
    let description = operation["description"].as_str().unwrap_or_default();
    operation["description"] = format!("{description}\n\n{needs}").trim_start().into();
    operation["security"] = match (reads, content, needs_key) {
        (true, true, false) => json!([{}, {"key": []}, {"jwt": []}]),
        (true, false, _) => json!([]),
        _ => json!([{"key": []}, {"jwt": []}]),
    };
}

/// Where one resource is answered, `fields` may choose a part of it.
fn allow_parts(response: &mut Value, schemas: &Map<String, Value>) {
    let schema = &mut response["content"]["application/json"]["schema"];
    let name = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next());
    let part = name.and_then(|name| {
        let parts = [format!("Listed{name}"), format!("Partial{name}")];
        parts.into_iter().find(|part| schemas.contains_key(part))
    });
    if let Some(part) = part {
        *schema = with_part(schema.take(), &part);
    }
}

/// A schema, or that of a part of it.
fn with_part(schema: Value, part: &str) -> Value {
    json!({"anyOf": [schema, {"$ref": format!("#/components/schemas/{part}")}]})
}

fn operation_has_body(method: &str) -> bool {
    matches!(method, "post" | "put" | "patch")
}

fn add_examples(holder: &mut Value, schemas: &Map<String, Value>) {
    for media in holder
        .get_mut("content")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        let name = media.1["schema"]["$ref"]
            .as_str()
            .and_then(|path| path.rsplit('/').next());
        if let Some(example) = name
            .and_then(|name| schemas.get(name))
            .and_then(|schema| schema.get("example"))
        {
            media.1["example"] = example.clone();
        }
    }
}

fn headers() -> Value {
    let header = |description: &str, example: &str| json!({"description": description, "schema": {"type": "string"}, "example": example});
    json!({
        "ETag": header("A strong entity tag (RFC 9110); it changes with every byte of the answer.", "\"1-5f0c2b7a9e1d-0123456789abcdef01234567\""),
        "Cache-Control": header("What caches may do with it; `private, no-store` with a key.", "public, max-age=5, stale-while-revalidate=30, stale-if-error=86400"),
        "Cache-Tag": header("What the answer is made of, for caches that drop by such names; without a key only.", "article,article-0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14"),
        "Content-Language": header("The language that it is in (BCP 47).", "fr"),
        "Surrogate-Key": header("The same as `Cache-Tag`, with spaces between.", "article article-0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14"),
        "Vary": header("The request's headers that decide about the answer.", "Accept-Encoding, Authorization"),
        "Idempotency-Replayed": header("`true` where this is the answer that was given to the same request before.", "true"),
        "Link": header("The pages around this one (RFC 8288), as in `page`.", "</v1/headlines?limit=20&cursor=AYx0>; rel=\"next\""),
        "Location": header("Where the new resource is.", "/v1/headlines/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13"),
        "X-Request-Id": header("Names this request in the server's log; the caller's own, where it sent one.", "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
        "WWW-Authenticate": header("How to come in (RFC 6750).", "Bearer realm=\"manchette\""),
        "RateLimit": header("What is left of a policy (draft-ietf-httpapi-ratelimit-headers-10): `r` requests now; all of them in `t` seconds. From a cache it may be out of date.", "\"reads\";r=999;t=1"),
        "RateLimit-Policy": header("The policy that this counted for: `q` requests in `w` seconds, by key or, without one, by address.", "\"reads\";q=1000;w=10"),
        "Retry-After": {"description": "Seconds to wait before trying again.", "schema": {"type": "integer", "minimum": 0}, "example": 1},
    })
}

/// The answers that several statuses share a word for: what is not one of our problems, and what is.
const STATUSES: [(&str, &str, &str); 20] = [
    (
        "304",
        "NotModified",
        "It is as it was: what the client has is still good.",
    ),
    (
        "308",
        "Moved",
        "The slug has changed: `Location` has the new address.",
    ),
    (
        "400",
        "BadRequest",
        "The request can't be read, or a parameter is wrong.",
    ),
    (
        "401",
        "Unauthorized",
        "A key is needed, or the one that was sent is not good.",
    ),
    (
        "403",
        "Forbidden",
        "The key has not the scope that this needs.",
    ),
    (
        "404",
        "NotFound",
        "Nothing is here, or nothing that the caller may see.",
    ),
    (
        "408",
        "TooSlow",
        "The head or the body did not arrive in time. Where it was the head, the connection closes.",
    ),
    ("409", "Conflict", "It doesn't fit with what is there."),
    (
        "410",
        "Gone",
        "It was published once and has been taken down.",
    ),
    ("412", "PreconditionFailed", "It has moved on since."),
    (
        "413",
        "TooLarge",
        "The body is larger than 1 MiB or, where it writes an article, than 16 MiB.",
    ),
    (
        "414",
        "AddressTooLong",
        "The address and its parameters have more than 8 KiB.",
    ),
    (
        "415",
        "UnsupportedMediaType",
        "The body is not JSON, or not called so.",
    ),
    (
        "422",
        "Invalid",
        "The content breaks rules; every fault is listed.",
    ),
    (
        "428",
        "PreconditionRequired",
        "This server wants an `If-Match`.",
    ),
    (
        "429",
        "TooManyRequests",
        "More than one key, or one address without a key, may send in that time.",
    ),
    (
        "431",
        "HeadersTooLarge",
        "There are more than 64 header lines, or 16 KiB of them; far beyond that there is no body and the connection closes.",
    ),
    ("500", "Internal", "Something broke on our side."),
    (
        "503",
        "Unavailable",
        "The database can't be asked just now, or too many large bodies are being processed.",
    ),
    (
        "507",
        "StorageFull",
        "The database server has no disk space left; nothing was changed.",
    ),
];

/// What says how much a caller may still send.
const RATE_LIMITS: [&str; 2] = ["RateLimit", "RateLimit-Policy"];

fn response_name(status: &str) -> &'static str {
    STATUSES
        .iter()
        .find(|(known, ..)| *known == status)
        .map_or("Internal", |(_, name, _)| name)
}

fn problems() -> Value {
    let responses: Map<String, Value> = STATUSES
        .iter()
        .map(|(status, name, description)| {
            let reference = |name: &str| json!({"$ref": format!("#/components/headers/{name}")});
            let mut headers =
                Map::from_iter([("X-Request-Id".to_owned(), reference("X-Request-Id"))]);
            let more: &[&str] = match *status {
                "304" | "412" => &["ETag"],
                "308" => &["Location"],
                "401" | "403" => &["WWW-Authenticate"],
                "409" | "429" | "503" | "507" => &["Retry-After"],
                _ => &[],
            };
            // What is refused before anybody is asked counts for nobody.
            let counted = !["408", "414", "431"].contains(status);
            let more = more.iter().chain(RATE_LIMITS.iter().filter(|_| counted));
            headers.extend(more.map(|name| ((*name).to_owned(), reference(name))));
            let mut response = json!({"description": description, "headers": headers});
            if *status != "304" {
                response["content"] = json!({"application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"}, "example": example(status),
                }});
            }
            (name.to_string(), response)
        })
        .collect();
    responses.into()
}

/// A problem of this status, as it is sent.
fn example(status: &str) -> Value {
    let kind = crate::problem::KINDS
        .iter()
        .rev()
        .find(|kind| kind.status.as_str() == status)
        .expect("every status has its kind");
    let errors = match status {
        "422" => json!([Fault::at("/title", "too_long", "at most 300 characters")]),
        "400" => json!([Fault::of(
            "limit",
            "invalid",
            "a whole number from 1 to 100"
        )]),
        "409" => json!([Fault::at("/slug", "taken", "something else has this slug")]),
        _ => json!([]),
    };
    json!({
        "type": format!("/problems/{}", kind.name),
        "title": kind.title,
        "status": kind.status.as_u16(),
        "detail": kind.explanation,
        "instance": "/v1/articles",
        "request_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11",
        "errors": errors,
    })
}
