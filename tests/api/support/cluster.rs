//! The one Postgres that all tests of a run share: each has a database of its own on it, cloned from a migrated template.

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
    /// Postgres stops when this process ends, however it ends.
    _embedded: Embedded,
    address: ConnectOptions,
    folder: PathBuf,
}

fn settings() -> DatabaseSettings {
    Cli::try_parse_from(["manchette"])
        .expect("the defaults are right")
        .config
        .database
}

/// A new, migrated database without content.
pub async fn new_database() -> ConnectOptions {
    cluster().address.database(&create("manchette").await)
}

/// A new database, reached through a socket that somebody else holds in this folder; and Postgres's own.
pub async fn new_database_behind(folder: &Path) -> (ConnectOptions, PathBuf) {
    let cluster = cluster();
    let name = create("manchette").await;
    let address =
        ConnectOptions::from_socket(folder, &name, &settings()).expect("it is an address");
    // Its whole name may be too long for a socket.
    let short = folder.join("postgres");
    std::os::unix::fs::symlink(&cluster.folder, &short).expect("a link is made");
    (address, short.join(SOCKET))
}

/// What Postgres calls its socket.
pub const SOCKET: &str = ".s.PGSQL.5432";

/// The address of a new database without a schema, as a `DATABASE_URL`.
pub async fn empty_database_url() -> String {
    let cluster = cluster();
    let name = create("template0").await;
    // A name for the socket's folder that is short enough for other processes too.
    let short = std::env::temp_dir().join(format!("manchette-test-{}-{name}", std::process::id()));
    std::os::unix::fs::symlink(&cluster.folder, &short).expect("a link is made");
    let host = short
        .to_str()
        .expect("its name is text")
        .replace('/', "%2F");
    format!("postgres://{OWNER}@{host}/{name}")
}

/// A connection to what such an address names.
pub async fn connect(url: &str) -> AsyncPgConnection {
    let address = ConnectOptions::from_url(url, &settings()).expect("it is an address");
    address.connect_unbounded().await.expect("Postgres answers")
}

/// Where Postgres writes its log.
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
        .expect("Postgres answers");
    let clone = format!("CREATE DATABASE {name} TEMPLATE {template}");
    conn.batch_execute(&clone)
        .await
        .expect("a database is cloned");
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
        .expect("a folder can be made")
        .expect("it is ours alone");
    let options = Options {
        data_dir: data_dir.clone(),
        postgres_bin: None,
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
        .expect("it has a socket");
    migrations::migrate(&address)
        .await
        .expect("the schema is made");
    // A database that somebody is connected to can't be cloned: wait until the migration's connection is gone.
    let mut conn = address
        .database("postgres")
        .connect_unbounded()
        .await
        .expect("Postgres answers");
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

/// Removes what runs before left behind.
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
