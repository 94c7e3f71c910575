//! XSS vectors that were published elsewhere: `tests/xss/vectors.json`.

use serde_json::Value;

use super::JsonPath;

/// The single vectors, and every combination that the families of vectors describe.
pub fn vectors() -> Vec<String> {
    let text = include_str!("../../xss/vectors.json");
    let document: Value = serde_json::from_str(text).expect("valid JSON");
    let mut vectors = document.texts("/vectors/*");
    for family in document.list("/families") {
        let mut expanded = vec![family.text("/form").to_owned()];
        for name in family.as_object().expect("an object").keys().skip(1) {
            let placeholder = format!("{{{name}}}");
            let values = family.texts(&format!("/{name}/*"));
            let expand = |form: &String| {
                values
                    .clone()
                    .into_iter()
                    .map(|value| form.replace(&placeholder, &value))
                    .collect::<Vec<_>>()
            };
            expanded = expanded.iter().flat_map(expand).collect();
        }
        vectors.extend(expanded);
    }
    vectors
}
