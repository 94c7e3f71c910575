//! The program itself, as somebody starts it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::Value;

/// A folder that goes when the test ends.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder is made")
}

/// The program with these arguments, and nothing of this environment that it would heed.
pub fn manchette(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manchette"));
    for name in ["DATABASE_URL", "DATABASE_URL_FILE", "RUST_LOG"] {
        command.env_remove(name);
    }
    // The machine is busy with other tests; flags of a test's own go before these.
    command.env("MANCHETTE_POOL_TIMEOUT_MS", "20000");
    command.env("MANCHETTE_DATABASE_SILENCE_MS", "20000");
    command.env("MANCHETTE_SHUTDOWN_DELAY", "0");
    command.args(arguments).arg("--data-dir").arg(data_dir);
    command
}

/// Runs a command to its end.
pub fn run(data_dir: &Path, arguments: &[&str]) -> Output {
    manchette(data_dir, arguments)
        .output()
        .expect("the program runs")
}

/// A running server.
pub struct Served {
    pub child: Child,
    pub base: String,
    pub greeting: String,
    log: Receiver<String>,
}

impl Served {
    pub fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        Self::spawn(manchette(data_dir, arguments))
    }

    /// Starts it on a free port and waits until it says where it listens.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command
            .args([
                "--listen",
                "127.0.0.1:0",
                "--workers",
                "2",
                "--pool-size",
                "4",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
        let errors = BufReader::new(child.stderr.take().expect("it is piped"));
        let (send, log) = channel();
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut greeting = String::new();
        while !greeting.contains("\n  curl") {
            let mut line = String::new();
            if out.read_line(&mut line).unwrap_or(0) == 0 {
                panic!("it did not start: {:?}", log.iter().collect::<Vec<_>>());
            }
            greeting.push_str(&line);
        }
        std::thread::spawn(move || out.read_to_end(&mut Vec::new()));
        let at = greeting
            .lines()
            .find_map(|line| line.trim().strip_prefix("Listening"))
            .expect("it says where it listens")
            .trim();
        Self {
            base: format!("http://{at}"),
            child,
            greeting,
            log,
        }
    }

    pub fn signal(&self, signal: &str) {
        kill(&self.child.id().to_string(), signal);
    }

    /// Waits for its end and says how it ended, and what stood in its log.
    pub fn end(mut self) -> (Option<i32>, Vec<String>) {
        let status = self.child.wait().expect("it ends");
        (status.code(), self.log.iter().collect())
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let response = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client is made")
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .expect("the server answers");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// Asks again and again until this status comes.
    pub async fn wait_for(&self, path: &str, status: u16) {
        let begun = Instant::now();
        loop {
            let (found, _) = self.get(path).await;
            if found == status {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{path} answers {found}, never {status}"
            );
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

pub fn kill(pid: &str, signal: &str) {
    let pid = Pid::from_raw(pid.parse().expect("it is a process"));
    let signal: Signal = format!("SIG{signal}").parse().expect("it is a signal");
    nix::sys::signal::kill(pid, signal).expect("the process is there");
}

/// The process of the Postgres on a data folder.
pub fn postmaster(data_dir: &Path) -> String {
    let file = data_dir.join("postgres/postmaster.pid");
    let text = std::fs::read_to_string(file).expect("Postgres runs");
    text.lines()
        .next()
        .expect("its process is on the first line")
        .to_owned()
}

/// The postmaster and all its children.
pub fn postgres_processes(data_dir: &Path) -> Vec<String> {
    let postmaster = postmaster(data_dir);
    let parent = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(stat.rsplit(") ").next()?.split(' ').nth(1)?.to_owned())
    };
    let mut processes: Vec<String> = std::fs::read_dir("/proc")
        .expect("there is /proc")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|pid| parent(pid).is_some_and(|parent| parent == postmaster))
        .collect();
    processes.push(postmaster);
    processes
}

pub fn key(data_dir: &Path) -> String {
    let file: PathBuf = data_dir.join("key");
    std::fs::read_to_string(file)
        .expect("there is a key")
        .trim()
        .to_owned()
}

/// Whether a process is there and more than a corpse.
pub fn is_alive(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
