//! Logging: the format of lines (text or JSON), and the level of what clients can cause.

mod writer;

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use chrono::{SecondsFormat, Utc};
use env_logger::fmt::Formatter;
use env_logger::{Builder, Env, Target};
use log::kv::{Key, Value, VisitSource};
use log::{Level, Log, Metadata, Record};
use serde_json::{Map, json};

use clap::ValueEnum;

use writer::LineWriter;

use crate::progress;

/// The target of the lines for requests.
pub const REQUESTS: &str = "request";

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Plain text.
    Text,
    /// One JSON object on each line.
    Json,
}

/// Starts the logger, filtered by `RUST_LOG`. A line that can't be written is lost; nothing else fails.
pub fn start(format: LogFormat) {
    let mut builder = Builder::from_env(Env::default().default_filter_or("info,actix_server=warn"));
    match format {
        LogFormat::Text => builder.format(text),
        LogFormat::Json => builder.format(json),
    };
    // On a terminal, lines are written at once and in colour; whatever else reads them must not hold up a request.
    if !std::io::stderr().is_terminal()
        && let Ok(writer) = LineWriter::start(std::io::stderr())
    {
        let _ = WRITER.set(writer.clone());
        builder.target(Target::Pipe(Box::new(writer)));
    }
    let logger = builder.build();
    log::set_max_level(logger.filter());
    // Fails only if a logger is set already.
    let _ = log::set_boxed_logger(Box::new(ClientErrorsAsDebug(logger)));
}

/// The thread that writes lines, if there is one.
static WRITER: OnceLock<LineWriter> = OnceLock::new();

/// Waits until all lines are written: before the process ends.
pub fn flush() {
    if let Some(writer) = WRITER.get() {
        writer.wait();
    }
}

/// The framework's module for connections. It logs malformed requests and broken connections as errors, although any client
/// can cause them; an error in the log should be one that an operator has to act on.
const CLIENT_ERRORS: &str = "actix_http::h1";

/// Lowers the level of what clients can cause to `debug`.
struct ClientErrorsAsDebug<L>(L);

impl<L: Log> ClientErrorsAsDebug<L> {
    fn is_caused_by_client(metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(CLIENT_ERRORS) && metadata.level() < Level::Debug
    }

    fn debug_metadata() -> Metadata<'static> {
        Metadata::builder()
            .level(Level::Debug)
            .target(CLIENT_ERRORS)
            .build()
    }

    fn log_at_its_level(&self, record: &Record<'_>) {
        if Self::is_caused_by_client(record.metadata()) {
            let mut lowered = Record::builder();
            lowered
                .metadata(Self::debug_metadata())
                .args(*record.args());
            self.0.log(&lowered.build());
        } else {
            self.0.log(record);
        }
    }
}

impl<L: Log> Log for ClientErrorsAsDebug<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if Self::is_caused_by_client(metadata) {
            self.0.enabled(&Self::debug_metadata())
        } else {
            self.0.enabled(metadata)
        }
    }

    fn log(&self, record: &Record<'_>) {
        let write = || progress::suspend(|| self.log_at_its_level(record));
        match record.target() {
            REQUESTS => writer::droppable(write),
            _ => write(),
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

fn time() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn text(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    // Without colours, unless it is a terminal.
    let style = out.default_level_style(record.level());
    writeln!(
        out,
        "{} {style}{:<5}{style:#} {}: {}",
        time(),
        record.level(),
        record.target(),
        record.args()
    )
}

fn json(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    let mut line = LogFields(Map::new());
    line.0.insert("time".into(), time().into());
    line.0
        .insert("level".into(), record.level().as_str().into());
    line.0.insert("target".into(), record.target().into());
    let _ = record.key_values().visit(&mut line);
    if record.key_values().count() == 0 {
        line.0
            .insert("message".into(), record.args().to_string().into());
    }
    writeln!(out, "{}", serde_json::Value::Object(line.0))
}

struct LogFields(Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for LogFields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        let value = match (value.to_u64(), value.to_f64()) {
            (Some(whole), _) => json!(whole),
            (None, Some(number)) => json!(number),
            (None, None) => json!(value.to_string()),
        };
        // What a record doesn't have.
        if value != "" {
            self.0.insert(key.to_string(), value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Recorder(Mutex<Vec<(Level, String)>>);

    impl Log for Recorder {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &Record<'_>) {
            let line = (record.level(), record.args().to_string());
            self.0.lock().unwrap().push(line);
        }

        fn flush(&self) {}
    }

    #[test]
    fn errors_that_clients_cause_are_logged_as_debug() {
        let logger = ClientErrorsAsDebug(Recorder(Mutex::default()));
        for (target, level) in [
            ("actix_http::h1::dispatcher", Level::Error),
            ("actix_http::service", Level::Error),
            ("manchette::problem", Level::Warn),
        ] {
            let mut record = Record::builder();
            record.target(target).level(level);
            logger.log(&record.args(format_args!("{target} says so")).build());
        }
        let recorded = logger.0.0.into_inner().unwrap();
        let levels: Vec<Level> = recorded.iter().map(|(level, _)| *level).collect();
        assert_eq!(levels, [Level::Debug, Level::Error, Level::Warn]);
        assert_eq!(recorded[0].1, "actix_http::h1::dispatcher says so");
    }
}
