//! Descriptions, which come from comments in the code and break where its lines end.

use serde_json::Value;

/// Joins the lines of each paragraph of the descriptions in a document.
pub fn join_lines(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(description)) = object.get_mut("description") {
                *description = joined(description);
            }
            object.values_mut().for_each(join_lines);
        }
        Value::Array(items) => items.iter_mut().for_each(join_lines),
        _ => {}
    }
}

fn joined(text: &str) -> String {
    let paragraphs = text.split("\n\n");
    let paragraphs = paragraphs.map(|paragraph| {
        let is_list = paragraph.starts_with("- ");
        paragraph.replace('\n', if is_list { "\n" } else { " " })
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}
