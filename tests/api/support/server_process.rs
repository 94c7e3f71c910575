//! The program as a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::Value;

/// A directory that is removed when the test ends.
pub fn temp_dir() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the directory is created")
}

/// A command of the program, without environment variables that would configure it.
pub fn manchette(data_dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_manchette"));
    for name in ["DATABASE_URL", "DATABASE_URL_FILE", "RUST_LOG"] {
        command.env_remove(name);
    }
    // The machine is busy with other tests. Flags of the test take precedence.
    command.env("MANCHETTE_POOL_TIMEOUT_MS", "20000");
    command.env("MANCHETTE_DATABASE_SILENCE_MS", "20000");
    command.env("MANCHETTE_SHUTDOWN_DELAY", "0");
    command.args(arguments).arg("--data-dir").arg(data_dir);
    command
}

/// Runs a command until it exits.
pub fn run(data_dir: &Path, arguments: &[&str]) -> Output {
    manchette(data_dir, arguments)
        .output()
        .expect("the program runs")
}

/// The output of a command on stdout.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8")
}

/// The output of a command on stderr.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8")
}

/// A running server.
pub struct ServerProcess {
    pub child: Child,
    /// The base URL.
    pub base: String,
    pub startup_message: String,
    log: Receiver<String>,
}

impl ServerProcess {
    pub fn start(data_dir: &Path, arguments: &[&str]) -> Self {
        Self::spawn(manchette(data_dir, arguments))
    }

    /// Starts the server on a free port and waits for its startup message.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command
            .args([
                "--listen",
                "127.0.0.1:0",
                "--workers",
                "2",
                "--pool-size",
                "4",
                // What is tested here is how the server gets on with its database.
                "--cache-size",
                "0",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("stdout and stderr are piped"));
        let errors = BufReader::new(child.stderr.take().expect("stdout and stderr are piped"));
        let (send, log) = channel();
        std::thread::spawn(move || {
            for line in errors.lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut startup_message = String::new();
        while !startup_message.contains("\n  curl") {
            let mut line = String::new();
            if out.read_line(&mut line).unwrap_or(0) == 0 {
                panic!(
                    "the server did not start: {:?}",
                    log.iter().collect::<Vec<_>>()
                );
            }
            startup_message.push_str(&line);
        }
        std::thread::spawn(move || out.read_to_end(&mut Vec::new()));
        let addr = startup_message
            .lines()
            .find_map(|line| line.trim().strip_prefix("Listening"))
            .expect("the message names the address")
            .trim();
        Self {
            base: format!("http://{addr}"),
            child,
            startup_message,
            log,
        }
    }

    pub fn signal(&self, signal: &str) {
        kill(&self.child.id().to_string(), signal);
    }

    /// Waits for the process to exit; its exit code and its log.
    pub fn wait_for_exit(mut self) -> (Option<i32>, Vec<String>) {
        let status = self.child.wait().expect("the process exits");
        (status.code(), self.log.iter().collect())
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let response = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("the client is built")
            .get(format!("{}{path}", self.base))
            .send()
            .await
            .expect("the server responds");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// Repeats a `GET` until it has this status.
    pub async fn wait_for_status(&self, path: &str, status: u16) {
        let started = Instant::now();
        loop {
            let (received, _) = self.get(path).await;
            if received == status {
                return;
            }
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "{path} returns {received}, never {status}"
            );
            actix_web::rt::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

pub fn kill(pid: &str, signal: &str) {
    let pid = Pid::from_raw(pid.parse().expect("a process ID"));
    let signal: Signal = format!("SIG{signal}").parse().expect("a signal name");
    nix::sys::signal::kill(pid, signal).expect("the process exists");
}

/// The process ID of the Postgres of a data directory.
pub fn postmaster(data_dir: &Path) -> String {
    let file = data_dir.join("postgres/postmaster.pid");
    let text = std::fs::read_to_string(file).expect("Postgres is running");
    text.lines()
        .next()
        .expect("the first line is the process ID")
        .to_owned()
}

/// The process IDs of a Postgres and all its children.
pub fn postgres_processes(data_dir: &Path) -> Vec<String> {
    let postmaster = postmaster(data_dir);
    let parent = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(stat.rsplit(") ").next()?.split(' ').nth(1)?.to_owned())
    };
    let mut processes: Vec<String> = std::fs::read_dir("/proc")
        .expect("/proc exists")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|pid| parent(pid).is_some_and(|parent| parent == postmaster))
        .collect();
    processes.push(postmaster);
    processes
}

/// The admin key that the first start wrote.
pub fn admin_key(data_dir: &Path) -> String {
    let file: PathBuf = data_dir.join("key");
    std::fs::read_to_string(file)
        .expect("the key file exists")
        .trim()
        .to_owned()
}

/// Whether a process exists and is no zombie.
pub fn is_running(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
