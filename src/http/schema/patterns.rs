//! Kinds of text: what `format = "…"` means on a field or a parameter, as regular expressions (ECMA-262).

use serde_json::{Map, Value};

/// Control characters, which no text may hold; in longer text except tabs and line ends.
const CONTROL: &str = r"\x00-\x1F\x7F-\x9F";
const CONTROL_BUT_SPACE: &str = r"\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F";
/// Characters that show nothing.
const INVISIBLE: &str = r"\s\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFE\uFFFF";
/// A language with, where that matters, its script, region and variants (BCP 47, as Unicode has it).
const LANGUAGE: &str = "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$";
const SLUG: &str = r"^[^\x00-\x2C\x2E\x2F\x3A-\x60\x7B-\xA9\u2000-\u206F]+$";
const URI: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$";
const IDS: &str =
    "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})*$";
const DATE: &str = "^(1[6-9]|[2-8][0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]|29|30|31)$";

/// Writes the pattern of a schema whose `format` is a kind of text. A format that only this project knows goes.
pub fn write_pattern(schema: &mut Map<String, Value>) {
    let text = |control: &str| format!("^[^{control}]*[^{control}{INVISIBLE}][^{control}]*$");
    let format = schema.get("format").and_then(Value::as_str);
    let (pattern, keeps_format) = match format.unwrap_or_default() {
        "line" => (text(CONTROL), false),
        "prose" => (text(CONTROL_BUT_SPACE), false),
        "body" => (format!("^[^{CONTROL_BUT_SPACE}]*$"), false),
        "cursor" => ("^[A-Za-z0-9_-]+$".to_owned(), false),
        "ids" => (IDS.to_owned(), false),
        "slug" => (SLUG.to_owned(), true),
        "uri" => (URI.to_owned(), true),
        "bcp47" => (LANGUAGE.to_owned(), true),
        "date" => (DATE.to_owned(), true),
        _ => return,
    };
    if !keeps_format {
        schema.remove("format");
    }
    schema.insert("pattern".into(), pattern.into());
}
