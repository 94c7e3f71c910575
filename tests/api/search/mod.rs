//! Searches, completions, related articles.

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use manchette::api_keys::Scope;
use manchette::search::fold;
use serde_json::{Value, json};

use crate::support::{TestApp, items};

fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The titles that a search finds, sorted.
async fn titles(app: &TestApp, query: &str, more: &str) -> Vec<String> {
    let page = app
        .get(&format!("/v1/search?limit=100&q={}{more}", escaped(query)))
        .await
        .ok();
    let mut titles: Vec<String> = hits(&page);
    titles.sort();
    titles
}

fn hits(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    let title = |hit: &Value| {
        hit[hit["type"].as_str().unwrap()]["title"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    items.map(title).collect()
}

#[actix_web::test]
async fn words_are_found_as_people_write_them() {
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

/// Wants each query to find just these titles, in any order.
async fn finds(app: &TestApp, cases: &[(&str, &[&str])]) {
    let mut wrong = Vec::new();
    for (query, expected) in cases {
        let found = titles(app, query, "").await;
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        if found != expected {
            wrong.push(format!("{query} finds {found:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[actix_web::test]
async fn a_word_is_found_whatever_sign_stands_beside_it() {
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
    finds(
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
            ("3,5", &["Prix du blé (+3,5 %)"]),
            ("+3,5", &["Prix du blé (+3,5 %)"]),
            ("3.5", &["Taux à 3.5 %"]),
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
            &json!("Le bilan.<mark>Covid</mark>-<mark>19</mark>, l’été &amp; 3.5"),
            &json!("À l’arrivée : rien.<mark>Covid</mark>-<mark>19</mark> ?")
        )
    );
}

#[actix_web::test]
async fn small_words_are_neither_looked_for_nor_in_the_way() {
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
    finds(
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
async fn the_best_come_first_and_show_where_they_match() {
    let app = TestApp::start().await;
    let at = |day: u32| json!({"published_at": format!("2026-01-{day:02}T00:00:00Z"), "title": ""});
    let more = |day, more: Value| {
        let mut all = at(day);
        all.as_object_mut().unwrap().remove("title");
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        all
    };
    app.article(
        "corps",
        more(
            9,
            json!({"body": "Le phare & <em>rien</em> d’autre.", "body_format": "html"}),
        ),
    )
    .await;
    app.article("chapô", more(9, json!({"lede": "Le phare."})))
        .await;
    app.article("Le phare <b>\"A\"</b> & l'eau", more(9, json!({})))
        .await;
    app.article("Un phare", more(1, json!({}))).await;
    app.headline("Des phares", more(8, json!({}))).await;
    let page = app.get("/v1/search?q=phare").await.ok();
    assert_eq!(
        hits(&page),
        [
            "Le phare <b>\"A\"</b> & l'eau",
            "Des phares",
            "Un phare",
            "chapô",
            "corps"
        ]
    );
    let first = &page["items"][0];
    assert_eq!(
        first["title_highlighted"],
        "Le <mark>phare</mark> &lt;b&gt;&quot;A&quot;&lt;/b&gt; &amp; l&#39;eau"
    );
    assert_eq!(
        (&first["type"], &first["headline"]),
        (&json!("article"), &Value::Null)
    );
    let second = &page["items"][1];
    assert_eq!(
        (&second["title_highlighted"], &second["snippet"]),
        (&json!("Des <mark>phares</mark>"), &Value::Null)
    );
    assert_eq!(page["items"][3]["snippet"], "Le <mark>phare</mark>.");
    assert_eq!(
        page["items"][4]["snippet"],
        "Le <mark>phare</mark> &amp; rien d’autre."
    );
    assert_eq!(page["items"][4]["article"].get("body"), None);
    let newest = app
        .get("/v1/search?q=phare&sort=-published_at&type=article")
        .await
        .ok();
    assert_eq!(hits(&newest)[3], "Un phare");
    let count = app.get("/v1/search?q=phare&count=true&limit=1").await.ok();
    assert_eq!(count["page"]["total"], 5);
    let only = app
        .get("/v1/search?q=phare&type=headline&fields=title_highlighted,headline.title")
        .await
        .ok();
    assert_eq!(
        only["items"],
        json!([{"title_highlighted": "Des <mark>phares</mark>", "headline": {"title": "Des phares"}}])
    );
}

#[actix_web::test]
async fn searches_are_narrowed_like_lists() {
    let app = TestApp::start().await;
    let category = app.category("Mer", None).await;
    let author = app
        .post("/v1/authors", json!({"name": "Anna"}))
        .await
        .created();
    let tag = app
        .post("/v1/tags", json!({"name": "Rouge"}))
        .await
        .created();
    let article = app.article("phare un", json!({"category_id": category["id"], "author_ids": [author["id"]], "tag_ids": [tag["id"]]})).await;
    app.article(
        "phare deux",
        json!({"published_at": "2026-01-01T00:00:00Z"}),
    )
    .await;
    app.headline(
        "phare trois",
        json!({"priority": "flash", "article_id": article["id"]}),
    )
    .await;
    app.headline("phare quatre", json!({"language": "ar"}))
        .await;
    for (more, found) in [
        ("&category=mer", &["phare un"][..]),
        ("&author=anna", &["phare un"]),
        ("&tag=rouge", &["phare trois", "phare un"]),
        ("&priority=flash", &["phare trois"]),
        ("&has_article=false", &["phare quatre"]),
        ("&type=article", &["phare deux", "phare un"]),
        ("&date=2026-01-01", &["phare deux"]),
        ("&language=ar", &["phare quatre"]),
        ("&author=anna&priority=flash", &[]),
    ] {
        assert_eq!(titles(&app, "phare", more).await, found, "{more}");
    }
    assert_eq!(
        app.get("/v1/search?q=phare&ids=x").await.parameter_faults(),
        ["ids unknown"]
    );
    assert_eq!(
        app.get("/v1/search?q=phare&category=x")
            .await
            .parameter_faults(),
        ["category not_found"]
    );
    app.get("/v1/search?q=phare&status=draft")
        .await
        .problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_mistyped_word_is_corrected_by_what_the_caller_may_see() {
    let app = TestApp::start().await;
    app.article("La coopérative", json!({})).await;
    app.article("Un brise-lames gigantesque", json!({"status": "draft"}))
        .await;
    let gone = app.article("Un albatros", json!({})).await;
    app.delete(&format!("/v1/articles/{}", gone["id"].as_str().unwrap()))
        .await;
    let suggestion = async |query: &str| {
        app.get(&format!("/v1/search?q={query}")).await.ok()["suggestion"].clone()
    };
    assert_eq!(suggestion("coopratives").await, "coopérative");
    assert_eq!(suggestion("la%20cooperatve").await, "la coopérative");
    app.article("L’électrification de Marrakech", json!({}))
        .await;
    app.headline("Le gouvernement du Maroc", json!({})).await;
    for (two_slips, meant) in [
        ("elecrtificaton", "électrification"),
        ("Marakesh", "marrakech"),
        ("maorc", "maroc"),
        ("gouvernmnet", "gouvernement"),
    ] {
        assert_eq!(suggestion(two_slips).await, meant);
    }
    for nothing in [
        "gouverneur",
        "cooperative",
        "gigantesqe",
        "albatro",
        "xyzxyz",
        "-cooperatve%20or",
        "coo",
    ] {
        assert_eq!(suggestion(nothing).await, Value::Null, "{nothing}");
    }
    assert_eq!(titles(&app, "gigantesque", "").await, Vec::<String>::new());
    let seen = app.get_all("/v1/search?q=gigantesque").await.ok();
    assert_eq!(hits(&seen), ["Un brise-lames gigantesque"]);
}

#[actix_web::test]
async fn many_matches_are_all_on_some_page_both_ways() {
    let app = TestApp::start().await;
    for table in ["headlines", "articles"] {
        let (column, value) = if table == "articles" {
            (", slug", ", 's-' || n")
        } else {
            ("", "")
        };
        app.conn()
            .await
            .batch_execute(&format!(
                "INSERT INTO {table} (id, title, language, dir, status, published_at{column})
                 SELECT gen_random_uuid(), 'mot {table} ' || n || repeat(' mot', n % 4), 'fr', 'ltr', 'published',
                    '2026-01-01'::timestamptz + (n / 3) * interval '1 minute'{value} FROM generate_series(1, 260) AS n"
            ))
            .await
            .unwrap();
    }
    for analysed in [false, true] {
        if analysed {
            app.conn().await.batch_execute("ANALYZE").await.unwrap();
        }
        for sort in ["relevance", "-published_at"] {
            let list = format!(
                "/v1/search?q=mot&limit=70&fields=article.title,headline.title&sort={sort}"
            );
            let title = |hit: &Value| {
                hit["article"]["title"]
                    .as_str()
                    .or(hit["headline"]["title"].as_str())
                    .unwrap()
                    .to_owned()
            };
            let read = async |cursor: Option<&str>| {
                let more = cursor
                    .map(|cursor| format!("&cursor={cursor}"))
                    .unwrap_or_default();
                let page = app.get(&format!("{list}{more}")).await.ok();
                let titles: Vec<String> = page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(title)
                    .collect();
                (titles, page["page"].clone())
            };
            let (mut forth, mut page) = read(None).await;
            assert_eq!(page["prev"], Value::Null);
            while let Some(next) = page["next"].as_str() {
                let (titles, following) = read(Some(next)).await;
                assert!(!titles.is_empty());
                forth.extend(titles);
                page = following;
            }
            let mut sorted = forth.clone();
            sorted.sort();
            sorted.dedup();
            assert_eq!((forth.len(), sorted.len()), (520, 520), "{sort}");
            let mut pages: Vec<Vec<String>> = Vec::new();
            while let Some(prev) = page["prev"].as_str() {
                let (titles, before) = read(Some(prev)).await;
                pages.push(titles);
                page = before;
            }
            pages.reverse();
            let back = pages.concat();
            assert_eq!(back, forth[..back.len()], "{sort}");
            assert!(back.len() >= 450, "{}", back.len());
        }
    }
}

#[actix_web::test]
async fn what_comes_in_while_somebody_pages_moves_nothing() {
    let app = TestApp::start().await;
    let insert = async |name: &str, many: u32, at: &str| {
        app.conn()
            .await
            .batch_execute(&format!(
                "INSERT INTO headlines (id, title, language, dir, status, published_at)
                 SELECT gen_random_uuid(), '{name} {at} ' || n || repeat(' mot', 1 + n % 4), 'fr', 'ltr', 'published',
                    '{at}'::timestamptz + n * interval '1 minute' FROM generate_series(1, {many}) AS n"
            ))
            .await
            .unwrap();
    };
    insert("vieux", 205, "2026-01-01").await;
    for (month, sort) in [(2, "relevance"), (3, "-published_at")] {
        let list = format!("/v1/search?q=mot&limit=90&fields=headline.title&sort={sort}");
        let before = app.get(&list).await.ok();
        let expected: Vec<String> = {
            let mut all = everything(&app, &list, before.clone()).await;
            all.sort();
            all
        };
        let mut seen = everything_while(&app, &list, before, async |page| {
            let at = format!("2026-{month:02}-{page:02}");
            insert("neuf", 3, &at).await;
        })
        .await;
        seen.sort();
        assert_eq!(seen, expected, "{sort}");
    }
}

/// The titles on all pages from this one on.
async fn everything(app: &TestApp, list: &str, first: Value) -> Vec<String> {
    everything_while(app, list, first, async |_| {}).await
}

async fn everything_while(
    app: &TestApp,
    list: &str,
    first: Value,
    between: impl AsyncFn(usize),
) -> Vec<String> {
    let mut titles = Vec::new();
    let mut page = first;
    for n in 1.. {
        let items = page["items"].as_array().unwrap().iter();
        titles.extend(items.map(|hit| hit["headline"]["title"].as_str().unwrap().to_owned()));
        let Some(next) = page["page"]["next"].as_str() else {
            break;
        };
        between(n).await;
        page = app.get(&format!("{list}&cursor={next}")).await.ok();
    }
    titles
}

#[actix_web::test]
async fn no_words_break_a_search() {
    let app = TestApp::start().await;
    app.article("Le phare", json!({"body": "Un corps."})).await;
    let line = "-".repeat(200);
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
        &line,
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
            let answer = app.get(&format!("/v1/{path}?q={}", escaped(&query))).await;
            assert_eq!(answer.status, 200, "{path} {query:?}");
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
async fn the_program_folds_text_as_the_database_does() {
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
    let theirs: Vec<Folded> = diesel::sql_query("SELECT search_fold(t) AS folded FROM unnest($1) WITH ORDINALITY AS all_of (t, n) ORDER BY n")
        .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(&letters)
        .load(&mut app.conn().await)
        .await
        .unwrap();
    for (letter, theirs) in letters.iter().zip(theirs) {
        assert_eq!(fold(letter), theirs.folded, "{letter:?}");
    }
}

#[actix_web::test]
async fn what_is_typed_is_completed() {
    let app = TestApp::start().await;
    app.category("Économie", None).await;
    let tag = app
        .post("/v1/tags", json!({"name": "Économie bleue"}))
        .await
        .created();
    let author = app
        .post("/v1/authors", json!({"name": "Salma Économou"}))
        .await
        .created();
    let named = json!({"tag_ids": [tag["id"]], "author_ids": [author["id"]]});
    app.article("Rebond de l’économie", named).await;
    app.article("Économie cachée", json!({"status": "draft"}))
        .await;
    let texts = async |typed: &str| {
        items(
            &app.get(&format!("/v1/suggest?q={}", escaped(typed)))
                .await
                .ok(),
            "text",
        )
    };
    assert_eq!(
        texts("econ").await,
        [
            "Économie",
            "Économie bleue",
            "Salma Économou",
            "Rebond de l’économie"
        ]
    );
    assert_eq!(texts("ÉCO").await.len(), 4);
    assert_eq!(texts("salma eco").await, ["Salma Économou"]);
    assert_eq!(texts("rebond l’éco").await, ["Rebond de l’économie"]);
    assert_eq!(texts("conomie").await, Vec::<String>::new());
    let names = json!({"ar": "الفلاحة", "en": "Farming and \"fishing\"", "es": "Agro"});
    let farming = app
        .post(
            "/v1/categories",
            json!({"name": "Agriculture", "names": names}),
        )
        .await
        .created();
    for (typed, name) in [
        ("agr", "Agriculture"),
        ("FARM", "Farming and \"fishing\""),
        ("farming fish", "Farming and \"fishing\""),
        ("الفَلاح", "الفلاحة"),
    ] {
        let page = app
            .get(&format!("/v1/suggest?q={}", escaped(typed)))
            .await
            .ok();
        assert_eq!(
            page["items"],
            json!([{"type": "category", "id": farming["id"], "slug": "agriculture", "text": name}]),
            "{typed}"
        );
    }
    assert_eq!(texts("farming agr").await, Vec::<String>::new());
    // Tags and authors are found by their names in any language, too; where several have the words, the one wanted is given.
    let names = json!({"ar": "البذر", "en": "Seeds", "es": "Semillas"});
    let tag = json!({"name": "Semailles", "names": names});
    let tag = app.post("/v1/tags", tag).await.created();
    let author = json!({"name": "Semira", "names": {"ar": "سميرة"}});
    let author = app.post("/v1/authors", author).await.created();
    for (query, found) in [
        ("q=seed", vec![(&tag, "tag", "Seeds")]),
        ("q=البذ", vec![(&tag, "tag", "البذر")]),
        ("q=سمير", vec![(&author, "author", "سميرة")]),
        ("q=semai", vec![(&tag, "tag", "Semailles")]),
        (
            "q=sem&language=es",
            vec![(&tag, "tag", "Semillas"), (&author, "author", "Semira")],
        ),
        (
            "q=sem&language=fr",
            vec![(&tag, "tag", "Semailles"), (&author, "author", "Semira")],
        ),
        ("q=semill&language=fr", vec![(&tag, "tag", "Semillas")]),
        (
            "q=sem&language=ar",
            vec![(&tag, "tag", "Semailles"), (&author, "author", "Semira")],
        ),
    ] {
        // Who sees everything gets names that stand on nothing yet.
        let answer = app
            .get_all(&format!("/v1/suggest?{query}"))
            .header("Accept-Language", "es")
            .await;
        let expected: Vec<Value> = found
            .iter()
            .map(|(one, kind, text)| json!({"type": kind, "id": one["id"], "slug": one["slug"], "text": text}))
            .collect();
        assert_eq!(answer.ok()["items"], json!(expected), "{query}");
        let asked = query.contains("language");
        assert_eq!(answer.header("vary").contains("Accept-Language"), !asked);
    }
    let spanish = app
        .get_all("/v1/suggest?q=sem")
        .header("Accept-Language", "es-MX")
        .await;
    assert_eq!(items(&spanish.ok(), "text"), ["Semillas", "Semira"]);
    for (query, fault) in [
        ("q=x&language=fran%C3%A7ais", "language invalid"),
        (
            "q=x&language=fr&language=ar",
            "language duplicate_parameter",
        ),
        ("q=x&lang=fr", "lang unknown"),
    ] {
        let answer = app.get(&format!("/v1/suggest?{query}")).await;
        assert_eq!(answer.parameter_faults(), [fault]);
    }
    for n in 0..30 {
        app.article(&format!("Marée {n}"), json!({})).await;
    }
    let page = app.get("/v1/suggest?q=mar").await.ok();
    assert_eq!(items(&page, "text").len(), 10);
    assert_eq!(items(&page, "text")[0], "Marée 29");
    // Old titles are found behind the newest ones.
    app.conn()
        .await
        .batch_execute(
            "INSERT INTO articles (id, slug, title, language, dir, status, published_at) SELECT gen_random_uuid(), 'x-' || n,
             CASE WHEN n = 3 THEN 'Zénith' ELSE 'autre' END, 'fr', 'ltr', 'published', '2020-01-01'::timestamptz + n * interval '1 hour'
             FROM generate_series(1, 900) AS n",
        )
        .await
        .unwrap();
    assert_eq!(texts("zen").await, ["Zénith"]);
}

#[actix_web::test]
async fn names_are_completed_that_stand_on_what_the_caller_sees() {
    let app = TestApp::start().await;
    let later = "2999-01-01T00:00:00Z";
    let mut articles = Vec::new();
    for (name, article) in [
        ("nowhere", None),
        ("draft", Some(json!({"status": "draft"}))),
        (
            "dated",
            Some(json!({"status": "draft", "published_at": "2020-01-01T00:00:00Z"})),
        ),
        (
            "scheduled",
            Some(json!({"status": "scheduled", "published_at": later})),
        ),
        (
            "coming",
            Some(json!({"status": "published", "published_at": later})),
        ),
        (
            "due",
            Some(json!({"status": "scheduled", "published_at": "2020-01-01T00:00:00Z"})),
        ),
        ("withdrawn", Some(json!({"status": "withdrawn"}))),
        ("deleted", Some(json!({}))),
        ("out", Some(json!({}))),
    ] {
        let tag = json!({"name": format!("Secret {name}")});
        let tag = app.post("/v1/tags", tag).await.created();
        let author = json!({"name": format!("Mme Secret {name}")});
        let author = app.post("/v1/authors", author).await.created();
        if let Some(article) = article {
            let named = json!({"tag_ids": [tag["id"]], "author_ids": [author["id"]]});
            let article = app
                .article(name, crate::support::with(article, named))
                .await;
            articles.push(format!("/v1/articles/{}", article["id"].as_str().unwrap()));
        }
    }
    let draft = articles[0].clone();
    app.delete(&articles[6]).await;
    let early = app.new_key(&[Scope::Early]).await;
    let read = app.new_key(&[Scope::Read]).await;
    let texts = async |key: Option<&str>, name: &str| {
        let ask = app.get(&format!("/v1/suggest?q=secret%20{name}"));
        let page = match key {
            Some(key) => ask.key(key).await,
            None => ask.await,
        };
        items(&page.ok(), "text")
    };
    for (name, for_early) in [
        ("nowhere", false),
        ("draft", false),
        ("dated", false),
        ("scheduled", true),
        ("coming", true),
        ("due", true),
        ("withdrawn", false),
        ("deleted", false),
        ("out", true),
    ] {
        let both = [format!("Secret {name}"), format!("Mme Secret {name}")];
        let some = |seen: bool| if seen { &both[..] } else { &[] };
        let public = name == "out" || name == "due";
        assert_eq!(texts(None, name).await, some(public), "{name}");
        assert_eq!(texts(Some(&early), name).await, some(for_early), "{name}");
        assert_eq!(texts(Some(&read), name).await, both, "{name}");
    }
    assert_eq!(
        texts(None, "").await,
        [
            "Secret due",
            "Secret out",
            "Mme Secret due",
            "Mme Secret out"
        ]
    );
    app.patch(&draft, json!({"status": "published"})).await.ok();
    assert_eq!(texts(None, "draft").await.len(), 2);
    app.patch(&draft, json!({"tag_ids": []})).await.ok();
    assert_eq!(texts(None, "draft").await, ["Mme Secret draft"]);
    // The lists of what there is are public.
    let tags = app.get("/v1/tags?count=true").await.ok();
    assert_eq!(tags["page"]["total"], 9);
}

#[actix_web::test]
async fn related_articles_share_tags_words_or_a_category_and_the_language() {
    let app = TestApp::start().await;
    let category = app.category("Mer", None).await;
    let tag = app
        .post("/v1/tags", json!({"name": "Phares"}))
        .await
        .created();
    let in_it = json!({"category_id": category["id"]});
    let this = app
        .article(
            "Le phare rénové",
            json!({"slug": "this", "tag_ids": [tag["id"]], "category_id": category["id"]}),
        )
        .await;
    app.article("autre chose", json!({})).await;
    app.article("même rubrique", in_it).await;
    app.article("même étiquette", json!({"tag_ids": [tag["id"]]}))
        .await;
    app.article("Un phare éteint", json!({})).await;
    app.article(
        "brouillon",
        json!({"tag_ids": [tag["id"]], "status": "draft"}),
    )
    .await;
    app.article("arabe", json!({"tag_ids": [tag["id"]], "language": "ar"}))
        .await;
    app.article(
        "traduction",
        json!({"tag_ids": [tag["id"]], "language": "fr-CA", "translation_of": this["id"]}),
    )
    .await;
    let related = app.get("/v1/articles/this/related").await;
    assert_eq!(
        items(&related.ok(), "title"),
        [
            "même étiquette",
            "Un phare éteint",
            "même rubrique",
            "autre chose"
        ]
    );
    assert_eq!(related.json()["items"][0].get("body"), None);
    for _ in 0..12 {
        app.article("encore", json!({"tag_ids": [tag["id"]]})).await;
    }
    assert_eq!(
        app.get("/v1/articles/this/related").await.ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        10
    );
    app.patch("/v1/articles/this", json!({"slug": "moved"}))
        .await
        .ok();
    let moved = app.get("/v1/articles/this/related").await;
    moved.problem(308, "moved");
    assert_eq!(moved.header("location"), "/v1/articles/moved/related");
    app.get("/v1/articles/nothing/related")
        .await
        .problem(404, "not-found");
    app.patch("/v1/articles/moved", json!({"status": "withdrawn"}))
        .await
        .ok();
    app.get("/v1/articles/moved/related")
        .await
        .problem(410, "gone");
    assert_eq!(
        app.get("/v1/articles/moved/related?x=1")
            .await
            .parameter_faults(),
        ["x unknown"]
    );
}

#[actix_web::test]
async fn bodies_of_articles_come_where_they_are_asked_for() {
    let app = TestApp::start().await;
    let body = json!({"body": "Le *phare* luit."});
    let article = app.article("Un phare", body).await;
    app.headline("Un phare aussi", json!({})).await;
    let found = async |fields: &str| {
        let path = format!("/v1/search?q=phare&type=article{fields}");
        app.get(&path).await.ok()["items"][0].clone()
    };
    for body in ["body", "body_html", "body_text"] {
        assert_eq!(
            found(&format!("&fields=article.{body},article.title")).await,
            json!({"article": {"title": "Un phare", body: article[body]}})
        );
        for fields in ["", "&fields=article", "&fields=article.title"] {
            assert!(
                found(fields).await["article"].get(body).is_none(),
                "{fields}"
            );
        }
    }
    let both = app
        .get("/v1/search?q=phare&fields=article.body_text,headline.title")
        .await
        .ok();
    let mut both = both["items"].as_array().unwrap().clone();
    both.sort_by_key(|hit| hit["article"].is_null());
    assert_eq!(both[0]["article"], json!({"body_text": "Le phare luit."}));
    assert_eq!(both[1]["headline"], json!({"title": "Un phare aussi"}));
}
