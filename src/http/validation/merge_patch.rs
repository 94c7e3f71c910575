//! JSON Merge Patch (RFC 7396).

use serde_json::{Map, Value};

use crate::http::values::parse_timestamp;

/// Applies a merge patch (RFC 7396) to a document: `null` removes a field, an absent field stays.
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

/// Whether two documents are equal: null and absent are the same, and so are two spellings of a time.
pub fn is_no_op(before: &Map<String, Value>, after: &Map<String, Value>) -> bool {
    let is_unchanged =
        |(name, value): (&String, &Value)| match (value, after.get(name).unwrap_or(&Value::Null)) {
            (Value::Object(before), Value::Object(after)) => is_no_op(before, after),
            (Value::String(before), Value::String(after)) if name.ends_with("_at") => {
                before == after || is_same_time(before, after)
            }
            (before, after) => before == after,
        };
    let is_known = |(name, value): (&String, &Value)| value.is_null() || before.contains_key(name);
    before.iter().all(is_unchanged) && after.iter().all(is_known)
}

fn is_same_time(one: &str, other: &str) -> bool {
    matches!((parse_timestamp(one), parse_timestamp(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
