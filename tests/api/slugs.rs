//! Slugs of articles: how they are derived, numbered, redirected and taken over.

use futures_util::future::join_all;
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{JsonPath, TestApp, path_of, with};

fn path(article: &Value) -> String {
    path_of("articles", article)
}

#[actix_web::test]
async fn slugs_are_derived_from_titles_numbered_and_redirected_when_they_change() {
    let app = TestApp::start().await;
    let first = app.article("Édito : l’œuvre", json!({})).await;
    let second = app.article("Édito : l’œuvre", json!({})).await;
    let third = app.article("Édito : l’œuvre", json!({})).await;
    let slugs: Vec<&Value> = [&first, &second, &third]
        .map(|article| &article["slug"])
        .to_vec();
    assert_eq!(
        slugs,
        ["edito-l-oeuvre", "edito-l-oeuvre-2", "edito-l-oeuvre-3"]
    );
    assert_eq!(
        app.article("موسم الزيتون", json!({"language": "ar"})).await["slug"],
        "موسم-الزيتون"
    );
    assert_eq!(
        app.article("Search", json!({"language": "en"})).await["slug"],
        "search-2"
    );
    assert_eq!(app.article("!!!", json!({})).await["slug"], "article");

    // A new title keeps the slug; a new slug redirects from the former one with every method.
    let renamed = app
        .patch(&path(&first), json!({"title": "Autre"}))
        .await
        .ok();
    assert_eq!(renamed["slug"], "edito-l-oeuvre");
    app.patch(&path(&first), json!({"slug": "autre"}))
        .await
        .ok();
    let moved = app.get("/v1/articles/edito-l-oeuvre").await;
    moved.assert_redirects_to("/v1/articles/autre");
    let moved = app
        .patch("/v1/articles/edito-l-oeuvre", json!({"title": "x"}))
        .await;
    moved.assert_redirects_to("/v1/articles/autre");
    app.patch(&path(&first), json!({"slug": "اقتصاد"}))
        .await
        .ok();
    let moved = app.get("/v1/articles/autre").await;
    assert_eq!(
        moved.header("location"),
        "/v1/articles/%D8%A7%D9%82%D8%AA%D8%B5%D8%A7%D8%AF"
    );
    assert_eq!(
        app.get(moved.header("location")).await.ok()["id"],
        first["id"]
    );

    // A former slug is not generated again, but can be requested explicitly.
    assert_eq!(app.article("Autre", json!({})).await["slug"], "autre-2");
    let other = app.article("y", json!({"slug": "autre"})).await;
    assert_eq!(app.get("/v1/articles/autre").await.ok()["id"], other["id"]);
    // Former slugs of hidden articles do not redirect.
    app.patch(&path(&first), json!({"status": "draft"}))
        .await
        .ok();
    app.get("/v1/articles/edito-l-oeuvre")
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn a_taken_reserved_or_malformed_slug_is_rejected() {
    let app = TestApp::start().await;
    app.article("x", json!({"slug": "taken"})).await;
    let new = |slug: &str| {
        app.post(
            "/v1/articles",
            json!({"title": "x", "language": "fr", "slug": slug}),
        )
    };
    let problem = new("taken").await.problem(409, "conflict");
    assert_eq!(problem["errors"][0]["pointer"], "/slug");
    assert_eq!(new("search").await.faults(), ["/slug reserved"]);
    for slug in [
        "",
        "A",
        "a b",
        "a--b",
        "-a",
        "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11",
    ] {
        assert!(new(slug).await.faults()[0].starts_with("/slug "), "{slug}");
    }
    let other = app.article("y", json!({})).await;
    app.patch(&path(&other), json!({"slug": "taken"}))
        .await
        .problem(409, "conflict");
    app.patch(&path(&other), json!({"slug": null})).await.ok();
}

#[actix_web::test]
async fn twenty_articles_created_concurrently_with_one_title_get_distinct_slugs() {
    let app = TestApp::start().await;
    let created = join_all((0..20).map(|_| app.article("Même titre", json!({})))).await;
    let mut slugs: Vec<String> = created
        .iter()
        .map(|article| article.text("/slug").to_owned())
        .collect();
    slugs.sort_by_key(|slug| slug.rsplit('-').next().unwrap().parse::<u32>().unwrap_or(1));
    let expected: Vec<String> = (1..=20)
        .map(|n| {
            if n == 1 {
                "meme-titre".into()
            } else {
                format!("meme-titre-{n}")
            }
        })
        .collect();
    assert_eq!(slugs, expected);
}

#[actix_web::test]
async fn a_draft_does_not_take_over_a_former_slug_until_it_is_published() {
    let app = TestApp::start().await;
    let writer = app.new_key(&[Scope::Write]).await;
    let public = app
        .article("x", json!({"slug": "old", "status": "published"}))
        .await;
    let path = path_of("articles", &public);
    app.patch(&path, json!({"slug": "newer"})).await.ok();
    let assert_redirects = async || app.get("/v1/articles/old").await.problem(308, "moved");
    assert_redirects().await;
    let draft = json!({"title": "y", "language": "fr", "slug": "old"});
    let draft = app
        .request(Method::POST, "/v1/articles")
        .key(&writer)
        .json(draft)
        .await
        .created();
    assert_redirects().await;
    let draft_path = path_of("articles", &draft);
    // Giving up the slug does not break the redirect either.
    let patch = |slug: &str| {
        app.request(Method::PATCH, &draft_path)
            .key(&writer)
            .json(json!({"slug": slug}))
    };
    patch("other").await.ok();
    assert_redirects().await;
    patch("old").await.ok();
    assert_redirects().await;
    // Only publication takes the slug over.
    app.patch(&draft_path, json!({"status": "published"}))
        .await
        .ok();
    assert_eq!(app.get("/v1/articles/old").await.ok()["id"], draft["id"]);
    app.patch(&draft_path, json!({"slug": "third"})).await.ok();
    assert_eq!(
        app.get("/v1/articles/old").await.header("location"),
        "/v1/articles/third"
    );
}

#[actix_web::test]
async fn a_draft_keeps_a_provisional_slug_until_it_is_published() {
    let app = TestApp::start().await;
    let new = json!({"title": "Une affaire", "language": "fr"});
    let draft = app.post("/v1/articles", new.clone()).await.created();
    let id = draft.text("/id");
    let provisional = format!("une-affaire-{}", &id[24..]);
    assert_eq!(draft["slug"], *provisional);
    // A public article gets the slug that it would have without the draft.
    let public = app.article("Une affaire", json!({})).await;
    assert_eq!(public["slug"], "une-affaire");
    let path = format!("/v1/articles/{id}");
    // The draft keeps its provisional slug until it is published.
    let unchanged = app.put(&path, draft.clone()).await.ok();
    assert_eq!(unchanged["slug"], *provisional);
    let renamed = app
        .patch(&path, json!({"title": "L’affaire du port"}))
        .await
        .ok();
    assert_eq!(renamed["slug"], *provisional);
    let published = app.patch(&path, json!({"status": "published"})).await.ok();
    assert_eq!(published["slug"], "l-affaire-du-port");
    let moved = app.get(&format!("/v1/articles/{provisional}")).await;
    moved.assert_redirects_to("/v1/articles/l-affaire-du-port");
    // The slug then stays, even if the article becomes a draft again.
    let draft_again = app
        .patch(&path, json!({"status": "draft", "title": "Autre chose"}))
        .await
        .ok();
    assert_eq!(draft_again["slug"], "l-affaire-du-port");

    // Published by sending it back with another status, a draft gets its slug too.
    let draft = app.post("/v1/articles", new).await.created();
    let sent = with(
        draft,
        json!({"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}),
    );
    let path = path_of("articles", &sent);
    assert_eq!(app.put(&path, sent).await.ok()["slug"], "une-affaire-2");
    // An explicit slug is used immediately.
    let body = json!({"title": "x", "language": "fr", "slug": "choisi"});
    assert_eq!(
        app.post("/v1/articles", body).await.created()["slug"],
        "choisi"
    );
}
