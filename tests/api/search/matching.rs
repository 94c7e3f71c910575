//! Which queries match which words.

use diesel_async::RunQueryDsl;
use manchette::news::search_index::fold;
use serde_json::json;

use super::{assert_finds, escaped, titles};
use crate::support::TestApp;

#[actix_web::test]
async fn words_match_across_spelling_variants_in_several_languages() {
    let app = TestApp::start().await;
    for (title, language) in [
        ("L’Économie marocaine", "fr"),
        ("Aujourd’hui à Benguérir", "fr"),
        ("Une œuvre oubliée", "fr"),
        ("المَدْرَســـة الأولى", "ar"),
        ("موسم الزيتون ٢٠٢٦", "ar"),
        ("Running shoes", "en"),
        ("Straßenfest", "de"),
    ] {
        app.headline(title, json!({"language": language})).await;
    }
    for (query, found) in [
        ("economie", &["L’Économie marocaine"][..]),
        ("ÉCONOMIES", &["L’Économie marocaine"]),
        ("l'économie", &["L’Économie marocaine"]),
        ("d’économie", &["L’Économie marocaine"]),
        ("marocains", &["L’Économie marocaine"]),
        ("benguerir", &["Aujourd’hui à Benguérir"]),
        ("aujourd'hui", &["Aujourd’hui à Benguérir"]),
        ("aujourd’hui", &["Aujourd’hui à Benguérir"]),
        ("oeuvre", &["Une œuvre oubliée"]),
        ("Œuvres", &["Une œuvre oubliée"]),
        ("مدرسة", &["المَدْرَســـة الأولى"]),
        ("المدرسه", &["المَدْرَســـة الأولى"]),
        ("اولي", &["المَدْرَســـة الأولى"]),
        ("الاولى", &["المَدْرَســـة الأولى"]),
        ("زيتون", &["موسم الزيتون ٢٠٢٦"]),
        ("والزيتون", &["موسم الزيتون ٢٠٢٦"]),
        ("2026", &["موسم الزيتون ٢٠٢٦"]),
        ("run", &["Running shoes"]),
        ("strassenfest", &["Straßenfest"]),
        ("\"économie marocaine\"", &["L’Économie marocaine"]),
        ("« économie marocaine »", &["L’Économie marocaine"]),
        ("\"marocaine économie\"", &[]),
        (
            "benguerir or oeuvre",
            &["Aujourd’hui à Benguérir", "Une œuvre oubliée"],
        ),
        ("economie -marocaine", &[]),
        ("économie -benguerir", &["L’Économie marocaine"]),
    ] {
        assert_eq!(titles(&app, query, "").await, found, "{query}");
    }
    assert_eq!(
        titles(&app, "shoe", "&language=en").await,
        ["Running shoes"]
    );
}

#[actix_web::test]
async fn punctuation_next_to_a_word_does_not_prevent_a_match() {
    let app = TestApp::start().await;
    let titles = [
        "La saison 2026-2027",
        "Covid-19 : le bilan",
        "Covid puis 19",
        "1990–2000, dix ans",
        "Par -5 degrés",
        "Son décès.Le roi parle",
        "Prix du blé (+3,5 %)",
        "Taux à 3.5 %",
        "Un porte-conteneurs accoste",
        "Écrire à anna@exemple.ma",
        "Train Casablanca — Rabat",
        "R&D; S&P",
        "و/أو 10:30",
    ];
    for title in titles {
        app.headline(title, json!({})).await;
    }
    assert_finds(
        &app,
        &[
            ("2026", &["La saison 2026-2027"]),
            ("2027", &["La saison 2026-2027"]),
            ("2026-2027", &["La saison 2026-2027"]),
            ("2026–2027", &["La saison 2026-2027"]),
            ("\"saison 2026-2027\"", &["La saison 2026-2027"]),
            ("2026-2028", &[]),
            ("covid-19", &["Covid-19 : le bilan"]),
            ("covid\u{2011}19", &["Covid-19 : le bilan"]),
            ("covid 19", &["Covid-19 : le bilan", "Covid puis 19"]),
            ("covid -bilan", &["Covid puis 19"]),
            ("covid -covid-19", &["Covid puis 19"]),
            ("2000", &["1990–2000, dix ans"]),
            ("5 degrés", &["Par -5 degrés"]),
            ("degrés -5", &[]),
            ("décès", &["Son décès.Le roi parle"]),
            ("roi", &["Son décès.Le roi parle"]),
            ("décès.le roi", &["Son décès.Le roi parle"]),
            ("3,5", &["Prix du blé (+3,5 %)", "Taux à 3.5 %"]),
            ("+3,5", &["Prix du blé (+3,5 %)", "Taux à 3.5 %"]),
            ("3.5", &["Prix du blé (+3,5 %)", "Taux à 3.5 %"]),
            ("conteneurs", &["Un porte-conteneurs accoste"]),
            ("porte-conteneur", &["Un porte-conteneurs accoste"]),
            ("anna", &["Écrire à anna@exemple.ma"]),
            ("anna@exemple.ma", &["Écrire à anna@exemple.ma"]),
            ("casablanca –rabat", &["Train Casablanca — Rabat"]),
        ],
    )
    .await;
    for title in titles {
        let found = self::titles(&app, &title.replace(" -", " "), "").await;
        assert!(found.iter().any(|found| found == title), "{title}");
    }
    app.article(
        "Le bilan.Covid-19, l’été & 3.5",
        json!({"lede": "À l’arrivée : rien.Covid-19 ?"}),
    )
    .await;
    let hit = &app.get("/v1/search?q=covid-19").await.ok()["items"][0];
    assert_eq!(
        (&hit["title_highlighted"], &hit["snippet"]),
        (
            &json!("Le bilan.<mark>Covid-19</mark>, l’été &amp; 3.5"),
            &json!("À l’arrivée : rien.<mark>Covid-19</mark> ?")
        )
    );
}

#[actix_web::test]
async fn stop_words_are_ignored() {
    let app = TestApp::start().await;
    for (title, language) in [
        ("Élection de Rabat", "fr"),
        ("La fin de la guerre", "fr"),
        ("La fin d’une autre guerre", "fr"),
        ("Les avions de l’Est", "fr"),
        ("L’été des sommes", "fr"),
        ("Le maïs", "fr"),
        ("طريق المدرسة", "ar"),
        ("علي في الطريق", "ar"),
        ("An election", "en"),
    ] {
        app.headline(title, json!({"language": language})).await;
    }
    assert_finds(
        &app,
        &[
            ("élection à Rabat", &["Élection de Rabat"]),
            ("la même élection", &["Élection de Rabat"]),
            ("les élections du Rabat", &["Élection de Rabat"]),
            ("ÉLECTION OÙ rabat", &["Élection de Rabat"]),
            ("the election", &["An election"]),
            ("\"la fin de la guerre\"", &["La fin de la guerre"]),
            ("\"fin à cette guerre\"", &["La fin de la guerre"]),
            ("\"guerre fin\"", &[]),
            ("fin -la guerre -autre", &["La fin de la guerre"]),
            ("le or maïs", &["Le maïs"]),
            ("avions", &["Les avions de l’Est"]),
            ("avion est", &["Les avions de l’Est"]),
            ("été", &["L’été des sommes"]),
            ("une somme", &["L’été des sommes"]),
            ("mais", &["Le maïs"]),
            ("الطريق إلى المدرسة", &["طريق المدرسة"]),
            ("على طريق المدرسة", &["طريق المدرسة"]),
            ("وفي طريق علي", &["علي في الطريق"]),
            ("à", &[]),
            ("\"à la\"", &[]),
            ("وعلى طريق المدرسة", &["طريق المدرسة"]),
            ("على", &[]),
        ],
    )
    .await;
    let page = app
        .get(&format!("/v1/search?q={}", escaped("\"fin de la guerre\"")))
        .await
        .ok();
    assert_eq!(
        page["items"][0]["title_highlighted"],
        "La <mark>fin</mark> de la <mark>guerre</mark>"
    );
}

#[actix_web::test]
async fn unusual_queries_do_not_cause_errors() {
    let app = TestApp::start().await;
    app.article("Le phare", json!({"body": "Un corps."})).await;
    let dashes = "-".repeat(200);
    let dotted = "- ".repeat(100);
    assert_eq!(titles(&app, "Le – phare", "").await, ["Le phare"]);
    let long = "é".repeat(200);
    let wide = "\u{fdfa}".repeat(200);
    let quotes = "\"".repeat(200);
    for query in [
        "!()&|:*<->",
        "-",
        "\"",
        "\\",
        "'",
        "%",
        "_",
        "a & b",
        "a <-> b",
        "phare:*",
        "or",
        "or or",
        "-or",
        "\u{202e}",
        "🎉🎉",
        "le",
        "\u{1}\u{2}",
        "a\nb",
        ":a",
        "$1",
        "'); DROP TABLE articles; --",
        "<script>",
        &dashes,
        &dotted,
        &long,
        &wide,
        &quotes,
    ] {
        for path in ["search", "suggest"] {
            let query: String = query
                .chars()
                .take(if path == "suggest" { 100 } else { 200 })
                .collect();
            let response = app.get(&format!("/v1/{path}?q={}", escaped(&query))).await;
            assert_eq!(response.status, 200, "{path} {query:?}");
        }
    }
    for (path, faults) in [
        ("search", ["q required"]),
        ("search?q=", ["q invalid"]),
        ("search?q=%00", ["q invalid"]),
        (&format!("search?q={}", "a".repeat(201)), ["q invalid"]),
        ("suggest", ["q required"]),
        ("suggest?q=", ["q invalid"]),
        ("suggest?q=a&x=1", ["x unknown"]),
        (&format!("suggest?q={}", "a".repeat(101)), ["q invalid"]),
    ] {
        assert_eq!(
            app.get(&format!("/v1/{path}")).await.parameter_faults(),
            faults,
            "{path}"
        );
    }
}

#[actix_web::test]
async fn text_folding_in_rust_agrees_with_the_sql_function() {
    #[derive(diesel::QueryableByName)]
    struct Folded {
        #[diesel(sql_type = diesel::sql_types::Text)]
        folded: String,
    }
    let app = TestApp::start().await;
    let ranges = [
        '\u{20}'..='\u{7e}',
        '\u{a0}'..='\u{24f}',
        '\u{300}'..='\u{36f}',
        '\u{600}'..='\u{6ff}',
        '\u{1e00}'..='\u{1eff}',
        '\u{2000}'..='\u{206f}',
        '\u{fb00}'..='\u{fdff}',
        '\u{fe70}'..='\u{feff}',
    ];
    let letters: Vec<String> = ranges
        .into_iter()
        .flatten()
        .map(|c| format!("a{c}b"))
        .collect();
    let in_sql: Vec<Folded> = diesel::sql_query("SELECT search_fold(t) AS folded FROM unnest($1) WITH ORDINALITY AS all_of (t, n) ORDER BY n")
        .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(&letters)
        .load(&mut app.conn().await)
        .await
        .unwrap();
    for (letter, in_sql) in letters.iter().zip(in_sql) {
        assert_eq!(fold(letter), in_sql.folded, "{letter:?}");
    }
}
