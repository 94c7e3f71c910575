//! How a line of the log looks: for people, or as JSON.

use std::io::Write;

use chrono::{SecondsFormat, Utc};
use env_logger::fmt::Formatter;
use env_logger::{Builder, Env};
use log::kv::{Key, Value, VisitSource};
use log::{Level, Log, Metadata, Record};
use serde_json::{Map, json};

use clap::ValueEnum;

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the logger. `RUST_LOG` says what is logged; a line that can't be written is lost, and nothing else.
pub fn start(format: LogFormat) {
    let mut builder = Builder::from_env(Env::default().default_filter_or("info,actix_server=warn"));
    match format {
        LogFormat::Text => builder.format(text),
        LogFormat::Json => builder.format(json),
    };
    let logger = builder.build();
    log::set_max_level(logger.filter());
    // It fails only where a logger was set before.
    let _ = log::set_boxed_logger(Box::new(Quieter(logger)));
}

/// Where the framework speaks to clients. What it calls an error there, any stranger can cause at will: a request that can't
/// be read, a connection that breaks off. An error is what somebody has to act on.
const STRANGERS: &str = "actix_http::h1";

/// A logger to which nothing is an error that a stranger can cause.
struct Quieter<L>(L);

impl<L: Log> Quieter<L> {
    fn is_by_strangers(metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(STRANGERS) && metadata.level() < Level::Debug
    }

    fn quiet() -> Metadata<'static> {
        Metadata::builder()
            .level(Level::Debug)
            .target(STRANGERS)
            .build()
    }
}

impl<L: Log> Log for Quieter<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        if Self::is_by_strangers(metadata) {
            self.0.enabled(&Self::quiet())
        } else {
            self.0.enabled(metadata)
        }
    }

    fn log(&self, record: &Record<'_>) {
        if Self::is_by_strangers(record.metadata()) {
            let mut quiet = Record::builder();
            quiet.metadata(Self::quiet()).args(*record.args());
            self.0.log(&quiet.build());
        } else {
            self.0.log(record);
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
    writeln!(
        out,
        "{} {:<5} {}: {}",
        time(),
        record.level(),
        record.target(),
        record.args()
    )
}

fn json(out: &mut Formatter, record: &Record<'_>) -> std::io::Result<()> {
    let mut line = Fields(Map::new());
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

struct Fields(Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        let value = match (value.to_u64(), value.to_f64()) {
            (Some(whole), _) => json!(whole),
            (None, Some(number)) => json!(number),
            (None, None) => json!(value.to_string()),
        };
        self.0.insert(key.to_string(), value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Kept(Mutex<Vec<(Level, String)>>);

    impl Log for Kept {
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
    fn nothing_is_an_error_that_a_stranger_can_cause() {
        let logger = Quieter(Kept(Mutex::default()));
        for (target, level) in [
            ("actix_http::h1::dispatcher", Level::Error),
            ("actix_http::service", Level::Error),
            ("manchette::problem", Level::Warn),
        ] {
            let mut record = Record::builder();
            record.target(target).level(level);
            logger.log(&record.args(format_args!("{target} says so")).build());
        }
        let kept = logger.0.0.into_inner().unwrap();
        let levels: Vec<Level> = kept.iter().map(|(level, _)| *level).collect();
        assert_eq!(levels, [Level::Debug, Level::Error, Level::Warn]);
        assert_eq!(kept[0].1, "actix_http::h1::dispatcher says so");
    }
}
