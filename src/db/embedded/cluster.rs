//! The files of the embedded Postgres: created by `initdb`, checked before each start.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::programs::{self, Programs};
use super::user::ProcessUser;
use super::{Error, OWNER, Options};
use crate::progress::Progress;

/// The cluster, and how its processes are run.
pub struct Cluster {
    folder: PathBuf,
    log: PathBuf,
    programs: Programs,
    user: ProcessUser,
    max_connections: usize,
    durable: bool,
}

impl Cluster {
    /// Creates the cluster if there is none, and makes it ready to be started.
    pub fn prepare(options: &Options) -> Result<Self, Error> {
        let data_dir = std::path::absolute(&options.data_dir)?;
        let folder = data_dir.join("postgres");
        let version = match fs::read_to_string(folder.join("PG_VERSION")) {
            Ok(version) => Some(version.trim().parse()?),
            Err(_) if !folder.exists() => None,
            Err(error) => {
                return Err(
                    format!("{} exists but can't be read: {error}", folder.display()).into(),
                );
            }
        };
        let cluster = Self {
            programs: programs::find(
                options.postgres_bin.as_deref(),
                options.fetch_postgres,
                version,
            )?,
            user: ProcessUser::choose(&folder, options.user.as_deref())?,
            log: data_dir.join("postgres.log"),
            max_connections: options.max_connections,
            durable: options.durable,
            folder,
        };
        if version.is_none() {
            cluster.create(&data_dir.join("postgres.new"))?;
        }
        cluster.stop_leftover()?;
        cluster.write_access()?;
        Ok(cluster)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Postgres's startup log: its output before it opens its own log.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Creates the cluster under a temporary name, so that an unfinished one is never taken for a finished one.
    fn create(&self, new: &Path) -> Result<(), Error> {
        let _progress = Progress::spinner("creating the database cluster");
        log::info!(
            "creating a Postgres {} cluster in {}",
            self.programs.major,
            self.folder.display()
        );
        // Unicode decides which characters are letters, and strings sort by code point: the same on every system.
        let unicode = self.initdb(new, "C.UTF-8")?;
        // Some systems lack that locale.
        if !unicode.status.success() && !self.initdb(new, "C")?.status.success() {
            let error = String::from_utf8_lossy(&unicode.stderr);
            return Err(format!("initdb failed: {}", error.trim()).into());
        }
        fs::rename(new, &self.folder)?;
        Ok(())
    }

    fn initdb(&self, folder: &Path, ctype: &str) -> Result<Output, Error> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        DirBuilder::new().mode(0o700).create(folder)?;
        self.user.own(folder)?;
        let open = File::open(folder)?;
        let mut command = Command::new(self.programs.program("initdb"));
        command
            .arg("-D")
            .arg(self.user.path_in_child(folder, &open))
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
        self.user.apply(&mut command, &open);
        Ok(command.output()?)
    }

    /// Allows two system users to connect through the socket, as the owner of the database: the one that runs the server
    /// and the one that runs Postgres.
    fn write_access(&self) -> Result<(), Error> {
        let map: String = self
            .user
            .names()
            .iter()
            .map(|name| format!("manchette \"{name}\" {OWNER}\n"))
            .collect();
        self.write("pg_hba.conf", "local all all peer map=manchette\n")?;
        self.write("pg_ident.conf", &map)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.folder.join(name);
        fs::write(&path, text)
            .map_err(|error| format!("{} can't be written: {error}", path.display()).into())
    }

    /// Stops a Postgres that a killed server left running on these files, and removes the pid file of one that has ended.
    pub fn stop_leftover(&self) -> Result<(), Error> {
        let file = self.folder.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&file) else {
            return Ok(());
        };
        let first_line = text.lines().next();
        let Some(pid) = first_line.and_then(|line| line.trim().parse().ok()) else {
            return Ok(());
        };
        let pid = Pid::from_raw(pid);
        if kill(pid, None).is_err() {
            return Ok(()); // Postgres itself removes the file of a process that has ended.
        }
        if !self.is_used_by(pid) {
            // Another program has this process id, as after a restart of the machine.
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
            "a Postgres ({pid}) was left running on {} and does not stop",
            self.folder.display()
        )
        .into())
    }

    /// Whether the process works in the cluster's folder; true on systems that can't tell.
    fn is_used_by(&self, pid: Pid) -> bool {
        if !Path::new("/proc/self").exists() {
            return true;
        }
        let theirs = fs::metadata(format!("/proc/{pid}/cwd"));
        match (theirs, fs::metadata(&self.folder)) {
            (Ok(theirs), Ok(ours)) => (theirs.dev(), theirs.ino()) == (ours.dev(), ours.ino()),
            _ => false,
        }
    }

    /// Starts `postgres`.
    pub fn spawn(&self) -> Result<Child, Error> {
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
            .arg(self.user.path_in_child(&self.folder, &open));
        for setting in SETTINGS.iter().chain(self.durability()) {
            command.args(["-c", setting]);
        }
        command.args(["-c", &format!("max_connections={}", self.max_connections)]);
        // In a process group of its own, it does not get the terminal's Ctrl-C: requests finish, then Postgres stops.
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        self.user.apply(&mut command, &open);
        Ok(command.spawn()?)
    }

    fn durability(&self) -> &'static [&'static str] {
        if self.durable {
            &["fsync=on", "full_page_writes=on", "synchronous_commit=on"]
        } else {
            &[
                "fsync=off",
                "full_page_writes=off",
                "synchronous_commit=off",
            ]
        }
    }
}

const SETTINGS: &[&str] = &[
    "listen_addresses=",
    // The cluster's own folder, by a path that is never too long for a socket.
    "unix_socket_directories=.",
    "unix_socket_permissions=0700",
    "port=5432",
    // Seven log files, one for each weekday, overwritten after a week.
    "logging_collector=on",
    "log_directory=log",
    "log_filename=postgres-%a.log",
    "log_rotation_age=1d",
    "log_rotation_size=0",
    "log_truncate_on_rotation=on",
    // After a crash it ends, and the supervisor restarts it with a backoff.
    "restart_after_crash=off",
    "log_timezone=UTC",
    "timezone=UTC",
];
