//! Crashes and hangs of the server and its Postgres.

use std::time::Duration;

use serde_json::Value;

use super::{client, post};
use crate::support::JsonPath;
use crate::support::server_process::{
    ServerProcess, admin_key, kill, postgres_processes, postmaster, temp_dir,
};

#[actix_web::test]
async fn acknowledged_writes_survive_crashes() {
    let data = temp_dir();
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let server = ServerProcess::start(data.path(), &["--no-demo"]);
        let key = admin_key(data.path());
        for headline in server
            .get("/v1/headlines?limit=100")
            .await
            .1
            .list("/items")
            .iter()
        {
            assert!(
                acknowledged.contains(&headline["id"]),
                "only acknowledged writes are there"
            );
        }
        for id in &acknowledged {
            let id: &Value = id;
            assert_eq!(
                server
                    .get(&format!("/v1/headlines/{}", id.as_str().unwrap()))
                    .await
                    .0,
                200
            );
        }
        for n in 0..5 {
            let (status, headline) = post(&server, &key, &format!("{round}.{n}")).await.unwrap();
            assert_eq!(status, 201);
            acknowledged.push(headline["id"].clone());
        }
        let postgres = postmaster(data.path());
        match round {
            0 => server.signal("KILL"),
            1 => {
                kill(&postgres, "KILL");
                server.signal("KILL");
            }
            2 => {
                // Postgres alone is killed: the server restarts it.
                kill(&postgres, "KILL");
                let file = data.path().join("postgres/postmaster.pid");
                let is_new = || {
                    let text = std::fs::read_to_string(&file).unwrap_or_default();
                    text.lines().next().is_some_and(|first| first != postgres)
                };
                while !is_new() {
                    let _ = server.get("/v1/headlines").await;
                }
                server.wait_for_status("/readyz", 200).await;
                server.wait_for_status("/v1/headlines", 200).await;
                server.signal("KILL");
            }
            _ => server.signal("TERM"),
        }
        server.wait_for_exit();
    }
}

#[actix_web::test]
async fn the_server_returns_503_while_postgres_is_down_and_recovers() {
    let data = temp_dir();
    let settings = [
        "--no-demo",
        "--pool-timeout-ms",
        "300",
        "--database-silence-ms",
        "300",
        "--statement-timeout-ms",
        "500",
        "--cors-origins",
        "https://a.example",
        "--hsts",
        "60",
    ];
    let server = ServerProcess::start(data.path(), &settings);
    server.wait_for_status("/v1/headlines", 200).await;

    let frozen = postgres_processes(data.path());
    frozen.iter().for_each(|pid| kill(pid, "STOP"));
    for path in ["/v1/headlines", "/v1/articles/x", "/readyz"] {
        let response = client()
            .get(format!("{}{path}", server.base))
            .header("Origin", "https://a.example")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), 503, "{path}");
        let headers = response.headers();
        for (name, value) in [
            ("retry-after", "1"),
            ("content-type", "application/problem+json"),
            ("cache-control", "no-store"),
            ("access-control-allow-origin", "https://a.example"),
            ("strict-transport-security", "max-age=60"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(headers[name], value, "{path}");
        }
        for name in ["x-request-id", "content-security-policy"] {
            assert!(headers.contains_key(name), "{path} has no {name}");
        }
        let exposed = headers["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.to_lowercase().contains("retry-after"), "{exposed}");
    }
    assert_eq!(server.get("/livez").await.0, 200);
    frozen.iter().for_each(|pid| kill(pid, "CONT"));
    server.wait_for_status("/v1/headlines", 200).await;
    server.wait_for_status("/readyz", 200).await;

    kill(&postmaster(data.path()), "QUIT");
    let mut statuses = Vec::new();
    while !statuses.contains(&503) || statuses.last() != Some(&200) {
        let (status, _) = server.get("/v1/headlines").await;
        assert!([200, 503].contains(&status), "{status}");
        statuses.push(status);
        assert!(statuses.len() < 2000, "{statuses:?}");
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
    server.wait_for_status("/readyz", 200).await;
}
