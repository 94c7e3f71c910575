//! Turns the errors of a schema validation into the faults of a problem.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::http::values::{is_invisible, parse_timestamp};
use crate::problem::{Fault, FaultCode};

/// Whether another fault at the same place is more precise than this one.
pub fn is_superseded(all: &[Fault], fault: &Fault) -> bool {
    let beside = |other: &&Fault| other.pointer == fault.pointer && other.code != fault.code;
    match fault.code {
        FaultCode::InvalidFormat => all.iter().any(|other| beside(&other)),
        FaultCode::InvalidChoice => all
            .iter()
            .filter(beside)
            .any(|other| other.code == FaultCode::WrongType),
        _ => false,
    }
}

pub fn faults_of(error: &ValidationError<'_>) -> Vec<Fault> {
    use ValidationErrorKind as Kind;
    let pointer = error.instance_path().to_string();
    let at = |code: FaultCode, detail: String| vec![Fault::at(pointer.clone(), code, detail)];
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                Fault::at(
                    format!("{pointer}/{}", escape(name)),
                    FaultCode::Unknown,
                    "there is no such field",
                )
            })
            .collect(),
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::at(
                format!("{pointer}/{}", escape(name)),
                FaultCode::Required,
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
                        fault.code,
                        fault.detail,
                    )
                })
                .collect()
        }
        Kind::MaxLength { limit } => at(FaultCode::TooLong, format!("at most {limit} characters")),
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
            at(
                FaultCode::InvalidChoice,
                format!("one of: {}", words.join(", ")),
            )
        }
        Kind::Minimum { limit } => at(FaultCode::TooSmall, format!("at least {limit}")),
        Kind::Maximum { limit } => at(FaultCode::TooLarge, format!("at most {limit}")),
        Kind::MaxProperties { limit } | Kind::MaxItems { limit } => {
            at(FaultCode::TooMany, format!("at most {limit}"))
        }
        Kind::MinItems { limit } => at(FaultCode::TooFew, format!("at least {limit}")),
        Kind::UniqueItems => at(FaultCode::DuplicateItem, "items must be unique".into()),
        Kind::Type { kind } => at(FaultCode::WrongType, format!("must be {}", types(kind))),
        _ => at(FaultCode::Invalid, error.to_string()),
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

fn broken_pattern(text: &str) -> (FaultCode, &'static str) {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(control) {
        (
            FaultCode::ControlCharacter,
            "text may not contain control characters",
        )
    } else if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        (FaultCode::Blank, "must not be blank")
    } else if text.chars().any(char::is_control) {
        (
            FaultCode::ControlCharacter,
            "must be one line, without tabs and line breaks",
        )
    } else {
        (
            FaultCode::InvalidFormat,
            "does not match the pattern in the contract",
        )
    }
}

fn broken_format(format: &str, text: &str) -> (FaultCode, String) {
    match format {
        "date-time" => match parse_timestamp(text) {
            Err(fault) => fault,
            Ok(_) => (FaultCode::Invalid, "not a timestamp".into()),
        },
        "uri" => (FaultCode::InvalidUrl, "must be an absolute `http` or `https` URL, percent-encoded, without user name and password".into()),
        "bcp47" => (FaultCode::InvalidLanguage, "must be a language tag (BCP 47), such as `fr` or `ar-MA`".into()),
        "uuid" => (FaultCode::InvalidId, "must be an id (a UUID)".into()),
        "slug" => (
            FaultCode::InvalidSlug,
            "must be lower-case letters and digits joined by single hyphens, and not look like an id".into(),
        ),
        other => (FaultCode::InvalidFormat, format!("must be of the format {other}")),
    }
}

pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
