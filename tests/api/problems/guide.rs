//! `docs/problems.md` has what the catalogue has.

use std::fmt::Write as _;

use manchette::problem::{FaultCode, KINDS, Language};
use manchette::server::problem_examples::examples;

const REQUEST_ID: &str = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11";

const BEFORE: &str = "\
# Problems

Every error is a problem document (RFC 9457, `application/problem+json`), described in [Reading](reading.md#errors). Programs
read `type`, `status` and the `code` of each entry in `errors`; people read `title` and `detail`, which come in English or
French, as `Accept-Language` asks. A server shows this list at `/problems`, in both languages.

New problems and codes may be added: a client must accept ones that it does not know, and go by `status` then.

<!-- Generated from the program's catalogue: INSTA_UPDATE=always cargo test --test api -- problems::guide -->

## Types
";

const CODES: &str = "
## Codes

What is wrong with one field or parameter: the `code` of an entry of `errors`.

| Code | Meaning | For example |
| --- | --- | --- |
";

fn guide() -> String {
    let language = Language::English;
    let mut page = BEFORE.to_owned();
    for (kind, example) in KINDS.iter().zip(examples()) {
        let body = example.body("/v1/articles", REQUEST_ID, language);
        let example = serde_json::to_string_pretty(&body).expect("it is JSON");
        let (status, name) = (kind.status.as_u16(), kind.name);
        let title = kind.title.in_language(language);
        let explanation = kind.explanation.in_language(language);
        let remedy = kind.remedy.in_language(language);
        write!(
            page,
            "\n### {title}\n\n`/problems/{name}`, status {status}. {explanation}\n\n{remedy}\n\n```json\n{example}\n```\n"
        )
        .expect("a String takes all");
    }
    page.push_str(CODES);
    for code in FaultCode::ALL {
        let name = code.as_str();
        let explanation = code.explanation().in_language(language);
        let example = code.example().in_language(language);
        writeln!(page, "| `{name}` | {explanation} | {example} |").expect("a String takes all");
    }
    page
}

#[test]
fn the_guide_has_the_problems_and_codes_of_the_program() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/problems.md");
    if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
        std::fs::write(path, guide()).expect("the guide can be written");
    }
    let written = std::fs::read_to_string(path).expect("the guide is there");
    assert!(
        written == guide(),
        "docs/problems.md differs: run this test with INSTA_UPDATE=always"
    );
}
