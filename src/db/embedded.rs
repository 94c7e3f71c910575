//! The Postgres that we start ourselves: its cluster, its process and its end.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel_async::{AsyncPgConnection, RunQueryDsl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User, geteuid};

use super::ConnectOptions;
use super::DatabaseSettings;
use super::postgres_programs::{self, Programs};
use super::restarts::{Backoff, FIRST_WAIT};

/// The role that owns everything in a Postgres of our own.
pub const OWNER: &str = "manchette";
const DATABASE: &str = "manchette";

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What a Postgres of our own is started with.
#[derive(Clone, Debug)]
pub struct Options {
    pub data_dir: PathBuf,
    pub postgres_bin: Option<PathBuf>,
    /// Who runs it when we are root.
    pub user: Option<String>,
    pub max_connections: usize,
    /// Whether what is answered must outlive a power cut. Only throw-away clusters may say no.
    pub durable: bool,
}

/// The one process that may use a data folder, and what it is called in a message to another.
pub struct DataDirLock {
    // Held while it lives; the system lets go of it even after `kill -9`.
    _lock: File,
}

/// Who has a data folder already.
#[derive(Debug)]
pub struct Claimed {
    /// For instance `serve 4711`: the command and its process.
    pub by: String,
}

impl DataDirLock {
    /// Takes the data folder, making it where it is not there.
    ///
    /// # Errors
    /// `Ok(Err(_))` when another process has it.
    pub fn take(data_dir: &Path, command: &str) -> Result<Result<Self, Claimed>, Error> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(data_dir)
            .map_err(|error| {
                format!(
                    "the data folder {} can't be made: {error}",
                    data_dir.display()
                )
            })?;
        let file = data_dir.join("lock");
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&file)
            .map_err(|error| format!("{} can't be opened: {error}", file.display()))?;
        match lock.try_lock() {
            Ok(()) => {
                lock.set_len(0)?;
                lock.write_all(format!("{command} {}\n", std::process::id()).as_bytes())?;
                Ok(Ok(Self { _lock: lock }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut by = String::new();
                lock.rewind()?;
                lock.read_to_string(&mut by)?;
                Ok(Err(Claimed {
                    by: by.trim().to_owned(),
                }))
            }
            Err(TryLockError::Error(error)) => {
                Err(format!("{} can't be locked: {error}", file.display()).into())
            }
        }
    }
}

/// A running Postgres of our own. It stops when this is stopped or dropped.
pub struct Embedded {
    socket: PathBuf,
    stop: Option<(Sender<()>, JoinHandle<()>)>,
    _claim: DataDirLock,
}

impl Embedded {
    /// Makes the cluster where there is none, starts it, and waits until it answers.
    pub async fn start(
        options: &Options,
        claim: DataDirLock,
        settings: &DatabaseSettings,
    ) -> Result<Self, Error> {
        let cluster = Cluster::prepare(options)?;
        let socket = cluster.socket_folder()?;
        let (stop, stopped) = channel();
        let first_start = Arc::new(FirstStart::default());
        let supervisor = Supervisor {
            cluster,
            first_start: first_start.clone(),
        };
        let log = supervisor.cluster.log();
        let thread = std::thread::Builder::new()
            .name("postgres".into())
            .spawn(move || supervisor.run(&stopped))?;
        let embedded = Self {
            socket,
            stop: Some((stop, thread)),
            _claim: claim,
        };
        let mut conn = embedded.wait(&log, &first_start, settings).await?;
        first_start.is_over.store(true, Ordering::Relaxed);
        make_database(&mut conn).await?;
        Ok(embedded)
    }

    /// Where its databases are.
    pub fn address(&self, settings: &DatabaseSettings) -> Result<ConnectOptions, Error> {
        ConnectOptions::from_socket(&self.socket, DATABASE, settings)
    }

    async fn wait(
        &self,
        log: &Path,
        first_start: &FirstStart,
        settings: &DatabaseSettings,
    ) -> Result<AsyncPgConnection, Error> {
        let address = ConnectOptions::from_socket(&self.socket, "postgres", settings)?;
        let begun = Instant::now();
        let mut told = false;
        loop {
            let error = match address.connect_unbounded().await {
                Ok(conn) => return Ok(conn),
                Err(error) => error,
            };
            // A Postgres that was killed may leave processes behind that need a moment to notice.
            if AtomicU32::load(&first_start.exits, Ordering::Relaxed) >= 16 {
                return Err(format!(
                    "Postgres doesn't start. Its last words:\n{}",
                    last_lines(log)
                )
                .into());
            }
            if begun.elapsed() > Duration::from_secs(5) && !told {
                log::info!("waiting for Postgres, which may be recovering: {error}");
                told = true;
            }
            if begun.elapsed() > Duration::from_secs(600) {
                return Err(format!("Postgres doesn't answer after ten minutes: {error}").into());
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Stops it and waits until it has.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some((stop, thread)) = self.stop.take() {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.end();
    }
}

/// The socket of a Postgres that another process runs on this data folder.
pub fn socket_beside(data_dir: &Path) -> Result<PathBuf, Error> {
    reachable(&std::path::absolute(data_dir)?.join("postgres"))
}

async fn make_database(conn: &mut AsyncPgConnection) -> Result<(), Error> {
    let there = diesel::sql_query("SELECT 1 FROM pg_database WHERE datname = 'manchette'")
        .execute(conn)
        .await?;
    if there == 0 {
        diesel::sql_query("CREATE DATABASE manchette")
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// The files of a Postgres of our own, and who runs it.
struct Cluster {
    folder: PathBuf,
    log: PathBuf,
    programs: Programs,
    owner: Option<Owner>,
    max_connections: usize,
    durable: bool,
}

/// The unprivileged user who runs Postgres when we are root, as Postgres refuses to be.
#[derive(Clone)]
struct Owner {
    uid: u32,
    gid: u32,
    name: String,
}

impl Cluster {
    fn prepare(options: &Options) -> Result<Self, Error> {
        let data_dir = std::path::absolute(&options.data_dir)?;
        let folder = data_dir.join("postgres");
        let kept = match fs::read_to_string(folder.join("PG_VERSION")) {
            Ok(version) => Some(version.trim().parse()?),
            Err(_) if !folder.exists() => None,
            Err(error) => {
                return Err(
                    format!("{} is there but can't be read: {error}", folder.display()).into(),
                );
            }
        };
        let cluster = Self {
            programs: postgres_programs::find(options.postgres_bin.as_deref(), kept)?,
            owner: owner(&folder, options.user.as_deref())?,
            log: data_dir.join("postgres.log"),
            max_connections: options.max_connections,
            durable: options.durable,
            folder,
        };
        if kept.is_none() {
            cluster.make(&data_dir.join("postgres.new"))?;
        }
        cluster.end_leftover()?;
        cluster.write_access()?;
        Ok(cluster)
    }

    /// Makes the cluster under another name first: one that was not finished never looks as if it were.
    fn make(&self, new: &Path) -> Result<(), Error> {
        if new.exists() {
            fs::remove_dir_all(new)?;
        }
        fs::DirBuilder::new().mode(0o700).create(new)?;
        if let Some(owner) = &self.owner {
            chown(new, Some(owner.uid), Some(owner.gid))?;
        }
        log::info!(
            "making a Postgres {} cluster in {}",
            self.programs.major,
            self.folder.display()
        );
        // Letters are told from signs by Unicode, order is by code point: the same on every system.
        let wanted = self.initdb(new, "C.UTF-8")?;
        if !wanted.status.success() {
            fs::remove_dir_all(new)?;
            fs::DirBuilder::new().mode(0o700).create(new)?;
            if let Some(owner) = &self.owner {
                chown(new, Some(owner.uid), Some(owner.gid))?;
            }
            let plain = self.initdb(new, "C")?;
            if !plain.status.success() {
                return Err(format!(
                    "initdb failed: {}",
                    String::from_utf8_lossy(&wanted.stderr).trim()
                )
                .into());
            }
        }
        fs::rename(new, &self.folder)?;
        Ok(())
    }

    fn initdb(&self, folder: &Path, ctype: &str) -> Result<std::process::Output, Error> {
        let open = File::open(folder)?;
        let mut command = Command::new(self.programs.program("initdb"));
        command
            .arg("-D")
            .arg(self.seen_from_child(folder, &open))
            .args([
                "-U",
                OWNER,
                "--encoding=UTF8",
                "--locale=C",
                "--data-checksums",
                "--auth=peer",
            ])
            .arg(format!("--lc-ctype={ctype}"))
            .stdin(Stdio::null());
        if !self.durable {
            command.arg("--no-sync");
        }
        self.drop_rights(&mut command, &open);
        Ok(command.output()?)
    }

    /// Who may come in through the socket: whoever runs us and whoever runs Postgres, as the owner.
    fn write_access(&self) -> Result<(), Error> {
        let mut names = vec![user_name(geteuid())];
        names.extend(self.owner.iter().map(|owner| owner.name.clone()));
        let map: String = names
            .iter()
            .map(|name| format!("manchette \"{name}\" {OWNER}\n"))
            .collect();
        self.write("pg_hba.conf", "local all all peer map=manchette\n")?;
        self.write("pg_ident.conf", &map)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        fs::write(self.folder.join(name), text).map_err(|error| {
            format!(
                "{} can't be written: {error}",
                self.folder.join(name).display()
            )
            .into()
        })
    }

    fn log(&self) -> PathBuf {
        self.log.clone()
    }

    fn socket_folder(&self) -> Result<PathBuf, Error> {
        reachable(&self.folder)
    }

    /// Ends a Postgres that a killed server left running on these files, or forgets one that is gone.
    fn end_leftover(&self) -> Result<(), Error> {
        let file = self.folder.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&file) else {
            return Ok(());
        };
        let Some(pid) = text
            .lines()
            .next()
            .and_then(|line| line.trim().parse().ok())
        else {
            return Ok(());
        };
        let pid = Pid::from_raw(pid);
        if kill(pid, None).is_err() {
            return Ok(()); // Postgres itself sees that nobody is there.
        }
        if !self.runs_here(pid) {
            // The number went to another program since, as it does after a restart of the machine.
            fs::remove_file(&file)?;
            return Ok(());
        }
        log::info!("stopping the Postgres ({pid}) that was left running");
        for (signal, seconds) in [(Signal::SIGINT, 30), (Signal::SIGQUIT, 10)] {
            let _ = kill(pid, signal);
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(seconds) {
                if kill(pid, None).is_err() || !file.exists() {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Err(format!(
            "a Postgres ({pid}) was left running on {} and doesn't stop",
            self.folder.display()
        )
        .into())
    }

    /// Whether that process works in our folder, where the system can tell.
    fn runs_here(&self, pid: Pid) -> bool {
        let process = PathBuf::from(format!("/proc/{pid}"));
        if !Path::new("/proc/self").exists() {
            return true;
        }
        match (
            fs::metadata(process.join("cwd")),
            fs::metadata(&self.folder),
        ) {
            (Ok(theirs), Ok(ours)) => (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()),
            _ => false,
        }
    }

    fn spawn(&self) -> Result<Child, Error> {
        let open = File::open(&self.folder)?;
        let log = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.log)?;
        let mut command = Command::new(self.programs.program("postgres"));
        command
            .arg("-D")
            .arg(self.seen_from_child(&self.folder, &open));
        let connections = format!("max_connections={}", self.max_connections);
        let mut settings = vec![
            "listen_addresses=",
            // Its own folder, by a name that is never too long for a socket.
            "unix_socket_directories=.",
            "unix_socket_permissions=0700",
            "port=5432",
            &connections,
            // Seven files, one a weekday, each begun anew when its day comes round.
            "logging_collector=on",
            "log_directory=log",
            "log_filename=postgres-%a.log",
            "log_rotation_age=1d",
            "log_rotation_size=0",
            "log_truncate_on_rotation=on",
            // After a crash it ends, and is started again by us, later each time where it crashes again and again.
            "restart_after_crash=off",
            "log_timezone=UTC",
            "timezone=UTC",
        ];
        if self.durable {
            settings.extend(["fsync=on", "full_page_writes=on", "synchronous_commit=on"]);
        } else {
            settings.extend([
                "fsync=off",
                "full_page_writes=off",
                "synchronous_commit=off",
            ]);
        }
        for setting in settings {
            command.args(["-c", setting]);
        }
        // In a process group of its own, the terminal's Ctrl-C reaches us alone: requests finish, then Postgres stops.
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        self.drop_rights(&mut command, &open);
        Ok(command.spawn()?)
    }

    /// The name under which a child that is not root reaches the folder: as root, by the descriptor that it inherits,
    /// for a folder above may be closed to everybody else (`/root`, say).
    fn seen_from_child(&self, folder: &Path, open: &File) -> PathBuf {
        if self.owner.is_some() && Path::new("/proc/self/fd").exists() {
            format!("/proc/self/fd/{}", open.as_raw_fd()).into()
        } else {
            folder.to_owned()
        }
    }

    fn drop_rights(&self, command: &mut Command, open: &File) {
        command.current_dir("/").env("LC_ALL", "C");
        if let Some(owner) = &self.owner {
            command.uid(owner.uid).gid(owner.gid);
        }
        let folder = self.owner.is_some().then(|| open.as_raw_fd());
        // SAFETY: between fork and exec only `fcntl` and `prctl` are called, which are async-signal-safe.
        #[expect(unsafe_code, reason = "nothing safe sets these two flags in a child")]
        unsafe {
            command.pre_exec(move || prepare_child(folder));
        }
    }
}

/// Keeps the folder's descriptor open in the child, and has the child stopped should we die without a word.
fn prepare_child(folder: Option<RawFd>) -> std::io::Result<()> {
    if let Some(fd) = folder {
        // SAFETY: the descriptor belongs to the `File` that the parent holds until the child is spawned.
        #[expect(unsafe_code, reason = "a borrowed descriptor is what `fcntl` takes")]
        let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
        nix::fcntl::fcntl(
            fd,
            nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()),
        )?;
    }
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(Signal::SIGINT)?;
    Ok(())
}

/// The user who runs Postgres when we are root: who owns the cluster already, else the one that is set, else `postgres`,
/// else `nobody`.
fn owner(cluster: &Path, setting: Option<&str>) -> Result<Option<Owner>, Error> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let user = match fs::metadata(cluster) {
        Ok(there) if there.uid() != 0 => User::from_uid(Uid::from_raw(there.uid()))?.ok_or_else(|| {
            format!("{} belongs to user {}, who is not on this machine", cluster.display(), there.uid())
        })?,
        _ => match setting {
            Some(name) => User::from_name(name)?.ok_or_else(|| format!("there is no user {name} on this machine"))?,
            None => User::from_name("postgres")?
                .or(User::from_name("nobody")?)
                .ok_or("Postgres can't run as root, and there is no user `postgres` or `nobody`: name one with --postgres-user")?,
        },
    };
    if user.uid.is_root() {
        return Err("Postgres can't run as root: name another user with --postgres-user".into());
    }
    Ok(Some(Owner {
        uid: user.uid.as_raw(),
        gid: user.gid.as_raw(),
        name: user.name,
    }))
}

fn user_name(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

/// A name of the folder that is short enough for a socket's address (108 bytes): the folder itself, or an open
/// descriptor of it, which stays open as long as we run.
fn reachable(folder: &Path) -> Result<PathBuf, Error> {
    if folder.as_os_str().len() + "/.s.PGSQL.5432".len() < 100 {
        return Ok(folder.to_owned());
    }
    if !Path::new("/proc/self/fd").exists() {
        return Err(format!(
            "{} is too long a name for a socket: choose a shorter --data-dir",
            folder.display()
        )
        .into());
    }
    let open = File::open(folder)?;
    let short = format!("/proc/self/fd/{}", open.as_raw_fd());
    std::mem::forget(open);
    Ok(short.into())
}

/// What is known of Postgres until it answers for the first time.
#[derive(Debug, Default)]
struct FirstStart {
    exits: AtomicU32,
    is_over: AtomicBool,
}

/// Keeps Postgres running until told to stop.
struct Supervisor {
    cluster: Cluster,
    first_start: Arc<FirstStart>,
}

impl Supervisor {
    // On one thread from its beginning to the end of the process, as the child is stopped when this thread dies.
    fn run(&self, stopped: &Receiver<()>) {
        let mut backoff = Backoff::default();
        loop {
            let begun = Instant::now();
            let ended = match self.cluster.spawn() {
                Ok(mut child) => match self.watch(&mut child, stopped) {
                    None => return,
                    Some(ended) => ended,
                },
                Err(error) => format!("Postgres can't be started: {error}"),
            };
            // Somebody waits for the first start, and is told soon that it fails.
            let wait = if AtomicBool::load(&self.first_start.is_over, Ordering::Relaxed) {
                backoff.after(begun.elapsed())
            } else {
                self.first_start.exits.fetch_add(1, Ordering::Relaxed);
                FIRST_WAIT
            };
            log::warn!("{ended}; it is started again in {wait:?}");
            if !matches!(stopped.recv_timeout(wait), Err(RecvTimeoutError::Timeout)) {
                return;
            }
            if let Err(error) = self.cluster.end_leftover() {
                log::error!("{error}");
            }
        }
    }

    /// Watches one run of Postgres. None when it was stopped on demand; how it ended when it ended by itself.
    fn watch(&self, child: &mut Child, stopped: &Receiver<()>) -> Option<String> {
        loop {
            match stopped.recv_timeout(Duration::from_millis(20)) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => {
                    end(child);
                    return None;
                }
            }
            match child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) => return Some(format!("Postgres ended ({status})")),
                Err(error) => return Some(format!("Postgres can't be watched: {error}")),
            }
        }
    }
}

/// Ends Postgres: first it lets go of its clients and writes a checkpoint; should that take too long, at once, which
/// loses nothing either, but the next start has to recover.
fn end(child: &mut Child) {
    let pid = Pid::from_raw(child.id().cast_signed());
    for (signal, seconds) in [(Signal::SIGINT, 60), (Signal::SIGQUIT, 10)] {
        let _ = kill(pid, signal);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(seconds) {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    log::error!("Postgres ({pid}) doesn't stop");
}

fn last_lines(log: &Path) -> String {
    let mut text = fs::read_to_string(log).unwrap_or_default();
    if let Some(newest) = newest_log(&log.with_file_name("postgres").join("log")) {
        text.push_str(&fs::read_to_string(newest).unwrap_or_default());
    }
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

fn newest_log(folder: &Path) -> Option<PathBuf> {
    fs::read_dir(folder)
        .ok()?
        .flatten()
        .max_by_key(|entry| entry.metadata().and_then(|meta| meta.modified()).ok())
        .map(|entry| entry.path())
}
