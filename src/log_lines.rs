//! How a line of the log looks: for people, or as JSON.

use std::io::Write;

use chrono::{SecondsFormat, Utc};
use env_logger::fmt::Formatter;
use env_logger::{Builder, Env};
use log::Record;
use log::kv::{Key, Value, VisitSource};
use serde_json::{Map, json};

use crate::config::LogFormat;

/// Starts the logger. `RUST_LOG` says what is logged; a line that can't be written is lost, and nothing else.
pub fn start(format: LogFormat) {
    let mut builder = Builder::from_env(Env::default().default_filter_or("info,actix_server=warn"));
    match format {
        LogFormat::Text => builder.format(text),
        LogFormat::Json => builder.format(json),
    };
    builder.init();
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
