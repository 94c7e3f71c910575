//! The program from its start to its end: its own Postgres, signals, crashes, commands beside it.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use manchette::db::embedded::OWNER;
use serde_json::{Value, json};

use crate::support::cluster;
use crate::support::process::{
    Served, folder, is_alive, key, kill, manchette, postgres_processes, postmaster, run,
};

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn post(served: &Served, key: &str, title: &str) -> reqwest::Result<(u16, Value)> {
    let response = client()
        .post(format!("{}/v1/headlines", served.base))
        .bearer_auth(key)
        .json(&json!({"title": title, "language": "fr", "status": "published"}))
        .send()
        .await?;
    let status = response.status().as_u16();
    Ok((status, response.json().await.unwrap_or_default()))
}

#[actix_web::test]
async fn first_contact_shows_what_works_and_a_signal_stops_all_of_it() {
    let data = folder();
    let served = Served::start(data.path(), &[]);
    let key = key(data.path());
    let mode = std::fs::metadata(data.path().join("key"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        served.greeting.contains(&key) && served.greeting.contains("/docs/"),
        "{}",
        served.greeting
    );
    let (status, page) = served.get("/v1/headlines?limit=100").await;
    assert_eq!((status, page["items"].as_array().unwrap().len()), (200, 43));
    assert_eq!(post(&served, &key, "x").await.unwrap().0, 201);
    assert_eq!(served.get("/readyz").await.0, 200);

    let postgres = postmaster(data.path());
    served.signal("TERM");
    let (code, log) = served.end();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(
        log.last().unwrap().ends_with("stopped") && !log.concat().contains("panicked"),
        "{log:?}"
    );
    assert!(!is_alive(&postgres) && !data.path().join("postgres/postmaster.pid").exists());

    // The next start finds what was there, and loads nothing twice.
    let served = Served::start(data.path(), &[]);
    let (_, page) = served.get("/v1/headlines?limit=100").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 44);
    assert!(served.greeting.contains(&key));
    served.signal("INT");
    assert_eq!(served.end().0, Some(0));
}

#[actix_web::test]
async fn a_second_server_on_a_data_folder_says_so_and_leaves_the_first_alone() {
    let data = folder();
    let served = Served::start(data.path(), &["--no-demo"]);
    let second = run(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!second.status.success());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(
        said.contains("has the data folder") && said.contains(&served.child.id().to_string()),
        "{said}"
    );
    assert_eq!(served.get("/readyz").await.0, 200);
}

#[actix_web::test]
async fn a_port_that_is_taken_is_named() {
    let data = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let second = run(data.path(), &["--listen", &address]);
    assert!(!second.status.success());
    assert!(String::from_utf8(second.stderr).unwrap().contains(&address));
}

#[actix_web::test]
async fn commands_work_beside_a_running_server_and_without_one() {
    let data = folder();
    let served = Served::start(data.path(), &["--no-demo"]);
    let made = run(
        data.path(),
        &[
            "keys", "create", "--name", "tool", "--scope", "write", "--scope", "publish",
        ],
    );
    let key = String::from_utf8(made.stdout).unwrap();
    assert!(made.status.success() && key.lines().count() == 1, "{key}");
    assert_eq!(post(&served, key.trim(), "x").await.unwrap().0, 201);
    let listed = String::from_utf8(run(data.path(), &["keys", "list"]).stdout).unwrap();
    assert!(
        listed.contains(&key[..12])
            && listed.contains("publish,write")
            && !listed.contains(&key[12..40]),
        "{listed}"
    );
    assert!(
        run(data.path(), &["keys", "revoke", &key[..12]])
            .status
            .success()
    );
    assert_eq!(post(&served, key.trim(), "x").await.unwrap().0, 401);
    assert!(run(data.path(), &["migrate"]).status.success());
    assert!(
        !run(data.path(), &["demo"]).status.success(),
        "there is content already"
    );
    served.signal("TERM");
    served.end();

    let made = run(
        data.path(),
        &["keys", "create", "--name", "alone", "--scope", "read"],
    );
    assert!(made.status.success() && made.stdout.starts_with(b"mnc_"));
    assert!(
        !data.path().join("postgres/postmaster.pid").exists(),
        "what it started, it stopped"
    );
    for wrong in [
        &["keys", "create", "--name", " ", "--scope", "read"][..],
        &["keys", "create", "--name", "x"],
        &["keys", "revoke", "x"],
    ] {
        assert!(!run(data.path(), wrong).status.success(), "{wrong:?}");
    }
}

#[actix_web::test]
async fn what_was_answered_outlives_every_crash() {
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
async fn while_postgres_is_away_or_hangs_the_server_says_so_and_recovers_by_itself() {
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

#[actix_web::test]
async fn requests_in_flight_finish_before_it_stops() {
    use std::io::{Read, Write};
    let data = folder();
    let served = Served::start(data.path(), &["--no-demo"]);
    let body = r#"{"title": "in flight", "language": "fr", "status": "published"}"#;
    let mut stream =
        std::net::TcpStream::connect(served.base.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /v1/headlines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        key(data.path()),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&body.as_bytes()[..10]).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    served.signal("TERM");
    std::thread::sleep(Duration::from_millis(300));
    stream.write_all(&body.as_bytes()[10..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert_eq!(served.end().0, Some(0));
}

/// Asks on one connection as long as it is kept, then on another, until none is accepted; how often it was answered.
fn ask_until_refused(at: &str) -> usize {
    use std::io::{BufRead, BufReader, Read, Write};
    // Where the system filters no connections, one that came in the last moment may never be accepted.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let filters = manchette::connection::shutdown::refuse_new(&listener).is_ok();
    let mut answered = 0;
    while let Ok(mut stream) = std::net::TcpStream::connect(at) {
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let mut closes = false;
        let mut is_new = true;
        while !closes {
            let request = b"GET /v1/headlines HTTP/1.1\r\nHost: x\r\n\r\n";
            let sent = stream.write_all(request);
            if is_new && !filters && (sent.is_err() || answers.fill_buf().is_err()) {
                return answered;
            }
            sent.expect("the server reads");
            is_new = false;
            let mut length = None;
            loop {
                let mut line = String::new();
                answers.read_line(&mut line).expect("there is an answer");
                let line = line.to_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = Some(value.trim().parse().expect("it is a number"));
                }
                closes |= line.trim() == "connection: close";
                assert!(!line.is_empty(), "the answer breaks off");
                if line == "\r\n" {
                    break;
                }
            }
            let mut body = vec![0; length.expect("there is a length")];
            answers.read_exact(&mut body).expect("the answer is whole");
            answered += 1;
        }
    }
    answered
}

#[actix_web::test]
async fn a_stop_cuts_off_no_request_of_clients_that_keep_their_connections() {
    use std::io::{Read, Write};
    let data = folder();
    // Whatever is still open would keep it from ending in time.
    let served = Served::start(
        data.path(),
        &[
            "--no-demo",
            "--shutdown-delay",
            "2",
            "--shutdown-timeout",
            "600",
        ],
    );
    let at = served.base.trim_start_matches("http://").to_owned();
    let mut idle = std::net::TcpStream::connect(&at).unwrap();
    idle.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    assert!(idle.read(&mut [0; 4096]).unwrap() > 0);
    let askers: Vec<_> = (0..8)
        .map(|_| {
            let at = at.clone();
            std::thread::spawn(move || ask_until_refused(&at))
        })
        .collect();
    std::thread::sleep(Duration::from_millis(300));
    served.signal("TERM");
    // Balancers hear of it, and who still asks is served.
    served.wait_for("/readyz", 503).await;
    let (status, problem) = served.get("/readyz").await;
    assert_eq!(status, 503);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("about to stop"), "{problem}");
    assert_eq!(served.get("/v1/headlines").await.0, 200);
    assert_eq!(idle.read(&mut [0; 4096]).unwrap(), 0, "it was closed");
    for asker in askers {
        assert!(asker.join().expect("no answer was cut off") > 0);
    }
    let (code, log) = served.end();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(!log.concat().contains(" ERROR "), "{log:?}");
}

#[actix_web::test]
async fn strangers_cause_no_errors_in_the_log() {
    use std::io::Write;
    let data = folder();
    let settings = [
        "--no-demo",
        "--header-timeout",
        "1",
        "--max-connections-per-address",
        "40",
    ];
    let served = Served::start(data.path(), &settings);
    let at = served.base.trim_start_matches("http://");
    let mut held = Vec::new();
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"nonsense\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/headlines HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz",
        b"POST /v1/headlines HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"GET /livez HTTP/1.1\r\nHost",
        b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n",
        &[b'x'; 200_000],
        b"",
    ] {
        // Left at once, with answers unread, which resets the connection; and kept until it is closed.
        for keeps in [false, true] {
            let mut stream = std::net::TcpStream::connect(at).unwrap();
            let _ = stream.write_all(bytes);
            if keeps {
                held.push(stream);
            }
        }
    }
    for _ in 0..60 {
        held.push(std::net::TcpStream::connect(at).unwrap());
    }
    std::thread::sleep(Duration::from_millis(1500));
    drop(held);
    served.wait_for("/livez", 200).await;
    served.signal("TERM");
    let (_, log) = served.end();
    let loud = log
        .iter()
        .find(|line| line.contains(" ERROR ") || line.contains("panicked"));
    assert!(loud.is_none(), "{loud:?}");
}

#[actix_web::test]
async fn a_second_signal_stops_it_at_once() {
    use std::io::Write;
    let data = folder();
    let served = Served::start(data.path(), &["--no-demo"]);
    let mut stream =
        std::net::TcpStream::connect(served.base.trim_start_matches("http://")).unwrap();
    let head = format!(
        "POST /v1/headlines HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 9\r\n\r\n",
        key(data.path())
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    served.signal("INT");
    std::thread::sleep(Duration::from_millis(300));
    assert!(
        is_alive(&served.child.id().to_string()),
        "it waits for the request"
    );
    served.signal("INT");
    let (code, log) = served.end();
    assert_eq!(code, Some(0), "{log:?}");
    assert!(!data.path().join("postgres/postmaster.pid").exists());
}

#[actix_web::test]
async fn with_a_database_url_it_starts_no_postgres_and_wants_the_schema_that_it_knows() {
    let data = folder();
    let url = cluster::empty_database_url().await;
    let with_url = |arguments: &[&str]| {
        let mut command = manchette(data.path(), arguments);
        command.env("DATABASE_URL", &url);
        command
    };
    let refused = with_url(&["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && said.contains("manchette migrate"),
        "{said}"
    );
    let migrated = with_url(&["migrate"]).output().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    let served = Served::spawn(with_url(&["serve"]));
    assert_eq!(served.get("/readyz").await.0, 200);
    assert_eq!(
        served.get("/v1/headlines").await.1["items"],
        json!([]),
        "sample content is for our own Postgres"
    );
    assert!(!data.path().join("postgres").exists() && !served.greeting.contains("mnc_"));
    served.signal("TERM");
    assert_eq!(served.end().0, Some(0));

    let mut conn = cluster::connect(&url).await;
    diesel_async::SimpleAsyncConnection::batch_execute(
        &mut conn,
        "INSERT INTO __diesel_schema_migrations VALUES ('29990101000000')",
    )
    .await
    .unwrap();
    let refused = with_url(&["serve", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(
        !refused.status.success()
            && String::from_utf8(refused.stderr)
                .unwrap()
                .contains("doesn't know")
    );
}

#[actix_web::test]
async fn pre_release_data_is_refused_with_a_sentence_that_says_what_to_do() {
    let mark_as_pre_release = async |url: &str| {
        let mut conn = cluster::connect(url).await;
        diesel_async::SimpleAsyncConnection::batch_execute(
            &mut conn,
            "INSERT INTO __diesel_schema_migrations VALUES ('20261123090000')",
        )
        .await
        .unwrap();
    };
    let assert_refused = |command: &mut std::process::Command| {
        let refused = command.output().unwrap();
        let message = String::from_utf8(refused.stderr).unwrap();
        assert!(
            !refused.status.success()
                && message.contains("pre-release version")
                && message.contains("empty data folder or database"),
            "{message}"
        );
    };
    let serve = ["serve", "--listen", "127.0.0.1:0"];

    let data = folder();
    let served = Served::start(data.path(), &["--no-demo"]);
    let socket = data.path().join("postgres").display().to_string();
    let host = socket.replace('/', "%2F");
    mark_as_pre_release(&format!("postgres://{OWNER}@{host}/manchette")).await;
    served.signal("TERM");
    assert_eq!(served.end().0, Some(0));
    for arguments in [&serve[..], &["migrate"]] {
        assert_refused(&mut manchette(data.path(), arguments));
        assert!(!data.path().join("postgres/postmaster.pid").exists());
    }

    let url = cluster::empty_database_url().await;
    let with_url = |arguments: &[&str]| {
        let mut command = manchette(data.path(), arguments);
        command.env("DATABASE_URL", &url);
        command
    };
    assert!(with_url(&["migrate"]).output().unwrap().status.success());
    mark_as_pre_release(&url).await;
    for arguments in [&serve[..], &["migrate"]] {
        assert_refused(&mut with_url(arguments));
    }
}

#[actix_web::test]
async fn the_log_has_a_line_for_each_request_as_text_or_json() {
    for format in ["text", "json"] {
        let data = folder();
        let served = Served::start(data.path(), &["--no-demo", "--log-format", format]);
        let ask = |id: &str| {
            let url = format!("{}/v1/headlines?limit=1", served.base);
            client().get(url).header("X-Request-Id", id)
        };
        let response = ask("my-id").send().await.unwrap();
        assert_eq!(response.headers()["x-request-id"], "my-id");
        let bytes = response.content_length().unwrap();
        let admin = key(data.path());
        let mine = ask("with-key").bearer_auth(&admin).send().await.unwrap();
        assert_eq!(mine.status().as_u16(), 200);
        let me = client().get(format!("{}/v1/me", served.base));
        let me: Value = me
            .bearer_auth(&admin)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let key_id = me["key_id"].as_str().unwrap();
        served.signal("TERM");
        let (_, log) = served.end();
        let line = log
            .iter()
            .find(|line| line.contains("my-id"))
            .unwrap_or_else(|| panic!("{log:?}"));
        let with_key = log.iter().find(|line| line.contains("with-key")).unwrap();
        assert!(
            with_key.contains(key_id) && with_key.contains("127.0.0.1"),
            "{with_key}"
        );
        assert!(!log.concat().contains(&admin[12..]));
        if format == "json" {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(
                (
                    &line["request_id"],
                    &line["method"],
                    &line["path"],
                    &line["status"],
                    &line["bytes"]
                ),
                (
                    &json!("my-id"),
                    &json!("GET"),
                    &json!("/v1/headlines"),
                    &json!(200),
                    &json!(bytes)
                )
            );
            let who = ["address", "key_id", "subject"].map(|field| &line[field]);
            assert_eq!(who, ["127.0.0.1", "-", "-"]);
            assert!(line["ms"].is_number() && line["time"].is_string() && line["level"] == "INFO");
        } else {
            assert!(
                line.contains(&format!("my-id GET /v1/headlines 200 {bytes}B "))
                    && line.ends_with("ms 127.0.0.1 -"),
                "{line}"
            );
            assert!(
                with_key.ends_with(&format!("ms 127.0.0.1 {key_id}")),
                "{with_key}"
            );
        }
    }
}

#[actix_web::test]
async fn what_it_prints_is_for_people_and_programs() {
    let data = folder();
    let help = String::from_utf8(run(data.path(), &["--help"]).stdout).unwrap();
    for setting in [
        "MANCHETTE_LISTEN",
        "MANCHETTE_DATA_DIR",
        "DATABASE_URL",
        "MANCHETTE_LOG_FORMAT",
        "MANCHETTE_POSTGRES_BIN",
    ] {
        assert!(help.contains(setting), "{help}");
    }
    let mut command = manchette(data.path(), &["--help"]);
    let help = command
        .env("DATABASE_URL", "postgres://u:hush@h/d")
        .output()
        .unwrap();
    assert!(!String::from_utf8(help.stdout).unwrap().contains("hush"));
    let contract = run(data.path(), &["openapi"]).stdout;
    assert_eq!(
        String::from_utf8(contract).unwrap(),
        manchette::server::contract::text()
    );
    let mut command = manchette(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let refused = command
        .args(["--postgres-bin", "/nowhere"])
        .output()
        .unwrap();
    assert!(
        !refused.status.success()
            && String::from_utf8(refused.stderr)
                .unwrap()
                .contains("/nowhere")
    );
}
