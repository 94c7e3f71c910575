//! The document as text: a line for what fits in one, so that it is short and a change shows in few lines.

use serde_json::Value;

/// The longest line that holds a whole object or list, in bytes.
const WIDTH: usize = 120;

/// The document as JSON, indented, with a newline at its end.
pub fn to_text(document: &Value) -> String {
    let mut text = String::new();
    write(document, 0, &mut text);
    text.push('\n');
    text
}

fn write(value: &Value, indent: usize, text: &mut String) {
    let line = value.to_string();
    let has_room = indent + line.len() <= WIDTH;
    match value {
        Value::Object(members) if !has_room => {
            let members = members.iter();
            let members = members.map(|(name, value)| (Some(name.as_str()), value));
            write_lines(['{', '}'], members, indent, text);
        }
        Value::Array(items) if !has_room => {
            let items = items.iter().map(|item| (None, item));
            write_lines(['[', ']'], items, indent, text);
        }
        _ => text.push_str(&line),
    }
}

fn write_lines<'a>(
    [open, close]: [char; 2],
    members: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    indent: usize,
    text: &mut String,
) {
    text.push(open);
    for (index, (name, value)) in members.enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&" ".repeat(indent + 1));
        if let Some(name) = name {
            text.push_str(&Value::from(name).to_string());
            text.push_str(": ");
        }
        write(value, indent + 1, text);
    }
    text.push('\n');
    text.push_str(&" ".repeat(indent));
    text.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stands_in_one_line() {
        let long = "x".repeat(WIDTH);
        let document = serde_json::json!({"a": [1, 2], "b": {"c": [long, {}]}, "d": "\"\n"});
        let text = to_text(&document);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), document);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["{", " \"a\": [1,2],"]);
        assert_eq!(lines.len(), 10);
    }
}
