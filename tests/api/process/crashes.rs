//! Crashes and hangs of the server and its Postgres.

use std::time::Duration;

use serde_json::Value;

use super::{client, post};
use crate::support::server_process::{Served, folder, key, kill, postgres_processes, postmaster};

#[actix_web::test]
async fn acknowledged_writes_survive_crashes() {
    let data = folder();
    let mut answered = Vec::new();
    for round in 0..4 {
        let served = Served::start(data.path(), &["--no-demo"]);
        let key = key(data.path());
        for headline in served.get("/v1/headlines?limit=100").await.1["items"]
            .as_array()
            .unwrap()
            .iter()
        {
            assert!(
                answered.contains(&headline["id"]),
                "nothing appears that was not answered in these rounds"
            );
        }
        for id in &answered {
            let id: &Value = id;
            assert_eq!(
                served
                    .get(&format!("/v1/headlines/{}", id.as_str().unwrap()))
                    .await
                    .0,
                200
            );
        }
        for n in 0..5 {
            let (status, headline) = post(&served, &key, &format!("{round}.{n}")).await.unwrap();
            assert_eq!(status, 201);
            answered.push(headline["id"].clone());
        }
        let postgres = postmaster(data.path());
        match round {
            0 => served.signal("KILL"),
            1 => {
                kill(&postgres, "KILL");
                served.signal("KILL");
            }
            2 => {
                // Postgres alone: the server says 503 and starts it again by itself.
                kill(&postgres, "KILL");
                let file = data.path().join("postgres/postmaster.pid");
                let is_new = || {
                    let text = std::fs::read_to_string(&file).unwrap_or_default();
                    text.lines().next().is_some_and(|first| first != postgres)
                };
                while !is_new() {
                    let _ = served.get("/v1/headlines").await;
                }
                served.wait_for("/readyz", 200).await;
                served.wait_for("/v1/headlines", 200).await;
                served.signal("KILL");
            }
            _ => served.signal("TERM"),
        }
        served.end();
    }
}

#[actix_web::test]
async fn the_server_returns_503_while_postgres_is_down_and_recovers() {
    let data = folder();
    let quick = [
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
    let served = Served::start(data.path(), &quick);
    served.wait_for("/v1/headlines", 200).await;

    let frozen = postgres_processes(data.path());
    frozen.iter().for_each(|pid| kill(pid, "STOP"));
    for path in ["/v1/headlines", "/v1/articles/x", "/readyz"] {
        let response = client()
            .get(format!("{}{path}", served.base))
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
    assert_eq!(served.get("/livez").await.0, 200);
    frozen.iter().for_each(|pid| kill(pid, "CONT"));
    served.wait_for("/v1/headlines", 200).await;
    served.wait_for("/readyz", 200).await;

    kill(&postmaster(data.path()), "QUIT");
    let mut seen = Vec::new();
    while !seen.contains(&503) || seen.last() != Some(&200) {
        let (status, _) = served.get("/v1/headlines").await;
        assert!([200, 503].contains(&status), "{status}");
        seen.push(status);
        assert!(seen.len() < 2000, "{seen:?}");
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
    served.wait_for("/readyz", 200).await;
}
