//! Kinds of text: what `format = "…"` means on a field, as regular expressions (ECMA-262).

use serde_json::{Map, Value};

use crate::http::language;

/// Control characters, which no text may hold; in longer text except tabs and line ends.
const CONTROL: &str = r"\x00-\x1F\x7F-\x9F";
const CONTROL_BUT_SPACE: &str = r"\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F";
/// Characters that show nothing.
const INVISIBLE: &str = r"\s\u00AD\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\uFFFE\uFFFF";
const SLUG: &str = r"^[^\x00-\x2C\x2E\x2F\x3A-\x60\x7B-\xA9\u2000-\u206F]+$";
const URI: &str = r"^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$";

/// Writes the pattern of a schema whose `format` is a kind of text. A format that only this project knows goes; what it
/// excludes matters to who writes, so responses go without its pattern.
pub fn write_pattern(schema: &mut Map<String, Value>, sent: bool) {
    let text = |control: &str| format!("^[^{control}]*[^{control}{INVISIBLE}][^{control}]*$");
    let format = schema.get("format").and_then(Value::as_str);
    let (pattern, keeps_format) = match format.unwrap_or_default() {
        "line" => (text(CONTROL), false),
        "prose" => (text(CONTROL_BUT_SPACE), false),
        "body" => (format!("^[^{CONTROL_BUT_SPACE}]*$"), false),
        "slug" => (SLUG.to_owned(), true),
        "uri" => (URI.to_owned(), true),
        "bcp47" => (language::PATTERN.to_owned(), true),
        _ => return,
    };
    if !keeps_format {
        schema.remove("format");
    }
    if keeps_format || !sent {
        schema.insert("pattern".into(), pattern.into());
    }
}
