//! Two server processes on one database: concurrent writes through both have one winner.

use std::process::Command;
use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta, Utc};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::server_process::{ServerProcess, manchette, stdout, temp_dir};
use crate::support::{JsonPath, Response, cluster, path_of, send};

/// Two server processes and an admin key.
struct Nodes {
    nodes: [ServerProcess; 2],
    key: String,
    client: reqwest::Client,
    _data: tempfile::TempDir,
}

impl Nodes {
    async fn start() -> Self {
        let data = temp_dir();
        let url = cluster::empty_database_url().await;
        let with_url = |arguments: &[&str]| -> Command {
            let mut command = manchette(data.path(), arguments);
            command.env("DATABASE_URL", &url);
            command
        };
        assert!(with_url(&["migrate"]).output().unwrap().status.success());
        let create = ["keys", "create", "--name", "nodes", "--scope", "admin"];
        let key = stdout(&with_url(&create).output().unwrap());
        Self {
            nodes: [(), ()]
                .map(|()| ServerProcess::spawn(with_url(&["serve", "--rate-writes", "off"]))),
            key: key.trim().to_owned(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            _data: data,
        }
    }

    /// Sends a request to one of the nodes.
    async fn request(
        &self,
        node: usize,
        key: &str,
        method: Method,
        path: &str,
        header: Option<(&str, &str)>,
        body: Value,
    ) -> Response {
        let url = format!("{}{path}", self.nodes[node % 2].base);
        let mut request = self.client.request(method, url).bearer_auth(key);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        send(request).await
    }

    async fn post(&self, node: usize, path: &str, body: Value) -> Response {
        self.request(node, &self.key, Method::POST, path, None, body)
            .await
    }

    async fn patch(&self, node: usize, path: &str, body: Value) -> Response {
        self.request(node, &self.key, Method::PATCH, path, None, body)
            .await
    }

    async fn get(&self, node: usize, path: &str) -> Response {
        self.request(node, &self.key, Method::GET, path, None, Value::Null)
            .await
    }
}

fn path(list: &str, response: &Value) -> String {
    path_of(list, response)
}

#[actix_web::test]
async fn concurrent_writes_through_two_nodes_have_one_winner() {
    let all = Nodes::start().await;
    let statuses = |responses: &[Response]| -> Vec<u16> {
        responses.iter().map(|response| response.status).collect()
    };
    let count = |responses: &[Response], status| {
        responses
            .iter()
            .filter(|response| response.status == status)
            .count()
    };

    // Fifty changes based on one version.
    let article = json!({"title": "x", "language": "fr"});
    let article = all.post(0, "/v1/articles", article).await.created();
    let article_path = path("articles", &article);
    let tag = all.get(1, &article_path).await.etag();
    let patches = (0..50).map(|n| {
        let header = Some(("If-Match", tag.as_str()));
        all.request(
            n,
            &all.key,
            Method::PATCH,
            &article_path,
            header,
            json!({"title": n.to_string()}),
        )
    });
    let responses = join_all(patches).await;
    assert_eq!(
        (count(&responses, 200), count(&responses, 412)),
        (1, 49),
        "{:?}",
        statuses(&responses)
    );
    assert_eq!(all.get(0, &article_path).await.json()["version"], 2);

    // One idempotent request, twenty times.
    let headline = json!({"title": "once", "language": "fr", "status": "published"});
    let posts = (0..20).map(|n| {
        let header = Some(("Idempotency-Key", "twenty"));
        all.request(
            n,
            &all.key,
            Method::POST,
            "/v1/headlines",
            header,
            headline.clone(),
        )
    });
    let responses = join_all(posts).await;
    let is_executed =
        |response: &&Response| response.status == 201 && !response.has("idempotency-replayed");
    assert_eq!(
        responses.iter().filter(is_executed).count(),
        1,
        "{:?}",
        statuses(&responses)
    );
    assert_eq!(
        count(&responses, 201) + count(&responses, 409),
        20,
        "{:?}",
        statuses(&responses)
    );
    let headlines = all.get(1, "/v1/headlines").await.json();
    assert_eq!(headlines.list("/items").len(), 1);

    // Two moves that together would make a cycle.
    for round in 0..5 {
        let make = |name: &str| {
            all.post(
                0,
                "/v1/categories",
                json!({"name": format!("{name}{round}")}),
            )
        };
        let (a, b) = (make("a").await.created(), make("b").await.created());
        let (path_a, path_b) = (path("categories", &a), path("categories", &b));
        let moves = [
            all.patch(0, &path_a, json!({"parent_id": b["id"]})),
            all.patch(1, &path_b, json!({"parent_id": a["id"]})),
        ];
        let mut found = statuses(&join_all(moves).await);
        found.sort_unstable();
        assert_eq!(found, [200, 422]);
    }

    // Two translations into one language.
    for language in ["ar", "en", "es"] {
        let new = json!({"title": "y", "language": language, "translation_of": article["id"]});
        let posts = (0..2).map(|n| all.post(n, "/v1/articles", new.clone()));
        let mut found = statuses(&join_all(posts).await);
        found.sort_unstable();
        assert_eq!(found, [201, 409], "{language}");
    }

    // A key revoked through one node is rejected by the other.
    let new = json!({"name": "short", "scopes": ["read"]});
    let made = all.post(0, "/v1/keys", new).await.created();
    let key = made.text("/key");
    for node in 0..2 {
        assert_eq!(
            all.request(node, key, Method::GET, "/v1/me", None, Value::Null)
                .await
                .status,
            200
        );
    }
    let revoked = all
        .request(
            0,
            &all.key,
            Method::DELETE,
            &path("keys", &made),
            None,
            Value::Null,
        )
        .await;
    assert_eq!(revoked.status, 204);
    for node in 0..2 {
        let refused = all
            .request(node, key, Method::GET, "/v1/me", None, Value::Null)
            .await;
        refused.problem(401, "unauthorized");
    }
}

#[actix_web::test]
async fn what_comes_due_is_written_by_one_of_the_nodes() {
    let nodes = Nodes::start().await;
    let create = async |milliseconds| {
        let at = Utc::now() + TimeDelta::milliseconds(milliseconds);
        let at = at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let body =
            json!({"title": "x", "language": "fr", "status": "scheduled", "published_at": at});
        let made = nodes.post(0, "/v1/headlines", body).await.created();
        // One that was made after its time, on a slow machine, is out with its first version.
        let versions = if made["status"] == "scheduled" { 2 } else { 1 };
        (path("headlines", &made), versions)
    };
    let version = async |path: &str| nodes.get(1, path).await.ok()["version"].clone();
    let mut paths = Vec::new();
    for milliseconds in [2000, 2000, 2000, 2000, 2600] {
        paths.push(create(milliseconds).await);
    }
    // By the last one, a second node would have written the first ones again.
    let (last, versions) = &paths[4];
    while version(last).await != *versions {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (path, versions) in &paths {
        assert_eq!(version(path).await, *versions);
    }
}
