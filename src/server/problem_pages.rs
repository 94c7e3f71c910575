//! The pages at `/problems`, in English and French: the kinds of problems, the codes of faults, and each problem.

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, get};

use crate::http::locale;
use crate::problem::text::StaticText;
use crate::problem::{FaultCode, KINDS, Kind, Language, Problem};
use crate::server::docs::layout;
use crate::server::problem_examples;

/// The id of the request in examples.
const REQUEST_ID: &str = "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11";

const TITLE: StaticText = StaticText::new("Problems", "Problèmes");
const ABOUT: StaticText = StaticText::new(
    "Every kind of problem that the API can answer with: the `type` of a response of the type `application/problem+json`. More may be added.",
    "Tous les problèmes que l’API peut signaler : le `type` d’une réponse en `application/problem+json`. D’autres peuvent s’y ajouter.",
);
const CODES_TITLE: StaticText = StaticText::new("Codes of faults", "Codes des erreurs");
const ABOUT_CODES: StaticText = StaticText::new(
    "Every `code` that an entry of `errors` can have: it says what is wrong with one field or parameter. More may be added.",
    "Tous les `code` possibles d’une entrée de `errors` : ce qui ne va pas dans un champ ou un paramètre. D’autres peuvent s’y ajouter.",
);
const EXAMPLE: StaticText = StaticText::new("For example:", "Par exemple :");
const EXAMPLE_TITLE: StaticText = StaticText::new("Example", "Exemple");
const WHAT_TO_DO: StaticText = StaticText::new("What to do", "Que faire");
const ALL_PROBLEMS: StaticText = StaticText::new("All problems", "Tous les problèmes");
const API: StaticText = StaticText::new("the API", "l’API");
const STATUS: StaticText = StaticText::new("Status:", "Statut :");

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(list_problems).service(get_problem);
}

#[get("/problems")]
async fn list_problems(request: HttpRequest) -> HttpResponse {
    let language = locale::problem_language(request.headers());
    let words = |text: StaticText| markup(text.in_language(language));
    let problems: String = KINDS
        .iter()
        .map(|kind| {
            let Kind { name, status, .. } = kind;
            let (title, explanation) = (words(kind.title), words(kind.explanation));
            let status = status.as_u16();
            format!("<dt><a href=\"/problems/{name}\">{title}</a> ({status}, <code>{name}</code>)</dt><dd>{explanation}</dd>")
        })
        .collect();
    let codes: String = FaultCode::ALL
        .iter()
        .map(|code| {
            let (explanation, example) = (words(code.explanation()), words(code.example()));
            let (name, for_example) = (code.as_str(), words(EXAMPLE));
            format!("<dt id=\"{name}\"><a href=\"#{name}\"><code>{name}</code></a></dt><dd>{explanation} {for_example} {example}.</dd>")
        })
        .collect();
    let (about, codes_title, about_codes) = (words(ABOUT), words(CODES_TITLE), words(ABOUT_CODES));
    page(
        language,
        TITLE.in_language(language),
        &format!(
            "<p>{about}</p><dl>{problems}</dl><h2 id=\"codes\">{codes_title}</h2><p>{about_codes}</p><dl>{codes}</dl>"
        ),
    )
}

#[get("/problems/{name}")]
async fn get_problem(name: Path<String>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let language = locale::problem_language(request.headers());
    let words = |text: StaticText| markup(text.in_language(language));
    let kind = KINDS
        .iter()
        .find(|kind| kind.name == *name)
        .ok_or(Problem::NotFound)?;
    let (explanation, remedy) = (words(kind.explanation), words(kind.remedy));
    let (what_to_do, all, api, status) = (
        words(WHAT_TO_DO),
        words(ALL_PROBLEMS),
        words(API),
        words(STATUS),
    );
    let example = escape(&example(kind, language));
    let for_example = words(EXAMPLE_TITLE);
    Ok(page(
        language,
        kind.title.in_language(language),
        &format!(
            "<p>{explanation}</p><h2>{what_to_do}</h2><p>{remedy}</p><h2>{for_example}</h2><pre tabindex=\"0\">{example}</pre>\
             <p>{status} {}. <a href=\"/problems\">{all}</a>, <a href=\"/docs/\">{api}</a>.</p>",
            kind.status
        ),
    ))
}

/// The body of a problem of a kind.
fn example(kind: &Kind, language: Language) -> String {
    let examples = problem_examples::examples();
    let example = examples.iter().find(|it| it.kind().name == kind.name);
    let body = example.map(|it| it.body("/v1/articles", REQUEST_ID, language));
    serde_json::to_string_pretty(&body).unwrap_or_default()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// HTML of a text: what stands between backquotes is `<code>`.
fn markup(text: &str) -> String {
    let text = escape(text);
    let parts = text.split('`').enumerate();
    parts
        .map(|(n, part)| match n % 2 {
            0 => part.to_owned(),
            _ => format!("<code>{part}</code>"),
        })
        .collect()
}

fn page(language: Language, title: &str, body: &str) -> HttpResponse {
    let tag = language.tag();
    let main = format!("<main class=\"text alone\"><h1>{title}</h1>{body}</main>");
    let mut page = layout::page(tag, "/problems", title, &main);
    let headers = page.headers_mut();
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(tag));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    page
}
