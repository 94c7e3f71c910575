//! The Postgres that all tests of a run share. Each test has its own database, cloned from a migrated template.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clap::Parser;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use manchette::cli::Cli;
use manchette::db::embedded::{DataDirLock, Embedded, OWNER, Options};
use manchette::db::{ConnectOptions, DatabaseSettings, migrations};

struct Cluster {
    /// Stops Postgres when this process ends, however it ends.
    _embedded: Embedded,
    address: ConnectOptions,
    folder: PathBuf,
}

fn settings() -> DatabaseSettings {
    Cli::try_parse_from(["manchette"])
        .expect("the defaults are valid")
        .config
        .database
}

/// Creates a migrated database without content.
pub async fn new_database() -> ConnectOptions {
    cluster().address.database(&create("manchette").await)
}

/// Creates a migrated database for a proxy that listens in this directory: the address that leads to the proxy, and the
/// socket of Postgres.
pub async fn new_database_behind(folder: &Path) -> (ConnectOptions, PathBuf) {
    let cluster = cluster();
    let name = create("manchette").await;
    let address = ConnectOptions::from_socket(folder, &name, &settings()).expect("a valid address");
    // The full path may be too long for a socket.
    let short = folder.join("postgres");
    std::os::unix::fs::symlink(&cluster.folder, &short).expect("the link is created");
    (address, short.join(SOCKET))
}

/// The file name of the Postgres socket.
pub const SOCKET: &str = ".s.PGSQL.5432";

/// Creates a database without a schema and returns its `DATABASE_URL`.
pub async fn empty_database_url() -> String {
    let cluster = cluster();
    let name = create("template0").await;
    // A directory name that is short enough for a socket in other processes too.
    let short = std::env::temp_dir().join(format!("manchette-test-{}-{name}", std::process::id()));
    std::os::unix::fs::symlink(&cluster.folder, &short).expect("the link is created");
    let host = short
        .to_str()
        .expect("the name is UTF-8")
        .replace('/', "%2F");
    format!("postgres://{OWNER}@{host}/{name}")
}

/// Connects to a `DATABASE_URL`.
pub async fn connect(url: &str) -> AsyncPgConnection {
    let address = ConnectOptions::from_url(url, &settings()).expect("a valid address");
    address
        .connect_unbounded()
        .await
        .expect("Postgres accepts connections")
}

/// The directory of the Postgres log.
pub fn log_folder() -> PathBuf {
    cluster().folder.join("log")
}

async fn create(template: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let postgres = cluster().address.database("postgres");
    let mut conn = postgres
        .connect_unbounded()
        .await
        .expect("Postgres accepts connections");
    let clone = format!("CREATE DATABASE {name} TEMPLATE {template}");
    conn.batch_execute(&clone)
        .await
        .expect("the database is cloned");
    name
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        let start = || actix_web::rt::System::new().block_on(start());
        std::thread::spawn(start).join().expect("Postgres starts")
    })
}

async fn start() -> Cluster {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    remove_old(folder);
    let data_dir = folder.join(format!("cluster-{}", std::process::id()));
    let claim = DataDirLock::take(&data_dir, "test")
        .expect("the directory can be created")
        .expect("nobody else has it");
    let options = Options {
        data_dir: data_dir.clone(),
        postgres_bin: std::env::var_os("MANCHETTE_POSTGRES_BIN").map(PathBuf::from),
        fetch_postgres: false,
        user: None,
        max_connections: 300,
        durable: false,
    };
    let folder = data_dir.join("postgres");
    let settings = settings();
    let embedded = Embedded::start(&options, claim, &settings)
        .await
        .expect("Postgres starts");
    let address = embedded
        .connect_options(&settings)
        .expect("Postgres has a socket");
    migrations::migrate(&address)
        .await
        .expect("the migrations succeed");
    // A template must have no connections: wait until that of the migration is closed.
    let mut conn = address
        .database("postgres")
        .connect_unbounded()
        .await
        .expect("Postgres accepts connections");
    while conn
        .batch_execute("CREATE DATABASE probe TEMPLATE manchette")
        .await
        .is_err()
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Cluster {
        _embedded: embedded,
        address,
        folder,
    }
}

/// Removes the clusters of earlier runs.
fn remove_old(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with("cluster-")
            && let Ok(Ok(_claim)) = DataDirLock::take(&path, "test")
            && !path.join("postgres/postmaster.pid").exists()
        {
            let _ = std::fs::remove_dir_all(&path);
        }
    }
}
