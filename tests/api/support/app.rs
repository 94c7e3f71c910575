//! A server inside the test's own process.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use actix_web::dev::ServerHandle;
use clap::Parser;
use diesel::QueryDsl;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use manchette::access::api_keys::{ApiKey, Scope};
use manchette::cli::Cli;
use manchette::connection::Shutdown;
use manchette::connection::admission::Admission;
use manchette::cpu_tasks::CpuTasks;
use manchette::db::ConnectOptions;
use manchette::news::search_index::reindex;
use manchette::schema::events;
use manchette::server;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Request, cluster, with};

/// A server with a database of its own.
pub struct TestApp {
    pub addr: SocketAddr,
    pub database: ConnectOptions,
    /// A key with the scope `admin`.
    pub admin_key: String,
    client: reqwest::Client,
    handle: ServerHandle,
}

/// Settings of every test that does not set them itself: no rate limits, and patience with a database that is busy
/// with other tests.
const DEFAULTS: [(&str, &str); 10] = [
    ("--workers", "2"),
    ("--pool-size", "4"),
    ("--pool-timeout-ms", "20000"),
    ("--database-silence-ms", "20000"),
    // Tests change rows with SQL, of which no event tells.
    ("--cache-size", "0"),
    ("--rate-reads", "off"),
    ("--rate-writes", "off"),
    ("--rate-reads-without-key", "off"),
    ("--rate-writes-without-key", "off"),
    ("--rate-wrong-keys", "off"),
];

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these command line settings.
    pub async fn start_with(settings: &[&str]) -> Self {
        let database = cluster::new_database().await;
        Self::start_on(database, settings).await
    }

    /// With these settings, separated by spaces.
    pub async fn start_with_words(settings: &str) -> Self {
        let settings: Vec<&str> = settings.split(' ').collect();
        Self::start_with(&settings).await
    }

    /// On an existing database.
    pub async fn start_on(database: ConnectOptions, settings: &[&str]) -> Self {
        Self::start_with_cpu_tasks(database, settings, CpuTasks::default()).await
    }

    /// Another node on the same database.
    pub async fn another_node(&self) -> Self {
        Self::start_on(self.database.clone(), &[]).await
    }

    /// With CPU-bound tasks that the test can pause.
    pub async fn start_with_cpu_tasks(
        database: ConnectOptions,
        settings: &[&str],
        cpu_tasks: CpuTasks,
    ) -> Self {
        let defaults = DEFAULTS
            .iter()
            .filter(|(flag, _)| !settings.contains(flag))
            .flat_map(|(flag, value)| [*flag, *value]);
        let arguments = ["manchette"].into_iter().chain(defaults);
        let config = Cli::try_parse_from(arguments.chain(settings.iter().copied()))
            .expect("the settings are valid")
            .config;
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let addr = listener.local_addr().expect("the listener has an address");
        let server = server::start(
            listener,
            &database,
            &config,
            &Shutdown::default(),
            &Admission::new(&config.connection),
            cpu_tasks,
        )
        .expect("the server starts");
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .expect("the client is built");
        let mut app = Self {
            addr,
            database,
            admin_key: String::new(),
            client,
            handle,
        };
        app.admin_key = app.new_key(&[Scope::Admin]).await;
        app
    }

    /// Creates an API key with these scopes.
    pub async fn new_key(&self, scopes: &[Scope]) -> String {
        let mut conn = self.conn().await;
        let token = ApiKey::create(&mut conn, "a test", scopes)
            .await
            .expect("the key is created");
        token.reveal().to_owned()
    }

    /// A connection to the server's database.
    pub async fn conn(&self) -> AsyncPgConnection {
        self.database
            .connect_unbounded()
            .await
            .expect("the database accepts connections")
    }

    /// Executes SQL.
    pub async fn execute_sql(&self, sql: &str) {
        self.conn().await.batch_execute(sql).await.expect(sql);
    }

    /// Indexes rows that SQL has inserted for searches.
    pub async fn reindex(&self) {
        let mut conn = self.conn().await;
        let done = reindex::reindex(&mut conn, false, |_| {}).await;
        done.expect("the content is indexed");
    }

    /// The number of rows that a query returns, or a statement changes.
    pub async fn row_count(&self, sql: &str) -> usize {
        let mut conn = self.conn().await;
        let query = diesel::sql_query(sql);
        query.execute(&mut conn).await.expect(sql)
    }

    /// The log of events, each as `resource version action`.
    pub async fn events(&self) -> Vec<String> {
        let rows: Vec<(String, i32, String)> = events::table
            .order(events::id)
            .select((events::resource, events::version, events::action))
            .load(&mut self.conn().await)
            .await
            .expect("the events are read");
        let text = |(resource, version, action)| format!("{resource} {version} {action}");
        rows.into_iter().map(text).collect()
    }

    pub fn request(&self, method: Method, path: &str) -> Request {
        let url = format!("http://{}{path}", self.addr);
        Request(self.client.request(method, url))
    }

    /// An anonymous `GET`.
    pub fn get(&self, path: &str) -> Request {
        self.request(Method::GET, path)
    }

    /// A `GET` with the admin key, which sees everything.
    pub fn get_as_admin(&self, path: &str) -> Request {
        self.get(path).key(&self.admin_key)
    }

    pub fn post(&self, path: &str, body: Value) -> Request {
        self.request_as_admin(Method::POST, path).json(body)
    }

    pub fn put(&self, path: &str, body: Value) -> Request {
        self.request_as_admin(Method::PUT, path).json(body)
    }

    pub fn patch(&self, path: &str, body: Value) -> Request {
        self.request_as_admin(Method::PATCH, path).json(body)
    }

    pub fn delete(&self, path: &str) -> Request {
        self.request_as_admin(Method::DELETE, path)
    }

    pub fn request_as_admin(&self, method: Method, path: &str) -> Request {
        self.request(method, path).key(&self.admin_key)
    }

    /// Creates a published headline; `more` adds fields or changes them.
    pub async fn headline(&self, title: &str, more: Value) -> Value {
        self.post("/v1/headlines", published(title, more))
            .await
            .created()
    }

    /// Creates a published article; `more` adds fields or changes them.
    pub async fn article(&self, title: &str, more: Value) -> Value {
        self.post("/v1/articles", published(title, more))
            .await
            .created()
    }

    /// Creates a category below another, or at the top.
    pub async fn category(&self, name: &str, parent: Option<&Value>) -> Value {
        let parent_id = parent.map(|parent| parent["id"].clone());
        let body = json!({"name": name, "parent_id": parent_id});
        self.post("/v1/categories", body).await.created()
    }

    pub async fn author(&self, name: &str) -> Value {
        let body = json!({"name": name});
        self.post("/v1/authors", body).await.created()
    }

    pub async fn tag(&self, name: &str) -> Value {
        let body = json!({"name": name});
        self.post("/v1/tags", body).await.created()
    }

    /// Sends back a document that was read, and checks that nothing but its version and time change.
    pub async fn put_unchanged(&self, path: &str, document: &Value) -> Value {
        let put = self.put(path, document.clone()).await.ok();
        let version = document["version"].as_i64().expect("a version") + 1;
        let changed = json!({"version": version, "updated_at": put["updated_at"]});
        assert_eq!(put, with(document.clone(), changed));
        put
    }

    /// Sends bytes on a connection of their own and returns everything that is received until the server closes it.
    pub fn send_raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.addr).expect("the server accepts connections");
        stream.write_all(bytes).expect("the server reads");
        read_to_close(stream)
    }
}

/// Everything that is received until the server closes the connection.
pub fn read_to_close(mut stream: TcpStream) -> String {
    let mut received = Vec::new();
    let _ = stream.read_to_end(&mut received);
    String::from_utf8_lossy(&received).into_owned()
}

fn published(title: &str, more: Value) -> Value {
    let body = json!({"title": title, "language": "fr", "status": "published"});
    with(body, more)
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}
