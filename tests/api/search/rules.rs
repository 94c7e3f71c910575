//! What a search finds beside the words as they are typed: numbers, acronyms, compounds, beginnings, forms of words.

use serde_json::json;

use super::{assert_finds, titles};
use crate::support::TestApp;

#[actix_web::test]
async fn numbers_acronyms_and_compounds_match_however_they_are_written() {
    let app = TestApp::start().await;
    for (title, language) in [
        ("1 250 000 tonnes de blé", "fr"),
        ("Une hausse de 2,5 %", "fr"),
        ("ارتفاع بنسبة ٢٫٥ في المئة", "ar"),
        ("L’O.N.U. se réunit", "fr"),
        ("La FAO et l’ONU", "fr"),
        ("Le porte-parole parle", "fr"),
        ("Un weekend à Agadir", "fr"),
        ("The O’Brien report isn’t out", "en"),
    ] {
        app.headline(title, json!({"language": language})).await;
    }
    assert_finds(
        &app,
        &[
            ("1250000", &["1 250 000 tonnes de blé"]),
            ("1.250.000", &["1 250 000 tonnes de blé"]),
            ("1,250,000", &["1 250 000 tonnes de blé"]),
            ("1 250 000 blé", &["1 250 000 tonnes de blé"]),
            ("١٬٢٥٠٬٠٠٠", &["1 250 000 tonnes de blé"]),
            ("250", &[]),
            ("2.5", &["Une hausse de 2,5 %", "ارتفاع بنسبة ٢٫٥ في المئة"]),
            ("٢٫٥", &["Une hausse de 2,5 %", "ارتفاع بنسبة ٢٫٥ في المئة"]),
            ("onu", &["L’O.N.U. se réunit", "La FAO et l’ONU"]),
            ("O.N.U.", &["L’O.N.U. se réunit", "La FAO et l’ONU"]),
            ("porteparole", &["Le porte-parole parle"]),
            ("porte parole", &["Le porte-parole parle"]),
            ("week-end", &["Un weekend à Agadir"]),
            ("week end", &["Un weekend à Agadir"]),
            ("obrien", &["The O’Brien report isn’t out"]),
            ("brien", &["The O’Brien report isn’t out"]),
        ],
    )
    .await;
    let hit = &app.get("/v1/search?q=1250000").await.ok()["items"][0];
    assert_eq!(
        hit["title_highlighted"],
        "<mark>1 250 000</mark> tonnes de blé"
    );
}

#[actix_web::test]
async fn beginnings_of_words_match_where_they_are_asked_for() {
    let app = TestApp::start().await;
    for title in [
        "La coopérative de Fès",
        "Une coopération nouvelle",
        "Les copains",
    ] {
        app.headline(title, json!({})).await;
    }
    let both = ["La coopérative de Fès", "Une coopération nouvelle"];
    for (query, parameters, found) in [
        ("coop", "", &[][..]),
        ("coop*", "", &both),
        ("coopérati*", "", &both),
        ("coopérativ*", "", &both[..1]),
        ("fès coop*", "", &both[..1]),
        ("coop", "&prefix=true", &both),
        ("fès coop", "&prefix=true", &both[..1]),
        ("coop ", "&prefix=true", &[]),
        (
            "co",
            "&prefix=true",
            &[
                "La coopérative de Fès",
                "Les copains",
                "Une coopération nouvelle",
            ],
        ),
        ("coop", "&prefix=true&language=fr", &both),
        ("coop", "&prefix=true&language=en", &[]),
        ("-coop*", "", &[]),
        ("copains -coop*", "", &["Les copains"]),
        ("*", "", &[]),
        ("c*p", "", &[]),
    ] {
        assert_eq!(
            titles(&app, query, parameters).await,
            found,
            "{query} {parameters}"
        );
    }
    let hit = &app.get("/v1/search?q=copa*").await.ok()["items"][0];
    assert_eq!(hit["title_highlighted"], "Les <mark>copains</mark>");
    let wrong = app.get("/v1/search?q=a&prefix=1").await;
    assert_eq!(wrong.parameter_faults(), ["prefix invalid"]);
}

#[actix_web::test]
async fn words_of_one_language_do_not_match_those_of_another() {
    let app = TestApp::start().await;
    app.headline("Les copies", json!({"language": "fr"})).await;
    app.headline("Two copies", json!({"language": "en"})).await;
    app.headline("Tres copies", json!({"language": "es"})).await;
    assert_finds(
        &app,
        &[
            ("copies", &["Les copies", "Tres copies", "Two copies"]),
            ("copy", &["Two copies"]),
            ("copie", &["Les copies", "Two copies"]),
            ("copies -two", &["Les copies", "Tres copies"]),
        ],
    )
    .await;
}
