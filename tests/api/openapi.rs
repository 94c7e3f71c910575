//! The OpenAPI document matches the server.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use manchette::server::contract::{self, contract, resolve};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{JsonPath, TestApp};

fn operations() -> Vec<(String, String, &'static Value)> {
    contract()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let operations = item.as_object().unwrap().iter();
            operations.map(move |(method, operation)| (path.clone(), method.clone(), operation))
        })
        .collect()
}

/// The parameters of an operation.
fn parameters(operation: &'static Value) -> impl Iterator<Item = &'static Value> {
    let parameters = operation["parameters"].as_array();
    parameters.into_iter().flatten().map(resolve)
}

fn validator(schema: &Value) -> jsonschema::Validator {
    let mut root = schema.clone();
    root["components"] = contract()["components"].clone();
    jsonschema::validator_for(&root).unwrap()
}

#[test]
fn the_committed_document_matches_the_code() {
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json"))
            .unwrap();
    assert!(
        committed == contract::text(),
        "openapi/openapi.json differs from the code: `cargo run -- openapi > openapi/openapi.json`"
    );
}

/// The Rust files below `src`.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// utoipa takes the responses from the handler's return type. An annotation adds only what no return type can say.
#[test]
fn every_handler_documents_its_responses_by_its_return_type() {
    let mut files = Vec::new();
    sources(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut files,
    );
    let mut handlers = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for annotated in text.split("#[utoipa::path(").skip(1) {
            let (annotation, rest) = annotated.split_once(")]").unwrap();
            let place = format!("{}: {annotation}", file.display());
            assert!(
                !annotation.contains("ref("),
                "a schema by string in {place}"
            );
            if let Some((_, responses)) = annotation.split_once("responses(") {
                let allowed = ["Conflict", "Gone"].iter();
                let mut allowed = allowed.filter(|name| responses.starts_with(**name));
                assert!(allowed.next().is_some(), "a response by hand in {place}");
            }
            let (signature, _) = rest.split_once(" {\n").unwrap();
            let (_, answer) = signature.rsplit_once("-> ").unwrap();
            assert!(
                !answer.contains("HttpResponse"),
                "an untyped response in {place}"
            );
            handlers += 1;
        }
    }
    assert_eq!(handlers, operations().len());
}

#[test]
fn every_operation_is_fully_described() {
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations() {
        let place = format!("{method} {path}");
        assert!(ids.insert(operation.text("/operationId")), "{place}");
        assert!(
            operation["summary"].is_string() && operation["tags"].is_array(),
            "{place}"
        );
        for parameter in parameters(operation) {
            assert!(parameter["description"].is_string(), "{place} {parameter}");
        }
        let body = operation.get("requestBody");
        assert_eq!(
            body.is_some(),
            ["post", "put", "patch"].contains(&method.as_str()),
            "{place}"
        );
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(
                resolve(response)["description"].is_string(),
                "{place} {status}"
            );
        }
        assert!(operation["responses"]["default"].is_object(), "{place}");
    }
}

/// Calls a function for each object in the contract that has an example of a schema.
fn for_each_example(
    value: &'static Value,
    place: &str,
    call: &mut impl FnMut(&str, &Value, &Value),
) {
    match value {
        Value::Object(members) => {
            if let Some(example) = members.get("example").filter(|it| it.get("$ref").is_none()) {
                call(place, members.get("schema").unwrap_or(value), example);
            }
            let shared = members
                .get("examples")
                .filter(|_| members.contains_key("schema"));
            for (_, example) in shared.and_then(Value::as_object).into_iter().flatten() {
                call(place, &members["schema"], &resolve(example)["value"]);
            }
            for (name, value) in members
                .iter()
                .filter(|(name, _)| !["example", "examples"].contains(&name.as_str()))
            {
                for_each_example(value, &format!("{place}/{name}"), call);
            }
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| for_each_example(item, place, call)),
        _ => {}
    }
}

#[test]
fn every_example_matches_its_schema() {
    let mut examples = 0;
    for_each_example(contract(), "", &mut |place, schema, example| {
        let validator = validator(schema);
        let faults = validator.iter_errors(example).map(|e| e.to_string());
        assert_eq!(faults.collect::<Vec<_>>(), [""; 0], "{place}: {example}");
        examples += 1;
    });
    assert!(examples > 50, "{examples}");
}

#[test]
fn every_enum_stands_in_the_contract_once() {
    let mut enums = BTreeSet::new();
    for_each_object(contract(), &mut |object| {
        if let Some(words) = object.get("enum") {
            assert!(enums.insert(words.to_string()), "{words}");
        }
    });
    assert!(enums.len() > 10, "{enums:?}");
}

fn for_each_object(value: &Value, call: &mut impl FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            call(object);
            object
                .values()
                .for_each(|inner| for_each_object(inner, call));
        }
        Value::Array(items) => items.iter().for_each(|item| for_each_object(item, call)),
        _ => {}
    }
}

/// Generators make a required field of one that has a `default`.
#[test]
fn request_bodies_have_no_defaults_and_nothing_is_an_extension() {
    for (name, schema) in contract()["components"]["schemas"].as_object().unwrap() {
        for_each_object(schema, &mut |object| {
            assert!(!object.contains_key("default"), "{name}");
        });
    }
    for_each_object(contract(), &mut |object| {
        let mut names = object.keys();
        assert!(!names.any(|name| name.starts_with("x-")), "{object:?}");
    });
    assert!(contract::text().len() <= 250_000);
}

/// A server with one of each resource, and the path of an operation on that one.
struct Sample {
    app: TestApp,
    headline: String,
    key: String,
}

impl Sample {
    async fn start() -> Self {
        let app = TestApp::start().await;
        app.category("Économie", None).await;
        app.author("Anir Tafoughi").await;
        app.tag("Larache").await;
        app.article("x", json!({"slug": "x"})).await;
        let headline = app.headline("x", json!({})).await;
        let keys = app.get_as_admin("/v1/keys").await.ok();
        Self {
            app,
            headline: headline.text("/id").to_owned(),
            key: keys.text("/items/0/id").to_owned(),
        }
    }

    fn path(&self, path: &str) -> String {
        let id = match path.split('/').nth(2).unwrap_or_default() {
            "headlines" => &self.headline,
            "keys" => &self.key,
            "categories" => "economie",
            "authors" => "anir-tafoughi",
            "tags" => "larache",
            _ => "x",
        };
        path.replace("{id}", id)
    }
}

/// Some generated clients send every parameter that has a default with it.
#[actix_web::test]
async fn every_default_can_be_sent() {
    let sample = Sample::start().await;
    let mut sent = 0;
    for (path, method, operation) in operations() {
        let defaults = parameters(operation).filter_map(|parameter| {
            let default = &parameter["schema"]["default"];
            let text = default.as_str().map(str::to_owned);
            let text = text.or_else(|| (!default.is_null()).then(|| default.to_string()))?;
            Some(format!("{}={text}", parameter.text("/name")))
        });
        let defaults: Vec<String> = defaults.collect();
        if defaults.is_empty() {
            continue;
        }
        assert_eq!(method, "get", "{path}");
        let path = sample.path(&path);
        let queries: &[&str] = match path.as_str() {
            "/v1/search" => &["q=x&"],
            "/v1/headlines" | "/v1/articles" => &["", "ids=0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13&"],
            "/v1/categories" => &["", "tree=true&"],
            _ => &[""],
        };
        for query in queries {
            let others = defaults
                .iter()
                .filter(|it| !it.starts_with(query.split('=').next().unwrap()) || query.is_empty());
            let all = others.cloned().collect::<Vec<_>>().join("&");
            let without = sample
                .app
                .get_as_admin(&format!("{path}?{query}"))
                .await
                .ok();
            let with = sample
                .app
                .get_as_admin(&format!("{path}?{query}{all}"))
                .await
                .ok();
            // Changes have the place in the log, which moves on.
            if path != "/v1/changes" {
                assert_eq!(with, without, "{path}?{query}{all}");
            }
            sent += 1;
        }
    }
    assert!(sent > 8, "{sent}");
}

/// What a reader of the documentation sends who changes nothing.
#[actix_web::test]
async fn every_example_works_on_the_sample_content_more_than_once() {
    let app = TestApp::start().await;
    manchette::cli::demo::load(&mut app.conn().await)
        .await
        .unwrap();
    for (path, method, operation) in operations() {
        let mut query = Vec::new();
        let mut target = path.clone();
        for parameter in parameters(operation) {
            let (name, example) = (parameter.text("/name"), &parameter["example"]);
            assert_eq!(
                example.is_string(),
                parameter["required"] == true,
                "{path}: {name}"
            );
            match example.as_str() {
                Some(id) if parameter["in"] == "path" => target = target.replace("{id}", id),
                Some(text) => query.push(format!("{name}={text}")),
                None => {}
            }
        }
        let target = match query.is_empty() {
            true => target,
            false => format!("{target}?{}", query.join("&")),
        };
        let times = match method.as_str() {
            "delete" => 0,
            _ if path.ends_with("/rotate") => 1,
            _ => 2,
        };
        for _ in 0..times {
            // A stream has no end.
            let sent = if path.ends_with("/stream") {
                "HEAD".to_owned()
            } else {
                method.to_uppercase()
            };
            let request = app.request_as_admin(sent.parse().unwrap(), &target);
            let body = operation.pointer("/requestBody/content/application~1json/examples/example");
            let request = match body {
                Some(example) => request.json(resolve(example)["value"].clone()),
                None => request,
            };
            let response = request.await;
            let status = if method == "post" { 201 } else { 200 };
            assert_eq!(
                response.status,
                status,
                "{method} {target}: {}",
                response.text()
            );
        }
    }
}

#[actix_web::test]
async fn a_cursor_goes_on_with_defaults_and_without() {
    let app = TestApp::start().await;
    for title in ["x", "y", "z"] {
        app.headline(title, json!({})).await;
    }
    let first = app.get("/v1/headlines?limit=1").await.ok();
    let next = first.text("/page/next");
    let with = format!("/v1/headlines?limit=1&sort=-published_at&direct=false&cursor={next}");
    let with = app.get(&with).await.ok();
    let without = app
        .get(&format!("/v1/headlines?limit=1&cursor={next}"))
        .await
        .ok();
    assert_eq!(with, without);
}

#[actix_web::test]
async fn every_documented_parameter_is_accepted() {
    let sample = Sample::start().await;
    let app = &sample.app;
    for (path, _, operation) in operations().iter().filter(|(_, method, _)| method == "get") {
        for parameter in parameters(operation).filter(|it| it["in"] == "query") {
            let name = parameter.text("/name");
            let schema = &parameter["schema"];
            let in_words = parameter.text("/description").split_once("For example: `");
            let in_words = in_words.and_then(|(_, rest)| rest.split_once('`'));
            let stated = [
                &parameter["example"],
                &schema["default"],
                &resolve(schema)["enum"][0],
            ];
            let stated = stated.into_iter().find(|value| !value.is_null());
            let stated = stated.map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            });
            let value = in_words.map(|(value, _)| value.to_owned()).or(stated);
            let value = match (name, value) {
                // They come from a page: `lists` takes them.
                ("cursor", _) => continue,
                ("since", None) => "now".to_owned(),
                ("fields", _) if path == "/v1/search" => "type".to_owned(),
                ("fields", _) if path == "/v1/me" => "name".to_owned(),
                ("fields", _) => "id".to_owned(),
                (_, Some(value)) => value,
                (_, None) => panic!("{path} has no example for {name}"),
            };
            let value =
                percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            // Parameters that this one requires.
            let required = match (path.as_str(), name) {
                ("/v1/search" | "/v1/suggest", "q") => "",
                ("/v1/search" | "/v1/suggest", "direct") => "q=x&category=economie&",
                ("/v1/search" | "/v1/suggest", _) => "q=x&",
                (_, "direct") => "category=economie&",
                _ => "",
            };
            let path = sample.path(path);
            let sent = if path.ends_with("/stream") {
                Method::HEAD
            } else {
                Method::GET
            };
            let path = format!("{path}?{required}{name}={value}");
            let response = app.request_as_admin(sent, &path).await;
            assert_eq!(response.status, 200, "{path}: {}", response.text());
        }
    }
}

#[actix_web::test]
async fn examples_are_accepted_and_responses_match_their_schemas() {
    let app = TestApp::start().await;
    let examples = &contract()["components"]["examples"];
    for (name, path) in [
        ("Category", "/v1/categories"),
        ("Headline", "/v1/headlines"),
        ("Article", "/v1/articles"),
        ("Author", "/v1/authors"),
        ("Tag", "/v1/tags"),
    ] {
        let reference = |schema: String| json!({"$ref": format!("#/components/schemas/{schema}")});
        let one = validator(&reference(name.to_owned()));
        let page = validator(&reference(format!("{name}Page")));
        let created = app
            .post(path, examples[format!("New{name}")]["value"].clone())
            .await
            .created();
        assert!(one.is_valid(&created), "{created}");
        let resource_path = format!("{path}/{}", created.text("/id"));
        let patched = app
            .patch(
                &resource_path,
                examples[format!("{name}Patch")]["value"].clone(),
            )
            .await
            .ok();
        assert!(one.is_valid(&patched), "{patched}");
        for query in ["?count=true", "?limit=1"] {
            let listed = app.get(&format!("{path}{query}")).await.ok();
            assert!(page.is_valid(&listed), "{listed}");
        }
        // Problems match their schema too.
        let problem = app.post(path, json!({})).await;
        let problem = problem.problem(422, "invalid");
        assert!(
            validator(&reference("Problem".into())).is_valid(&problem),
            "{problem}"
        );
    }
    let reference = |schema: &str| json!({"$ref": format!("#/components/schemas/{schema}")});
    for (path, schema) in [
        ("/v1/site?language=ar", "Site"),
        ("/v1/search?q=semailles&count=true", "SearchHitPage"),
        ("/v1/search?q=smailles", "SearchHitPage"),
        ("/v1/suggest?q=a", "Completions"),
        ("/v1/categories?tree=true&count=true", "CategoryPage"),
        (
            "/v1/articles/les-premieres-pluies-relancent-les-semailles/related",
            "RelatedArticles",
        ),
        (
            "/v1/articles?ids=0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13",
            "ArticlePage",
        ),
    ] {
        let response = app.get(path).await.ok();
        let schema = validator(&reference(schema));
        let faults: Vec<String> = schema
            .iter_errors(&response)
            .map(|e| e.to_string())
            .collect();
        assert!(faults.is_empty(), "{path}: {faults:?}");
    }
    let served = app.get("/openapi.json").await;
    assert_eq!(served.text(), contract::text());
}

/// A response with `fields` has the type that the contract names, with only the selected fields and its `id` and `type`.
#[actix_web::test]
async fn selected_fields_match_the_same_schemas_where_other_fields_may_be_missing() {
    let app = TestApp::start().await;
    app.article("Les semailles", json!({"slug": "x"})).await;
    app.headline("Les semailles", json!({})).await;
    let mut components = contract()["components"].clone();
    forget_required(&mut components["schemas"]);
    for (path, schema) in [
        ("/v1/headlines?fields=title,category.name", "HeadlinePage"),
        ("/v1/articles?fields=title,body", "ArticlePage"),
        ("/v1/articles/x?fields=title,image.url", "Article"),
        ("/v1/categories?tree=true&fields=name", "CategoryPage"),
        (
            "/v1/search?q=semailles&fields=article.title,headline.title",
            "SearchHitPage",
        ),
        ("/v1/suggest?q=sem&fields=text", "Completions"),
        ("/v1/site?fields=name", "Site"),
        ("/v1/keys?fields=name", "KeyPage"),
        ("/v1/me?fields=name,limits.policy", "Me"),
    ] {
        let response = app.get_as_admin(path).await.ok();
        let root =
            json!({"$ref": format!("#/components/schemas/{schema}"), "components": components});
        let validator = jsonschema::validator_for(&root).unwrap();
        let faults = validator.iter_errors(&response).map(|e| e.to_string());
        assert_eq!(faults.collect::<Vec<_>>(), [""; 0], "{path}: {response}");
    }
}

fn forget_required(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
                required.retain(|name| name == "type");
            }
            object.values_mut().for_each(forget_required);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_required),
        _ => {}
    }
}

#[test]
fn every_array_in_the_contract_has_a_maximum_length() {
    fn walk(schema: &Value, place: &str) {
        let kind = &schema["type"];
        if kind == "array"
            || kind
                .as_array()
                .is_some_and(|all| all.contains(&json!("array")))
        {
            assert!(schema["maxItems"].is_number(), "{place}");
        }
        match schema {
            Value::Object(fields) => {
                for (name, inner) in fields.iter().filter(|(name, _)| *name != "example") {
                    walk(inner, &format!("{place}/{name}"));
                }
            }
            Value::Array(items) => items.iter().for_each(|inner| walk(inner, place)),
            _ => {}
        }
    }
    walk(manchette::server::contract::contract(), "");
}

/// Texts that a request can have without a limit, and whole numbers without both limits.
fn unlimited(schema: &'static Value, place: &str, seen: &mut BTreeSet<String>) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str()
        && !seen.insert(name.to_owned())
    {
        return Vec::new();
    }
    let schema = resolve(schema);
    let is = |name: &str| {
        let types = &schema["type"];
        types == name
            || types
                .as_array()
                .is_some_and(|all| all.contains(&json!(name)))
    };
    let has = |keyword: &str| schema.get(keyword).is_some();
    let limits = ["maxLength", "pattern", "enum", "const", "format"];
    let mut found = Vec::new();
    if is("string") && !limits.into_iter().any(has)
        || is("integer") && !(has("minimum") && has("maximum"))
    {
        found.push(place.to_owned());
    }
    let properties = schema["properties"].as_object().into_iter().flatten();
    for (name, below) in properties {
        found.extend(unlimited(below, &format!("{place}.{name}"), seen));
    }
    let parts = ["oneOf", "anyOf", "allOf"].into_iter();
    let parts = parts.filter_map(|word| schema[word].as_array()).flatten();
    let items = ["items", "additionalProperties"].into_iter();
    let items = items.filter_map(|word| schema.get(word).filter(|below| below.is_object()));
    for below in parts.chain(items) {
        found.extend(unlimited(below, place, seen));
    }
    found
}

#[test]
fn every_text_and_number_of_a_body_or_query_has_limits() {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (path, method, operation) in operations() {
        let queries = parameters(operation).filter(|parameter| parameter["in"] == "query");
        let bodies = operation["requestBody"]["content"].as_object();
        let bodies = bodies.into_iter().flat_map(|content| content.values());
        for part in queries.chain(bodies) {
            let place = format!("{method} {path} {}", part["name"]);
            found.extend(unlimited(&part["schema"], &place, &mut seen));
        }
    }
    assert!(seen.len() > 20 && found.is_empty(), "{found:?}");
}
