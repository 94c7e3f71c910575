//! Connection poolers in front of the database: session pooling works, and with other modes service stops, because
//! responses would be wrong.

use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::pooler::{Mode, Pooler};
use crate::support::server_process::{ServerProcess, manchette, stderr, stdout, temp_dir};
use crate::support::{JsonPath, cluster};

const EXPLANATION: &str = "connection pooler in transaction or statement mode";

fn run(url: &str, arguments: &[&str]) -> Output {
    let data = temp_dir();
    let mut command: Command = manchette(data.path(), arguments);
    command.env("DATABASE_URL", url).output().unwrap()
}

#[actix_web::test]
async fn transaction_and_statement_pooling_are_refused_by_every_command() {
    let url = cluster::empty_database_url().await;
    let keys = ["keys", "create", "--name", "x", "--scope", "admin"];
    let serve = ["serve", "--listen", "127.0.0.1:0"];
    for mode in [Mode::Transaction, Mode::Statement] {
        // Without a schema, and with it.
        let pooler = Pooler::in_front_of(&url, mode);
        for command in [
            &["migrate"][..],
            &["demo"],
            &keys,
            &["keys", "list"],
            &serve,
        ] {
            let refused = run(&pooler.url, command);
            let message = stderr(&refused.clone());
            assert!(
                !refused.status.success(),
                "{command:?} in {mode:?}: {message}"
            );
            assert!(
                message.contains(EXPLANATION) && message.contains("session mode"),
                "{command:?} in {mode:?}: {message}"
            );
        }
        let migrated = run(&url, &["migrate"]);
        assert!(migrated.status.success(), "{migrated:?}");
    }
}

/// Two nodes behind one pooler, with prepared statements of the same names.
struct Nodes {
    nodes: [ServerProcess; 2],
    key: String,
    _data: tempfile::TempDir,
}

impl Nodes {
    fn start(url: &str) -> Self {
        let data = temp_dir();
        let node = || {
            let mut command = manchette(data.path(), &["serve", "--rate-reads-without-key", "off"]);
            command.env("DATABASE_URL", url);
            ServerProcess::spawn(command)
        };
        let created = run(url, &["keys", "create", "--name", "x", "--scope", "admin"]);
        assert!(created.status.success(), "{created:?}");
        Self {
            nodes: [node(), node()],
            key: stdout(&created).trim().to_owned(),
            _data: data,
        }
    }

    async fn post(&self, title: &str) -> (u16, Value) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let response = client
            .post(format!("{}/v1/headlines", self.nodes[0].base))
            .bearer_auth(&self.key)
            .json(&json!({"title": title, "language": "fr", "status": "published"}))
            .send()
            .await
            .unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap())
    }
}

#[actix_web::test]
async fn session_pooling_works_and_other_modes_suspend_service_until_switched_back() {
    let url = cluster::empty_database_url().await;
    let pooler = Pooler::in_front_of(&url, Mode::Session);
    let migrated = run(&pooler.url, &["migrate"]);
    assert!(migrated.status.success(), "{migrated:?}");
    let nodes = Nodes::start(&pooler.url);
    let mut titles = Vec::new();
    for (round, mode) in [Mode::Transaction, Mode::Statement].into_iter().enumerate() {
        let title = format!("round {round}");
        assert_eq!(nodes.post(&title).await.0, 201);
        titles.insert(0, title);
        for _ in 0..5 {
            for node in &nodes.nodes {
                let (status, list) = node.get("/v1/headlines").await;
                assert_eq!(
                    (status, list.texts("/items/*/title")),
                    (200, titles.clone())
                );
                assert_eq!(node.get("/v1/articles").await.0, 200);
            }
        }

        pooler.set_mode(mode);
        let started = Instant::now();
        for node in &nodes.nodes {
            loop {
                let (status, problem) = node.get("/readyz").await;
                let detail = problem["detail"].as_str().unwrap_or_default();
                if status == 503 && detail.contains(EXPLANATION) {
                    break;
                }
                assert!(started.elapsed() < Duration::from_secs(60), "{problem}");
                // Until the switch is noticed, responses are correct or 503.
                match node.get("/v1/headlines").await {
                    (200, list) => assert_eq!(list.texts("/items/*/title"), titles),
                    (status, problem) => assert_eq!(status, 503, "{problem}"),
                }
            }
            for _ in 0..20 {
                assert_eq!(node.get("/v1/headlines").await.0, 503);
            }
        }
        assert_eq!(nodes.post("refused").await.0, 503);

        pooler.set_mode(Mode::Session);
        for node in &nodes.nodes {
            node.wait_for_status("/readyz", 200).await;
            node.wait_for_status("/v1/headlines", 200).await;
        }
    }
    for node in &nodes.nodes {
        let (_, list) = node.get("/v1/headlines").await;
        assert_eq!(list.texts("/items/*/title"), titles);
    }
}
