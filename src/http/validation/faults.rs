//! Turns the errors of a schema validation into the faults of a problem.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use crate::http::messages;
use crate::http::values::{is_invisible, parse_timestamp};
use crate::problem::{Fault, FaultCode, Text};

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
    let at = |code: FaultCode, detail: Text| vec![Fault::at(pointer.clone(), code, detail)];
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|name| {
                Fault::at(
                    format!("{pointer}/{}", escape(name)),
                    FaultCode::Unknown,
                    messages::unknown_field(),
                )
            })
            .collect(),
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::at(
                format!("{pointer}/{}", escape(name)),
                FaultCode::Required,
                messages::required_field(),
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
        Kind::MaxLength { limit } => at(FaultCode::TooLong, messages::at_most_characters(*limit)),
        Kind::MinLength { .. } | Kind::Pattern { .. } => {
            let text = error.instance().as_str().unwrap_or_default();
            let (code, detail) = broken_pattern(text);
            at(code, detail)
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
            at(FaultCode::InvalidChoice, messages::one_of(words.join(", ")))
        }
        Kind::Minimum { limit } => at(FaultCode::TooSmall, messages::at_least(limit.to_string())),
        Kind::Maximum { limit } => at(FaultCode::TooLarge, messages::at_most(limit.to_string())),
        Kind::MaxProperties { limit } => at(FaultCode::TooMany, messages::at_most_fields(*limit)),
        Kind::MaxItems { limit } => at(FaultCode::TooMany, messages::at_most_items(*limit)),
        Kind::MinItems { limit } => at(FaultCode::TooFew, messages::at_least_items(*limit)),
        Kind::UniqueItems => at(FaultCode::DuplicateItem, messages::unique_items()),
        Kind::Type { kind } => at(FaultCode::WrongType, messages::must_be(types(kind))),
        _ => at(
            FaultCode::Invalid,
            messages::not_in_schema(error.to_string()),
        ),
    }
}

fn types(kind: &TypeKind) -> Text {
    let several = match kind {
        TypeKind::Single(one) => return type_name(*one),
        TypeKind::Multiple(several) => *several,
    };
    let (null, mut types): (Vec<_>, Vec<_>) = several.iter().partition(|of| *of == JsonType::Null);
    types.extend(null);
    let names = types.into_iter().map(type_name);
    names.reduce(messages::or).unwrap_or_else(messages::null)
}

fn type_name(of: JsonType) -> Text {
    match of {
        JsonType::Array => messages::an_array(),
        JsonType::Boolean => messages::a_boolean(),
        JsonType::Integer => messages::an_integer(),
        JsonType::Null => messages::null(),
        JsonType::Number => messages::a_number(),
        JsonType::Object => messages::an_object(),
        JsonType::String => messages::a_string(),
    }
}

fn broken_pattern(text: &str) -> (FaultCode, Text) {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(control) {
        let detail = messages::no_control_characters();
        (FaultCode::ControlCharacter, detail)
    } else if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        (FaultCode::Blank, messages::blank())
    } else if text.chars().any(char::is_control) {
        (FaultCode::ControlCharacter, messages::one_line())
    } else {
        (FaultCode::InvalidFormat, messages::not_the_pattern())
    }
}

fn broken_format(format: &str, text: &str) -> (FaultCode, Text) {
    match format {
        "date-time" => match parse_timestamp(text) {
            Err(fault) => fault,
            Ok(_) => (FaultCode::Invalid, messages::timestamp()),
        },
        "uri" => (FaultCode::InvalidUrl, messages::http_url()),
        "bcp47" => (FaultCode::InvalidLanguage, messages::language_tag()),
        "uuid" => (FaultCode::InvalidId, messages::an_id()),
        "slug" => (FaultCode::InvalidSlug, messages::slug()),
        other => (FaultCode::InvalidFormat, messages::other_format(other)),
    }
}

pub fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
