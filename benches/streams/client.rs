//! Readers of the stream of headlines, and a writer that creates headlines, in one process: measures the time from a commit to
//! each receipt. `benches/streams.py` runs it.
//!
//! `streams PORT KEY-FILE READERS SECONDS`
//!
//! Prints `open` once all streams are open, `done` after the last receipt, and waits for a line of standard input after either, so
//! that the server can be examined meanwhile. Then prints the results, in one line of JSON.

mod readers;
mod results;
mod writer;

use std::io::Write;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use readers::Readers;
use results::results;

type Error = Box<dyn std::error::Error + Send + Sync>;

/// Headlines that are created in each second.
const RATE: u32 = 20;
/// The pause between the opening of the last stream and the first headline.
const SETTLE: Duration = Duration::from_secs(2);
/// How long to wait for receipts after the last headline.
const QUIET: Duration = Duration::from_secs(4);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("usage: streams PORT KEY-FILE READERS SECONDS")
    };
    let port: u16 = next()?.parse()?;
    let key = std::fs::read_to_string(next()?)?.trim().to_owned();
    let count: usize = next()?.parse()?;
    let seconds: u32 = next()?.parse()?;
    let headlines = seconds * RATE;

    raise_file_limit();
    let readers = Readers::open(port, count, headlines as usize).await?;
    sleep(SETTLE).await;
    pause("open")?;
    // On a thread of its own: the readers don't delay the time of the response.
    let created = spawn_blocking(move || writer::create(port, &key, headlines, RATE)).await??;
    readers.wait_for(created.len() * count, QUIET).await;
    pause("done")?;
    let results = results(&created, &readers.close().await?);
    print(&results.to_string())
}

/// A reader needs an open file. Where the limit is too low, opening the streams fails.
fn raise_file_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// Prints a line, and waits for one. The readers wait too, in the meantime.
fn pause(line: &str) -> Result<(), Error> {
    print(line)?;
    std::io::stdin().read_line(&mut String::new())?;
    Ok(())
}

fn print(line: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}
