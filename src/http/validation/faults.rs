//! Turns the errors of a schema validation into the faults of a problem.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::http::values::{is_invisible, parse_timestamp};
use crate::problem::Fault;

/// Whether another fault at the same place is more precise than this one.
pub fn is_superseded(all: &[Fault], fault: &Fault) -> bool {
    let beside = |other: &&Fault| other.pointer == fault.pointer && other.code != fault.code;
    match fault.code.as_str() {
        "invalid_format" => all.iter().any(|other| beside(&other)),
        "invalid_choice" => all
            .iter()
            .filter(beside)
            .any(|other| other.code == "wrong_type"),
        _ => false,
    }
}

pub fn faults_of(error: &ValidationError<'_>) -> Vec<Fault> {
    use ValidationErrorKind as Kind;
    let pointer = error.instance_path().to_string();
    let at = |code: &str, detail: String| vec![Fault::at(pointer.clone(), code, detail)];
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                Fault::at(
                    format!("{pointer}/{}", escape(name)),
                    "unknown",
                    "there is no such field",
                )
            })
            .collect(),
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::at(
                format!("{pointer}/{}", escape(name)),
                "required",
                "this field is required",
            )]
        }
        Kind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default();
            faults_of(error)
                .into_iter()
                .map(|fault| {
                    Fault::at(
                        format!("{pointer}/{}", escape(name)),
                        &fault.code,
                        fault.detail,
                    )
                })
                .collect()
        }
        Kind::MaxLength { limit } => at("too_long", format!("at most {limit} characters")),
        Kind::MinLength { .. } | Kind::Pattern { .. } => {
            let text = error.instance().as_str().unwrap_or_default();
            let (code, detail) = broken_pattern(text);
            at(code, detail.into())
        }
        Kind::Format { format } => {
            let (code, detail) =
                broken_format(format, error.instance().as_str().unwrap_or_default());
            at(code, detail)
        }
        Kind::Enum { options } => {
            let words: Vec<&str> = options
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            at("invalid_choice", format!("one of: {}", words.join(", ")))
        }
        Kind::Minimum { limit } => at("too_small", format!("at least {limit}")),
        Kind::Maximum { limit } => at("too_large", format!("at most {limit}")),
        Kind::MaxProperties { limit } | Kind::MaxItems { limit } => {
            at("too_many", format!("at most {limit}"))
        }
        Kind::MinItems { limit } => at("too_few", format!("at least {limit}")),
        Kind::UniqueItems => at("duplicate_item", "items must be unique".into()),
        Kind::Type { kind } => at("wrong_type", format!("must be {}", types(kind))),
        _ => at("invalid", error.to_string()),
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(several) => several
            .iter()
            .map(|one| one.to_string())
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

fn broken_pattern(text: &str) -> (&'static str, &'static str) {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(control) {
        (
            "control_character",
            "text may not contain control characters",
        )
    } else if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        ("blank", "must not be blank")
    } else if text.chars().any(char::is_control) {
        (
            "control_character",
            "must be one line, without tabs and line breaks",
        )
    } else {
        (
            "invalid_format",
            "does not match the pattern in the contract",
        )
    }
}

fn broken_format(format: &str, text: &str) -> (&'static str, String) {
    match format {
        "date-time" => match parse_timestamp(text) {
            Err(fault) => fault,
            Ok(_) => ("invalid", "not a timestamp".into()),
        },
        "uri" => ("invalid_url", "must be an absolute `http` or `https` URL, percent-encoded, without user name and password".into()),
        "bcp47" => ("invalid_language", "must be a language tag (BCP 47), such as `fr` or `ar-MA`".into()),
        "uuid" => ("invalid_id", "must be an id (a UUID)".into()),
        "slug" => (
            "invalid_slug",
            "must be lower-case letters and digits joined by single hyphens, and not look like an id".into(),
        ),
        other => ("invalid_format", format!("must be of the format {other}")),
    }
}

pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
