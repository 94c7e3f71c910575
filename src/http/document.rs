//! JSON that comes in: read with a bound, then checked against the published schema, every fault at once.

use std::sync::LazyLock;

use actix_web::http::header::{self, Header};
use actix_web::{FromRequest, HttpRequest, dev};
use chrono::{DateTime, Timelike, Utc};
use futures_util::StreamExt;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use std::future::{Ready, ready};
use std::time::Duration;

use crate::problem::{Fault, Problem};

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// What is still read, and thrown away, of a body that is too large: so that a client that only listens once it has
/// sent everything gets to hear why.
const MAX_DRAINED: usize = 16 << 20;

/// How long a body may take to arrive.
pub const SLOWEST: Duration = Duration::from_secs(30);

/// How many fields one object may have: far more than any schema knows, far fewer than would take long to check.
const MOST_FIELDS: usize = 200;

/// A request's body before it is read. It is an argument of a handler, and read there: after the key was checked, and
/// while no connection is held.
pub struct Body {
    request: HttpRequest,
    payload: dev::Payload,
}

impl FromRequest for Body {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self {
            request: request.clone(),
            payload: payload.take(),
        }))
    }
}

/// The names under which JSON is taken.
pub const JSON: &[&str] = &["application/json"];
pub const MERGE_PATCH: &[&str] = &["application/merge-patch+json", "application/json"];

impl Body {
    /// Reads the body as JSON.
    pub async fn json(mut self, types: &'static [&'static str]) -> Result<Value, Problem> {
        let bytes = self.bytes().await?;
        self.check_type(types)?;
        serde_json::from_slice(&bytes)
            .map(|Unique(value)| value)
            .map_err(|error| {
                Problem::Malformed(match error.classify() {
                    serde_json::error::Category::Eof if bytes.is_empty() => {
                        "the body is empty".into()
                    }
                    _ => format!("the body is not JSON: {error}"),
                })
            })
    }

    fn check_type(&self, types: &'static [&'static str]) -> Result<(), Problem> {
        let coded = self
            .request
            .headers()
            .get_all(header::CONTENT_ENCODING)
            .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
        if coded {
            return Err(Problem::UnsupportedMediaType(
                "a body is taken as it is, without a `Content-Encoding`",
            ));
        }
        let sent = header::ContentType::parse(&self.request).ok();
        let charset = |mime: &actix_web::mime::Mime| {
            mime.get_param("charset").is_none_or(|set| set == "utf-8")
        };
        match sent {
            Some(sent) if types.contains(&sent.0.essence_str()) && charset(&sent.0) => Ok(()),
            _ if types.len() == 1 => Err(Problem::UnsupportedMediaType(
                "the body must be `application/json`",
            )),
            _ => Err(Problem::UnsupportedMediaType(
                "the body must be `application/merge-patch+json` or `application/json`",
            )),
        }
    }

    async fn bytes(&mut self) -> Result<Vec<u8>, Problem> {
        tokio::time::timeout(SLOWEST, self.all_bytes())
            .await
            .unwrap_or(Err(Problem::TooSlow(SLOWEST.as_secs())))
    }

    async fn all_bytes(&mut self) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let mut received = 0;
        while let Some(chunk) = self.payload.next().await {
            let chunk = chunk
                .map_err(|error| Problem::Malformed(format!("the body broke off: {error}")))?;
            received += chunk.len();
            if received > MAX_DRAINED {
                break;
            } else if received > MAX_BODY {
                bytes.clear();
            } else {
                bytes.extend_from_slice(&chunk);
            }
        }
        if received > MAX_BODY {
            return Err(Problem::TooLarge(MAX_BODY));
        }
        Ok(bytes)
    }
}

/// What a document must obey: its schema in the published contract.
pub struct Rules {
    validator: Validator,
    /// Fields that only the server writes: taken, so that what was read can be sent back, and ignored.
    read_only: Vec<String>,
}

impl Rules {
    /// The rules of one schema of the contract.
    pub fn new(contract: &Value, schema: &str, read_only: Vec<String>) -> Self {
        let root = json!({
            "$ref": format!("#/components/schemas/{schema}"),
            "components": contract["components"],
        });
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .with_format("date-time", |text: &str| moment(text).is_ok())
            .with_format("uri", is_http_url)
            .with_format("bcp47", |text: &str| {
                crate::language::canonical(text).is_ok()
            })
            .with_format("slug", crate::slug::is_slug)
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

/// JSON in which no object has two fields of one name: which of them was meant, nobody knows.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unique(value))) = fields.next_entry::<String, Unique>()? {
            if object.contains_key(&name) {
                return Err(serde::de::Error::custom(format_args!(
                    "the field {name:?} stands there twice"
                )));
            }
            object.insert(name, value);
        }
        Ok(object.into())
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
        // No field takes a list yet: the schema refuses it whole.
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
        "wrong_form" => all.iter().any(|other| beside(&other)),
        "not_one_of" => all
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
            at("not_one_of", format!("one of: {}", words.join(", ")))
        }
        Kind::Minimum { limit } => at("too_small", format!("at least {limit}")),
        Kind::Maximum { limit } => at("too_large", format!("at most {limit}")),
        Kind::MaxProperties { limit } => at("too_many", format!("at most {limit}")),
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

/// Whether this is one line that says something: the same as the contract's patterns and the database's `is_line`.
pub fn is_line(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest
        && !text.chars().any(char::is_control)
        && !text.chars().all(|c| c.is_whitespace() || is_invisible(c))
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
        ("wrong_form", "not of the form that the contract names")
    }
}

/// What can stand in text without anything to be seen: joiners, marks of direction, fillers. The contract's patterns
/// and the database's `is_line` name the same.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}')
}

fn broken_format(format: &str, text: &str) -> (&'static str, String) {
    match format {
        "date-time" => match moment(text) {
            Err(fault) => fault,
            Ok(_) => ("invalid", "not a moment".into()),
        },
        "uri" => ("not_a_url", "must be an absolute `http` or `https` address, percent-encoded, without a user's name or password".into()),
        "bcp47" => ("not_a_language", "must be a language tag (BCP 47), such as `fr` or `ar-MA`".into()),
        "uuid" => ("not_an_id", "must be an id (a UUID)".into()),
        "slug" => (
            "not_a_slug",
            "must be lower-case letters and digits joined by single hyphens, and not look like an id".into(),
        ),
        other => ("wrong_form", format!("must be of the format {other}")),
    }
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether a moment is one that content can have: newspapers begin in 1605, RFC 3339 ends with the year 9999.
pub fn in_range(at: DateTime<Utc>) -> bool {
    static RANGE: LazyLock<[DateTime<Utc>; 2]> = LazyLock::new(|| {
        ["1600-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]
            .map(|text| text.parse().expect("it is a moment"))
    });
    (RANGE[0]..=RANGE[1]).contains(&at)
}

/// Reads a moment (RFC 3339, with its zone, to the microsecond at most).
///
/// # Errors
/// A fault's code and detail.
pub fn moment(text: &str) -> Result<DateTime<Utc>, (&'static str, String)> {
    let form = || {
        let detail =
            "must be a date and time with its zone (RFC 3339), such as `2026-11-23T14:00:00Z`";
        ("not_a_moment", detail.to_owned())
    };
    if text.len() < 20 || !text.as_bytes()[10].eq_ignore_ascii_case(&b'T') {
        return Err(form());
    }
    let at = DateTime::parse_from_rfc3339(text)
        .map_err(|_| form())?
        .to_utc();
    if at.nanosecond() >= 1_000_000_000 {
        Err(("not_a_moment", "a leap second can't be kept".into()))
    } else if !in_range(at) {
        Err(("out_of_range", "must lie in the years 1600 to 9999".into()))
    } else if at.nanosecond() % 1000 != 0 {
        Err(("too_precise", "at most six digits after the second".into()))
    } else {
        Ok(at)
    }
}

/// Whether this is an absolute address on the web, written as RFC 3986 has it, without anybody's credentials.
pub fn is_http_url(text: &str) -> bool {
    let signs = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    let mut parts = text.split('%');
    let whole = parts.next().is_some_and(|first| first.bytes().all(signs))
        && parts.all(|part| {
            let hex = part.as_bytes().first_chunk::<2>();
            hex.is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) && part.bytes().all(signs)
        });
    let rest = text
        .split_once("://")
        .map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    let host_stands = |host: Option<url::Host<&str>>| match host {
        Some(url::Host::Domain(name)) => name
            .strip_suffix('.')
            .unwrap_or(name)
            .split('.')
            .all(|label| !label.is_empty()),
        Some(_) => true,
        None => false,
    };
    whole
        && rest.is_some_and(|(scheme, rest)| {
            matches!(scheme.as_str(), "http" | "https") && !rest.starts_with(['/', '?', '#'])
        })
        && url::Url::parse(text).is_ok_and(|url| {
            host_stands(url.host()) && url.username().is_empty() && url.password().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_need_a_zone_a_range_and_a_measure() {
        let code = |text: &str| moment(text).map_err(|(code, _)| code);
        assert_eq!(
            moment("2026-11-23T15:00:00+01:00").unwrap().to_rfc3339(),
            "2026-11-23T14:00:00+00:00"
        );
        assert!(moment("2026-11-23t14:00:00.123456z").is_ok());
        for wrong in [
            "14:00",
            "2026-11-23",
            "2026-11-23T14:00:00",
            "2026-02-30T14:00:00Z",
            "2026-11-23 14:00:00Z",
            "é",
        ] {
            assert_eq!(code(wrong), Err("not_a_moment"), "{wrong}");
        }
        assert_eq!(code("2016-12-31T23:59:60Z"), Err("not_a_moment"));
        assert_eq!(code("0999-01-01T00:00:00Z"), Err("out_of_range"));
        assert_eq!(code("9999-12-31T23:59:59-01:00"), Err("out_of_range"));
        assert_eq!(code("2026-11-23T14:00:00.1234567Z"), Err("too_precise"));
    }

    #[test]
    fn only_web_addresses_are_addresses() {
        for good in [
            "https://a.example",
            "http://a.example:8080/p?q=1#f",
            "https://[::1]/",
            "https://a.example/%C3%A9",
            "HTTPS://a.example./",
        ] {
            assert!(is_http_url(good), "{good}");
        }
        for wrong in [
            "",
            "a.example",
            "//a.example",
            "ftp://a.example",
            "javascript:alert(1)",
            "https://",
            "https://u:p@a.example",
            "https://a.example/é",
            "https://a.example/ b",
            "https://a.example/\n",
            "HTTPS:a",
            "https:/a.example",
            "http:///x",
            "http://x/%zz",
            "http://x/%",
            "http://.",
            "http://a..b/",
        ] {
            assert!(!is_http_url(wrong), "{wrong}");
        }
    }

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
