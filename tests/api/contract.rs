//! The contract: what is published is what the server does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use manchette::server::contract::{self, contract};
use serde_json::{Value, json};

use crate::support::TestApp;

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

fn validator(schema: &Value) -> jsonschema::Validator {
    let mut root = schema.clone();
    root["components"] = contract()["components"].clone();
    jsonschema::validator_for(&root).unwrap()
}

#[test]
fn the_committed_document_is_what_the_code_says() {
    let committed =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json"))
            .unwrap();
    assert!(
        committed == contract::text(),
        "openapi/openapi.json is not what the code says: `cargo run -- openapi > openapi/openapi.json`"
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

/// The annotation takes its responses from the handler's return type, so only what no return type can say stands in it:
/// these types.
#[test]
fn the_annotation_of_a_handler_repeats_nothing_that_its_types_say() {
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
                "no type for the answer of {place}"
            );
            handlers += 1;
        }
    }
    assert_eq!(handlers, operations().len());
}

#[test]
fn every_operation_is_described_whole() {
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations() {
        let place = format!("{method} {path}");
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap()),
            "{place}"
        );
        assert!(
            operation["summary"].is_string() && operation["tags"].is_array(),
            "{place}"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{place} {parameter}");
        }
        let body = operation.get("requestBody");
        assert_eq!(
            body.is_some(),
            ["post", "put", "patch"].contains(&method.as_str()),
            "{place}"
        );
        let documents = body
            .into_iter()
            .chain(operation["responses"].as_object().unwrap().values());
        for document in documents {
            let reference = document["$ref"]
                .as_str()
                .map(|path| path.trim_start_matches('#'));
            let document = reference.map_or(document, |path| contract().pointer(path).unwrap());
            for (_, media) in document["content"].as_object().into_iter().flatten() {
                let example = media
                    .get("example")
                    .unwrap_or_else(|| panic!("{place} has no example: {media}"));
                let faults: Vec<String> = validator(&media["schema"])
                    .iter_errors(example)
                    .map(|e| e.to_string())
                    .collect();
                assert!(faults.is_empty(), "{place}: {faults:?}");
            }
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            assert!(
                response["$ref"].is_string() || response["description"].is_string(),
                "{place} {status}"
            );
        }
    }
}

#[actix_web::test]
async fn every_parameter_that_is_published_is_taken() {
    let app = TestApp::start().await;
    app.category("Économie", None).await;
    app.post("/v1/authors", json!({"name": "Anir Tafoughi"}))
        .await
        .created();
    app.post("/v1/tags", json!({"name": "Larache"}))
        .await
        .created();
    app.article("x", json!({"slug": "x"})).await;
    let line = app.headline("x", json!({})).await["id"].clone();
    let line = line.as_str().unwrap().to_owned();
    let key = app.get_all("/v1/keys").await.ok()["items"][0]["id"].clone();
    let key = key.as_str().unwrap().to_owned();
    for (path, _, operation) in operations().iter().filter(|(_, method, _)| method == "get") {
        for parameter in operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|p| p["in"] == "query")
        {
            let name = parameter["name"].as_str().unwrap();
            let schema = &parameter["schema"];
            let value = [
                &parameter["example"],
                &schema["default"],
                &schema["enum"][0],
            ]
            .into_iter()
            .find(|value| !value.is_null())
            .map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            });
            let value = match (name, value) {
                ("cursor", _) => continue, // it comes from a page: `lists` takes them
                ("fields", _) if path == "/v1/search" => "type".to_owned(),
                ("fields", _) if path == "/v1/me" => "name".to_owned(),
                ("fields", _) => "id".to_owned(),
                (_, Some(value)) => value,
                (_, None) => panic!("{path} has no example for {name}"),
            };
            let value =
                percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            // What it goes with.
            let with = match (path.as_str(), name) {
                ("/v1/search" | "/v1/suggest", "q") => "",
                ("/v1/search" | "/v1/suggest", "direct") => "q=x&category=economie&",
                ("/v1/search" | "/v1/suggest", _) => "q=x&",
                (_, "direct") => "category=economie&",
                _ => "",
            };
            let path = path.replace(
                "{id}",
                match path.split('/').nth(2).unwrap_or_default() {
                    "headlines" => &line,
                    "keys" => &key,
                    "categories" => "economie",
                    "authors" => "anir-tafoughi",
                    "tags" => "larache",
                    _ => "x",
                },
            );
            app.get_all(&format!("{path}?{with}{name}={value}"))
                .await
                .ok();
        }
    }
}

#[actix_web::test]
async fn the_examples_work_and_what_comes_back_is_what_is_published() {
    let app = TestApp::start().await;
    let schemas = &contract()["components"]["schemas"];
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
            .post(path, schemas[format!("New{name}")]["example"].clone())
            .await
            .created();
        assert!(one.is_valid(&created), "{created}");
        let own = format!("{path}/{}", created["id"].as_str().unwrap());
        let patched = app
            .patch(&own, schemas[format!("{name}Patch")]["example"].clone())
            .await
            .ok();
        assert!(one.is_valid(&patched), "{patched}");
        for query in ["?count=true", "?limit=1", "?fields=id"] {
            let listed = app.get(&format!("{path}{query}")).await.ok();
            assert!(page.is_valid(&listed), "{listed}");
        }
        // A document may hold everything that is published, and nothing that is not.
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
        (
            "/v1/search?q=semailles&fields=article.title",
            "SearchHitPage",
        ),
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
        let answer = app.get(path).await.ok();
        let schema = validator(&reference(schema));
        let faults: Vec<String> = schema.iter_errors(&answer).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{path}: {faults:?}");
    }
    let served = app.get("/openapi.json").await;
    assert_eq!(String::from_utf8(served.body).unwrap(), contract::text());
}
