//! JSON documents that come in, checked against the published schema, every fault at once.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::http::values::{is_http_url, is_invisible, parse_timestamp};
use crate::problem::{Fault, Problem};

/// How many fields one object may have: far more than any schema knows, far fewer than would take long to check.
const MOST_FIELDS: usize = 200;

/// What a document must obey: its schema in the published contract.
pub struct SchemaValidator {
    validator: Validator,
    /// Fields that only the server writes: taken, so that what was read can be sent back, and ignored.
    read_only: Vec<String>,
}

impl SchemaValidator {
    /// The rules of one schema of the contract.
    pub fn new(contract: &Value, schema: &str, read_only: Vec<String>) -> Self {
        let root = json!({
            "$ref": format!("#/components/schemas/{schema}"),
            "components": contract["components"],
        });
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .with_format("date-time", |text: &str| parse_timestamp(text).is_ok())
            .with_format("uri", is_http_url)
            .with_format("bcp47", |text: &str| {
                crate::http::language::canonical(text).is_ok()
            })
            .with_format("slug", crate::news::content::slug::is_slug)
            .build(&root)
            .unwrap_or_else(|error| panic!("the contract's schema {schema} is not one: {error}"));
        Self {
            validator,
            read_only,
        }
    }

    /// Leaves out what is only ours to write, and finds everything that is wrong with the rest.
    pub fn check(&self, document: &mut Value) -> Result<(), Problem> {
        if let Some(fields) = document.as_object_mut() {
            fields.retain(|name, _| !self.read_only.contains(name));
        }
        let mut faults = Vec::new();
        too_many_fields(document, "", &mut faults);
        if !faults.is_empty() {
            return Err(Problem::Invalid(faults));
        }
        whole_numbers(document);
        faults = self
            .validator
            .iter_errors(document)
            .flat_map(|error| faults_of(&error))
            .collect();
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort();
        faults.dedup();
        let all = faults.clone();
        faults.retain(|fault| !says_more(&all, fault));
        Err(Problem::Invalid(faults))
    }

    /// The document as what it stands for.
    pub fn read<T: DeserializeOwned>(&self, mut document: Value) -> Result<T, Problem> {
        self.check(&mut document)?;
        serde_path_to_error::deserialize(document).map_err(|error| {
            let pointer: String = error
                .path()
                .iter()
                .map(|step| format!("/{}", escape(&step.to_string())))
                .collect();
            Problem::Invalid(vec![Fault::at(
                pointer,
                "invalid",
                error.inner().to_string(),
            )])
        })
    }
}

fn too_many_fields(document: &Value, pointer: &str, faults: &mut Vec<Fault>) {
    match document {
        Value::Object(fields) if fields.len() > MOST_FIELDS => {
            faults.push(Fault::at(
                pointer,
                "too_many",
                format!("at most {MOST_FIELDS} fields"),
            ));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                too_many_fields(value, &format!("{pointer}/{}", escape(name)), faults);
            }
        }
        // How long a list may be, its schema says. Behind that many, nothing is looked at.
        Value::Array(items) => {
            for (n, item) in items.iter().take(MOST_FIELDS).enumerate() {
                too_many_fields(item, &format!("{pointer}/{n}"), faults);
            }
        }
        _ => {}
    }
}

/// Writes `1.0` as `1`: to JSON Schema both are whole numbers, to a Rust integer they are not.
fn whole_numbers(document: &mut Value) {
    match document {
        Value::Number(number) => {
            if let Some(float) = number
                .as_f64()
                .filter(|float| number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15)
            {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "it is whole and small enough"
                )]
                let whole = float as i64;
                *document = whole.into();
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(whole_numbers),
        Value::Array(items) => items.iter_mut().for_each(whole_numbers),
        _ => {}
    }
}

/// Puts a merge patch (RFC 7396) on a document: what is null goes, what is absent stays.
pub fn merge(document: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match value {
            Value::Null => {
                document.remove(&name);
            }
            Value::Object(patch) => {
                let inner = document
                    .entry(name)
                    .or_insert_with(|| Value::Object(Map::new()));
                if !inner.is_object() {
                    *inner = Value::Object(Map::new());
                }
                merge(inner.as_object_mut().expect("it was just made one"), patch);
            }
            value => {
                document.insert(name, value);
            }
        }
    }
}

/// Whether another fault at the same place says more than this one.
fn says_more(all: &[Fault], fault: &Fault) -> bool {
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

fn faults_of(error: &ValidationError<'_>) -> Vec<Fault> {
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
        Kind::UniqueItems => at("duplicate_item", "each may stand there once".into()),
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
            "control characters can't stand in text",
        )
    } else if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        ("blank", "must say something")
    } else if text.chars().any(char::is_control) {
        (
            "control_character",
            "must be one line: no tabs, no line ends",
        )
    } else {
        ("invalid_format", "not of the form that the contract names")
    }
}

fn broken_format(format: &str, text: &str) -> (&'static str, String) {
    match format {
        "date-time" => match parse_timestamp(text) {
            Err(fault) => fault,
            Ok(_) => ("invalid", "not a moment".into()),
        },
        "uri" => ("invalid_url", "must be an absolute `http` or `https` address, percent-encoded, without a user's name or password".into()),
        "bcp47" => ("invalid_language", "must be a language tag (BCP 47), such as `fr` or `ar-MA`".into()),
        "uuid" => ("invalid_id", "must be an id (a UUID)".into()),
        "slug" => (
            "invalid_slug",
            "must be lower-case letters and digits joined by single hyphens, and not look like an id".into(),
        ),
        other => ("invalid_format", format!("must be of the format {other}")),
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_clears_sets_and_leaves() {
        // The examples of RFC 7396's appendix A that are objects.
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [{"b": "c"}]}),
                json!({"a": [1]}),
                json!({"a": [1]}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let (Value::Object(mut target), Value::Object(patch)) = (target, patch) else {
                unreachable!()
            };
            merge(&mut target, patch);
            assert_eq!(Value::Object(target), result);
        }
    }
}
