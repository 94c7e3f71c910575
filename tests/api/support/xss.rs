//! What people tried on other sites to get scripts into their pages: `tests/xss/vectors.json`.

use serde_json::Value;

/// Every vector: those that stand there whole, and the families in every combination of their words.
pub fn vectors() -> Vec<String> {
    let text = include_str!("../../xss/vectors.json");
    let document: Value = serde_json::from_str(text).expect("it is JSON");
    let mut all = words(&document["vectors"]);
    for family in document["families"].as_array().expect("there are families") {
        let mut made = vec![family["form"].as_str().expect("a form").to_owned()];
        for (name, list) in family.as_object().expect("a family").iter().skip(1) {
            let gap = format!("{{{name}}}");
            made = made
                .iter()
                .flat_map(|form| {
                    let words = words(list).into_iter();
                    words
                        .map(|word| form.replace(&gap, &word))
                        .collect::<Vec<_>>()
                })
                .collect();
        }
        all.extend(made);
    }
    all
}

fn words(list: &Value) -> Vec<String> {
    let words = list.as_array().expect("it is a list").iter();
    words
        .map(|word| word.as_str().expect("it is text").to_owned())
        .collect()
}
