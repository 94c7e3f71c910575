//! A server for each test, and words to speak to it with.

mod answer;
pub mod cluster;
pub mod line;
pub mod pooler;
pub mod process;
pub mod provider;
pub mod xss;

use std::future::{Future, IntoFuture};
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;

use actix_web::dev::ServerHandle;
use clap::Parser;
use diesel_async::AsyncPgConnection;
use manchette::access::api_keys::{ApiKey, Scope};
use manchette::cli::Cli;
use manchette::connection::Shutdown;
use manchette::connection::admission::Admission;
use manchette::cpu_tasks::CpuTasks;
use manchette::db::ConnectOptions;
use manchette::server;
use reqwest::Method;
use serde_json::{Value, json};

pub use answer::{Answer, items};

/// A server of its own, on a database of its own.
pub struct TestApp {
    pub at: SocketAddr,
    pub address: ConnectOptions,
    /// May do everything.
    pub key: String,
    client: reqwest::Client,
    handle: ServerHandle,
}

impl TestApp {
    pub async fn start() -> Self {
        let address = cluster::new_database().await;
        Self::start_on(address).await
    }

    /// A server with settings of its own.
    pub async fn start_with(settings: &[&str]) -> Self {
        let address = cluster::new_database().await;
        Self::start_so(address, settings).await
    }

    /// Another server on a database that is there already.
    pub async fn start_on(address: ConnectOptions) -> Self {
        Self::start_so(address, &[]).await
    }

    /// Another node beside this one, on the same database.
    pub async fn beside(&self) -> Self {
        Self::start_on(self.address.clone()).await
    }

    pub async fn start_so(address: ConnectOptions, settings: &[&str]) -> Self {
        Self::start_limited(address, settings, CpuTasks::default()).await
    }

    /// A server whose CPU-bound tasks the test can hold up.
    pub async fn start_limited(
        address: ConnectOptions,
        settings: &[&str],
        cpu_tasks: CpuTasks,
    ) -> Self {
        // A test that says nothing of limits has none, and waits for a database that is busy with other tests.
        let unless_told = [
            ("--workers", "2"),
            ("--pool-size", "4"),
            ("--pool-timeout-ms", "20000"),
            ("--database-silence-ms", "20000"),
            ("--rate-reads", "off"),
            ("--rate-writes", "off"),
            ("--rate-reads-without-key", "off"),
            ("--rate-writes-without-key", "off"),
            ("--rate-wrong-keys", "off"),
        ];
        let words = unless_told
            .iter()
            .filter(|(flag, _)| !settings.contains(flag))
            .flat_map(|(flag, value)| [*flag, *value]);
        let words = ["manchette"].into_iter().chain(words);
        let config = Cli::try_parse_from(words.chain(settings.iter().copied()))
            .expect("these settings are right")
            .config;
        let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let at = listener.local_addr().expect("it listens");
        let server = server::start(
            listener,
            &address,
            &config,
            &Shutdown::default(),
            &Admission::new(&config.connection),
            cpu_tasks,
        )
        .expect("a server starts");
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("a client is made");
        let mut app = Self {
            at,
            address,
            key: String::new(),
            client,
            handle,
        };
        app.key = app.new_key(&[Scope::Admin]).await;
        app
    }

    /// Makes a key with these scopes.
    pub async fn new_key(&self, scopes: &[Scope]) -> String {
        let mut conn = self.conn().await;
        let token = ApiKey::create(&mut conn, "a test", scopes)
            .await
            .expect("a key is made");
        token.reveal().to_owned()
    }

    /// A connection to the database behind the server.
    pub async fn conn(&self) -> AsyncPgConnection {
        self.address
            .connect_unbounded()
            .await
            .expect("the database answers")
    }

    pub fn ask(&self, method: Method, path: &str) -> Ask {
        Ask(self
            .client
            .request(method, format!("http://{}{path}", self.at)))
    }

    /// Reads without a key.
    pub fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }

    /// Reads with the key that sees everything.
    pub fn get_all(&self, path: &str) -> Ask {
        self.get(path).key(&self.key)
    }

    pub fn post(&self, path: &str, body: Value) -> Ask {
        self.ask(Method::POST, path).key(&self.key).json(body)
    }

    pub fn put(&self, path: &str, body: Value) -> Ask {
        self.ask(Method::PUT, path).key(&self.key).json(body)
    }

    pub fn patch(&self, path: &str, body: Value) -> Ask {
        self.ask(Method::PATCH, path).key(&self.key).json(body)
    }

    pub fn delete(&self, path: &str) -> Ask {
        self.ask(Method::DELETE, path).key(&self.key)
    }

    /// Creates a headline that is out; `more` adds to it or changes it.
    pub async fn headline(&self, title: &str, more: Value) -> Value {
        let body = with(
            json!({"title": title, "language": "fr", "status": "published"}),
            more,
        );
        self.post("/v1/headlines", body).await.created()
    }

    /// Creates an article that is out; `more` adds to it or changes it.
    pub async fn article(&self, title: &str, more: Value) -> Value {
        let body = with(
            json!({"title": title, "language": "fr", "status": "published"}),
            more,
        );
        self.post("/v1/articles", body).await.created()
    }

    /// Creates a category below another, or at the top.
    pub async fn category(&self, name: &str, parent: Option<&Value>) -> Value {
        let parent_id = parent.map(|parent| parent["id"].clone());
        self.post(
            "/v1/categories",
            json!({"name": name, "parent_id": parent_id}),
        )
        .await
        .created()
    }

    /// Sends bytes as they are, and says what came back.
    pub fn raw(&self, bytes: &[u8]) -> String {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(self.at).expect("the server listens");
        stream.write_all(bytes).expect("the server reads");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// One document with another's fields on top.
pub fn with(mut document: Value, more: Value) -> Value {
    if let (Value::Object(document), Value::Object(more)) = (&mut document, more) {
        document.extend(more);
    }
    document
}

/// A request that is sent when it is awaited.
pub struct Ask(reqwest::RequestBuilder);

impl Ask {
    pub fn key(self, key: &str) -> Self {
        self.header("Authorization", &format!("Bearer {key}"))
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    pub fn json(self, body: Value) -> Self {
        Self(self.0.json(&body))
    }

    pub fn body(self, kind: &str, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("Content-Type", kind).body(body))
    }
}

impl IntoFuture for Ask {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(send(self.0))
    }
}

/// Sends a request.
pub async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        body: response
            .bytes()
            .await
            .expect("the answer is whole")
            .to_vec(),
    }
}
