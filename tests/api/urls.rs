//! URLs in every field that takes one.

use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use manchette::http::values::is_http_url;
use manchette::server::contract::contract;
use serde_json::{Value, json};

use crate::support::{TestApp, path_of};

#[diesel::declare_sql_function]
extern "SQL" {
    #[sql_name = "is_http_url"]
    fn is_http_url_sql(value: Text) -> Bool;
}

/// Strings that are no URL, or one that is unsafe.
const INVALID: &[&str] = &[
    "",
    " ",
    "a.example",
    "/a",
    "//a.example",
    "\\\\a.example",
    "?a",
    "#a",
    "https:",
    "https://",
    "https:///a.example",
    "https:/a.example",
    "https:a.example",
    "https:\\\\a.example",
    "http:\\\\a.example",
    "https://?a",
    "https://#a",
    "https://.",
    "https://a..example",
    "https://u@a.example",
    "https://u:p@a.example",
    "https://@a.example",
    "https://:@a.example",
    "https://a.example@b.example",
    "https://a.example\\@b.example",
    "https://a.example:99999",
    "https://a.example:x",
    "https://[::1",
    "https://[::1]x",
    "https://[v1.a]",
    "https://999.1.1.1",
    "https://a b.example",
    "https://a%00b.example",
    "https://a%20b.example",
    "https://a%2fb.example",
    "https://a.example/%",
    "https://a.example/%zz",
    "https://a.example/é",
    "https://é.example",
    "https://a.example/ b",
    "https://a.example/\"",
    "https://a.example/<b>",
    "https://a.example/{x}",
    "https://a.example/\\b",
    "https://a.example/^`|",
    " https://a.example",
    "https://a.example ",
    "https://a.example\n",
    "https://a.example/\t",
    "ht\ttps://a.example",
    "\u{1}https://a.example",
    "\u{feff}https://a.example",
    "\u{a0}https://a.example",
    "https://a.example/\u{7f}",
    "https://a.example/\u{202e}gpj.exe",
    "https\u{ff1a}//a.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "javascript://a.example/%0aalert(1)",
    "&#106;avascript:alert(1)",
    "https:javascript:alert(1)",
    "vbscript:x",
    "data:text/html,x",
    "data:image/png;base64,AA==",
    "blob:https://a.example/x",
    "filesystem:https://a.example/x",
    "view-source:https://a.example",
    "feed:https://a.example",
    "jar:https://a.example!/x",
    "mailto:a@a.example",
    "tel:+212500000000",
    "ftp://a.example",
    "ws://a.example",
    "file:///etc/passwd",
    "about:blank",
    "intent://a.example#Intent;end",
];

const VALID: &[&str] = &[
    "https://a.example",
    "http://a.example/",
    "HTTPS://A.example./",
    "https://a.example:8443/p/a_b-c.d~e?f=g&h[]=i;j#k!$'()*+,:@",
    "https://a.example:/",
    "https://a.example:000080/",
    "https://xn--9ca.example/%C3%A9",
    "https://a_b.example/",
    "https://a%2Db.example/",
    "https://192.0.2.1/",
    "https://[2001:db8::1]:443/",
    "https://a.example?x",
    "https://a.example#x",
    "https://a.example/?next=https://b@c.example/",
];

/// Whether the SQL check accepts the URL.
async fn accepted_by_sql(conn: &mut AsyncPgConnection, address: &str) -> bool {
    diesel::select(is_http_url_sql(address))
        .get_result(conn)
        .await
        .unwrap()
}

#[actix_web::test]
async fn the_url_check_in_sql_agrees_with_the_one_in_rust() {
    let app = TestApp::start().await;
    let mut conn = app.conn().await;
    for (addresses, valid) in [(INVALID, false), (VALID, true)] {
        for address in addresses {
            assert_eq!(is_http_url(address), valid, "{address:?}");
            let accepted_by_sql = accepted_by_sql(&mut conn, address).await;
            // Host names are checked only in Rust.
            let host_alone = [
                "https://.",
                "https://a..example",
                "https://a.example:99999",
                "https://999.1.1.1",
                "https://a%00b.example",
                "https://a%20b.example",
                "https://a%2fb.example",
            ];
            if !host_alone.contains(address) {
                assert_eq!(accepted_by_sql, valid, "{address:?} in the database");
            }
        }
    }
    // SQL accepts every URL that Rust accepts.
    let characters: Vec<char> = ('!'..='~').chain(['é', ' ', '\n', '%', '/', '@']).collect();
    for character in &characters {
        for address in [
            format!("https://a{character}b.example/"),
            format!("https://a.example{character}b"),
            format!("https://a.example/a{character}b"),
            format!("https://a.example/?a{character}b"),
            format!("https://a.example/#a{character}b"),
            format!("https{character}://a.example/"),
        ] {
            if is_http_url(&address) {
                assert!(accepted_by_sql(&mut conn, &address).await, "{address:?}");
            }
        }
    }
}

/// A field for a URL: the list of its resource, its JSON pointer, and a document with it.
type Field = (&'static str, &'static str, fn(Value) -> Value);

fn fields() -> Vec<Field> {
    vec![
        (
            "/v1/headlines",
            "/url",
            |url| json!({"title": "x", "language": "fr", "url": url}),
        ),
        (
            "/v1/articles",
            "/canonical_url",
            |url| json!({"title": "x", "language": "fr", "canonical_url": url}),
        ),
        (
            "/v1/articles",
            "/image/url",
            |url| json!({"title": "x", "language": "fr", "image": {"url": url}}),
        ),
        (
            "/v1/authors",
            "/image_url",
            |url| json!({"name": "x", "image_url": url}),
        ),
        (
            "/v1/authors",
            "/links/0/url",
            |url| json!({"name": "x", "links": [{"name": "y", "url": url}]}),
        ),
        (
            "/v1/site",
            "/links/0/url",
            |url| json!({"name": "x", "languages": ["fr"], "time_zone": "UTC", "links": [{"name": "y", "url": url}]}),
        ),
        (
            "/v1/site",
            "/url",
            |url| json!({"name": "x", "languages": ["fr"], "time_zone": "UTC", "url": url}),
        ),
    ]
}

#[actix_web::test]
async fn every_url_field_accepts_http_urls_and_rejects_everything_else() {
    let app = TestApp::start().await;
    let too_long = format!("https://a.example/{}", "a".repeat(2048));
    for (path, pointer, document) in fields() {
        let write = |address: &str| {
            let body = document(json!(address));
            if path == "/v1/site" {
                app.put(path, body)
            } else {
                app.post(path, body)
            }
        };
        for address in INVALID.iter().copied().chain([too_long.as_str()]) {
            let faults = write(address).await.faults();
            assert!(
                !faults.is_empty() && faults.iter().all(|fault| fault.starts_with(pointer)),
                "{path} {address:?}: {faults:?}"
            );
        }
        for address in VALID {
            // A base URL has neither query nor fragment.
            if (path, pointer) == ("/v1/site", "/url") && address.contains(['?', '#']) {
                assert_eq!(write(address).await.faults(), ["/url invalid_url"]);
                continue;
            }
            let written = write(address).await;
            assert!(
                [200, 201].contains(&written.status),
                "{path} {address:?}: {written:?}"
            );
            assert_eq!(written.json().pointer(pointer), Some(&json!(address)));
        }
    }
    let headline = app.headline("x", json!({})).await;
    let path = path_of("headlines", &headline);
    let faults = app
        .patch(&path, json!({"url": "javascript:alert(1)"}))
        .await
        .faults();
    assert_eq!(faults, ["/url invalid_url"]);
}

#[test]
fn every_url_field_is_documented_with_a_pattern_and_a_maximum_length() {
    let schemas = contract()["components"]["schemas"].as_object().unwrap();
    let mut count = 0;
    for (name, schema) in schemas {
        let Some(properties) = schema["properties"].as_object() else {
            continue;
        };
        for (field, schema) in properties {
            if field == "url" || field.ends_with("_url") {
                count += 1;
                let is_site = name.ends_with("Site") || name == "SitePatch";
                let longest = if is_site { 500 } else { 2048 };
                assert!(
                    schema["pattern"].is_string() && schema["maxLength"] == longest,
                    "{name}.{field}: {schema}"
                );
            }
        }
    }
    assert!(count > 8, "only {count} fields");
}

#[actix_web::test]
async fn database_constraints_reject_unsafe_urls_in_every_url_column() {
    let app = TestApp::start().await;
    app.headline("x", json!({})).await;
    app.article("x", json!({})).await;
    app.author("x").await;
    let mut conn = app.conn().await;
    for statement in [
        "UPDATE headlines SET url = $1",
        "UPDATE articles SET canonical_url = $1",
        "UPDATE articles SET image = jsonb_build_object('url', $1)",
        "UPDATE authors SET image_url = $1",
        "UPDATE authors SET links = jsonb_build_array(jsonb_build_object('name', 'x', 'url', $1))",
        "UPDATE site SET url = $1",
        "UPDATE site SET links = jsonb_build_array(jsonb_build_object('name', 'x', 'url', $1))",
    ] {
        for address in [
            "javascript:alert(1)",
            "https://u@a.example/",
            "https://a.example/\"x",
            "//a.example",
        ] {
            let done = diesel::sql_query(statement)
                .bind::<Text, _>(address)
                .execute(&mut conn)
                .await;
            assert!(done.is_err(), "{statement} with {address}");
        }
    }
}
