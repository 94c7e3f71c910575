//! API keys: `/v1/keys` and `/v1/me`.

mod lifecycle;
mod privileges;
mod reading;
mod rotation;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp};

const OPERATIONS: [(&str, &str); 6] = [
    ("GET", "/v1/keys"),
    ("POST", "/v1/keys"),
    ("GET", "/v1/keys/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
    ("PATCH", "/v1/keys/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
    ("DELETE", "/v1/keys/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11"),
    (
        "POST",
        "/v1/keys/0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11/rotate",
    ),
];

/// Creates a key over HTTP; returns the key and its path.
async fn create_key(app: &TestApp, scopes: &[&str], expires_at: Option<&str>) -> (String, String) {
    let body = json!({"name": "made", "scopes": scopes, "expires_at": expires_at});
    let made = app.post("/v1/keys", body).await.created();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("key"), format!("/v1/keys/{}", text("id")))
}

async fn path_of_key(app: &TestApp, key: &str) -> String {
    let me = app.get("/v1/me").key(key).await.ok();
    format!("/v1/keys/{}", me.text("/key_id"))
}

fn parse_time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}
