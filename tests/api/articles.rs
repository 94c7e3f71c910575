//! Articles: bodies, slugs, replacing and patching.

use futures_util::future::join_all;
use manchette::access::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{TestApp, items, with};

fn path(article: &Value) -> String {
    format!("/v1/articles/{}", article["id"].as_str().unwrap())
}

#[actix_web::test]
async fn an_article_has_one_shape_and_a_list_leaves_its_body_out() {
    let app = TestApp::start().await;
    let category = app.category("Économie", None).await;
    let more = json!({
        "short_title": "Court", "kicker": "Surtitre", "lede": "Un chapô.", "body": "Un **corps**.\n\n<script>x</script>Deux.",
        "category_id": category["id"], "dateline": "Meknès", "published_at": "2026-01-01T08:00:00.123456Z",
        "image": {"url": "https://i.example/a.jpg", "alt": "Des oliviers", "width": 1600},
        "canonical_url": "https://a.example/1", "source": "Agence",
    });
    let created = app.article("L’été à Meknès", more).await;
    assert_eq!(app.get(&path(&created)).await.ok(), created);
    assert_eq!(app.get("/v1/articles/l-ete-a-meknes").await.ok(), created);
    insta::assert_json_snapshot!(created, {
        ".id" => "[id]", ".category_id" => "[id]", ".category.id" => "[id]", ".created_at" => "[time]", ".updated_at" => "[time]",
    });

    let mut listed = app.get("/v1/articles").await.ok()["items"][0].clone();
    for body in ["body", "body_html", "body_text"] {
        assert!(listed.get(body).is_none());
        listed[body] = created[body].clone();
    }
    assert_eq!(listed, created);
    let asked = app.get("/v1/articles?fields=title,body_text").await.ok();
    assert_eq!(
        asked["items"][0],
        json!({"title": "L’été à Meknès", "body_text": "Un corps.\nDeux."})
    );
}

#[actix_web::test]
async fn a_slug_is_made_numbered_kept_and_redirected() {
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

    // A new title leaves the address as it is; a new slug leaves the old one leading to it, whatever the method.
    let renamed = app
        .patch(&path(&first), json!({"title": "Autre"}))
        .await
        .ok();
    assert_eq!(renamed["slug"], "edito-l-oeuvre");
    app.patch(&path(&first), json!({"slug": "autre"}))
        .await
        .ok();
    let moved = app.get("/v1/articles/edito-l-oeuvre").await;
    moved.problem(308, "moved");
    assert_eq!(moved.header("location"), "/v1/articles/autre");
    let moved = app
        .patch("/v1/articles/edito-l-oeuvre", json!({"title": "x"}))
        .await;
    assert_eq!(
        (moved.status, moved.header("location")),
        (308, "/v1/articles/autre")
    );
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

    // An old address is not given to another by itself; who asks for it gets it.
    assert_eq!(app.article("Autre", json!({})).await["slug"], "autre-2");
    let taker = app.article("y", json!({"slug": "autre"})).await;
    assert_eq!(app.get("/v1/articles/autre").await.ok()["id"], taker["id"]);
    // And what is hidden leads nowhere.
    app.patch(&path(&first), json!({"status": "draft"}))
        .await
        .ok();
    app.get("/v1/articles/edito-l-oeuvre")
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn a_slug_that_is_taken_reserved_or_none_is_refused() {
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
async fn twenty_of_one_title_at_once_get_twenty_slugs() {
    let app = TestApp::start().await;
    let created = join_all((0..20).map(|_| app.article("Même titre", json!({})))).await;
    let mut slugs: Vec<String> = created
        .iter()
        .map(|article| article["slug"].as_str().unwrap().to_owned())
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
async fn a_patch_clears_what_is_null_and_leaves_what_is_absent() {
    let app = TestApp::start().await;
    let image = json!({"url": "https://i.example/a.jpg", "alt": "a", "credit": "b"});
    let article = app
        .article("x", json!({"lede": "l", "kicker": "k", "image": image}))
        .await;
    let patched = app
        .patch(
            &path(&article),
            json!({"kicker": null, "title": "y", "image": {"alt": null, "width": 5}}),
        )
        .await
        .ok();
    let expected = with(
        article.clone(),
        json!({
            "kicker": null, "title": "y", "version": 2, "updated_at": patched["updated_at"],
            "image": {"url": "https://i.example/a.jpg", "alt": null, "caption": null, "credit": "b", "width": 5, "height": null},
        }),
    );
    assert_eq!(patched, expected);
    assert_eq!(
        app.patch(&path(&article), json!({"image": null}))
            .await
            .ok()["image"],
        Value::Null
    );
    for (patch, fault) in [
        (json!({"title": null}), "/title wrong_type"),
        (json!({"status": null}), "/status wrong_type"),
        (json!({"status": "gone"}), "/status invalid_choice"),
        (json!({"colour": 1}), "/colour unknown"),
        (json!([]), " wrong_type"),
    ] {
        assert_eq!(app.patch(&path(&article), patch).await.faults(), [fault]);
    }
    let nothing = app.patch(&path(&article), json!({})).await.ok();
    assert_eq!(
        nothing["version"], 3,
        "a patch that changes nothing is no change"
    );
}

#[actix_web::test]
async fn what_was_read_can_be_put_back_and_what_is_left_out_gets_its_default() {
    let app = TestApp::start().await;
    let article = app
        .article("x", json!({"lede": "l", "slug": "mine", "source": "s"}))
        .await;
    let same = app.put(&path(&article), article.clone()).await.ok();
    assert_eq!(
        same,
        with(
            article.clone(),
            json!({"version": 2, "updated_at": same["updated_at"]})
        )
    );
    let replaced = app
        .put("/v1/articles/mine", json!({"title": "y", "language": "en"}))
        .await
        .ok();
    assert_eq!(replaced["slug"], "mine");
    assert_eq!(
        (&replaced["lede"], &replaced["source"], &replaced["status"]),
        (&Value::Null, &Value::Null, &json!("draft"))
    );
    assert_eq!(
        replaced["first_published_at"], article["first_published_at"],
        "it was out once"
    );
    let extra = app
        .put(
            &path(&article),
            with(article.clone(), json!({"colour": "red"})),
        )
        .await;
    assert_eq!(extra.faults(), ["/colour unknown"]);
}

#[actix_web::test]
async fn a_put_with_a_free_id_creates_and_with_one_in_the_trash_brings_back() {
    let app = TestApp::start().await;
    let id = uuid::Uuid::now_v7();
    let address = format!("/v1/articles/{id}");
    let body = json!({"title": "x", "language": "fr", "status": "published"});
    let created = app.put(&address, body.clone()).await;
    assert_eq!(created.header("location"), address);
    assert_eq!(created.created()["id"], json!(id));
    assert_eq!(app.put(&address, body.clone()).await.ok()["version"], 2);
    assert_eq!(app.delete(&address).await.status, 204);
    app.get_all(&address).await.problem(404, "not-found");
    app.patch(&address, json!({"title": "y"}))
        .await
        .problem(404, "not-found");
    assert_eq!(
        items(&app.get_all("/v1/articles").await.ok(), "id"),
        Vec::<String>::new()
    );
    assert_eq!(
        app.put(&address, body.clone()).await.created()["version"],
        4
    );
    app.put("/v1/articles/no-such-slug", body.clone())
        .await
        .problem(404, "not-found");
    app.put("/v1/articles/00000000-0000-0000-0000-000000000000", body)
        .await
        .problem(404, "not-found");
}

#[actix_web::test]
async fn the_first_time_that_it_went_out_stays() {
    let app = TestApp::start().await;
    let article = app
        .article("x", json!({"published_at": "2026-01-01T00:00:00Z"}))
        .await;
    assert_eq!(article["first_published_at"], "2026-01-01T00:00:00Z");
    let again = app
        .patch(
            &path(&article),
            json!({"published_at": "2026-02-01T00:00:00Z"}),
        )
        .await
        .ok();
    assert_eq!(again["first_published_at"], "2026-01-01T00:00:00Z");
    let ahead = app
        .article("y", json!({"published_at": "2999-01-01T00:00:00Z"}))
        .await;
    let sooner = app
        .patch(
            &path(&ahead),
            json!({"published_at": "2998-01-01T00:00:00Z"}),
        )
        .await
        .ok();
    assert_eq!(
        sooner["first_published_at"], "2998-01-01T00:00:00Z",
        "it was not out yet"
    );
}

#[actix_web::test]
async fn bodies_are_rendered_once_and_safely() {
    let app = TestApp::start().await;
    let words = "mot ".repeat(401);
    let article = app.article("x", json!({"body": words})).await;
    assert_eq!(
        (&article["word_count"], &article["reading_minutes"]),
        (&json!(401), &json!(3))
    );
    let html = json!({"body_format": "html", "body": "<p dir=\"rtl\" lang=\"ar\">نص</p><img src=\"x\" onerror=\"alert(1)\"><a href=\"javascript:a()\">b</a>"});
    let article = app.patch(&path(&article), html).await.ok();
    assert_eq!(
        article["body_html"],
        "<p dir=\"rtl\" lang=\"ar\">نص</p><a rel=\"noopener noreferrer\">b</a>"
    );
    assert_eq!(article["body_text"], "نص\nb");
}

#[actix_web::test]
async fn one_id_may_stand_in_two_resources() {
    let app = TestApp::start().await;
    let id = uuid::Uuid::now_v7();
    let body = json!({"title": "x", "language": "fr"});
    app.put(&format!("/v1/articles/{id}"), body.clone())
        .await
        .created();
    app.put(&format!("/v1/headlines/{id}"), body)
        .await
        .created();
    app.put(&format!("/v1/categories/{id}"), json!({"name": "x"}))
        .await
        .created();
    let upper = id.to_string().to_uppercase();
    assert_eq!(
        app.get_all(&format!("/v1/headlines/{upper}")).await.ok()["id"],
        json!(id)
    );
}

#[actix_web::test]
async fn of_twenty_puts_on_a_free_id_one_creates_and_the_others_replace() {
    let app = TestApp::start().await;
    let address = format!("/v1/headlines/{}", uuid::Uuid::now_v7());
    let put = |n: i32| {
        app.put(&address, json!({"title": n.to_string(), "language": "fr"}))
            .into_future()
    };
    let mut statuses: Vec<u16> = join_all((0..20).map(put))
        .await
        .iter()
        .map(|answer| answer.status)
        .collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[18], statuses[19]), (200, 200, 201));
    assert_eq!(app.get_all(&address).await.ok()["version"], 20);
}

#[actix_web::test]
async fn a_body_that_would_take_long_to_render_is_refused() {
    let app = TestApp::start().await;
    for (body, format) in [
        (">".repeat(5_000), "markdown"),
        ("<div>".repeat(5_000), "html"),
        ("&".repeat(50_000), "markdown"),
    ] {
        let body = json!({"title": "x", "language": "fr", "body": body, "body_format": format});
        assert_eq!(
            app.post("/v1/articles", body).await.faults(),
            ["/body too_complex"]
        );
    }
}

#[actix_web::test]
async fn an_id_that_is_named_twice_is_known_by_any_spelling() {
    let app = TestApp::start().await;
    let author = app.post("/v1/authors", json!({"name": "A"})).await;
    let id = author.created()["id"].as_str().unwrap().to_owned();
    let twice = [id.clone(), id.to_uppercase()];
    let body = json!({"title": "x", "language": "fr", "author_ids": twice});
    let refused = app.post("/v1/articles", body).await;
    assert_eq!(refused.faults(), ["/author_ids/1 duplicate_item"]);
}

#[actix_web::test]
async fn a_draft_takes_no_address_from_what_the_public_sees() {
    let app = TestApp::start().await;
    let writer = app.new_key(&[Scope::Write]).await;
    let seen = app
        .article("x", json!({"slug": "old", "status": "published"}))
        .await;
    let path = format!("/v1/articles/{}", seen["id"].as_str().unwrap());
    app.patch(&path, json!({"slug": "newer"})).await.ok();
    let moved = async || app.get("/v1/articles/old").await.problem(308, "moved");
    moved().await;
    let draft = json!({"title": "y", "language": "fr", "slug": "old"});
    let draft = app
        .ask(Method::POST, "/v1/articles")
        .key(&writer)
        .json(draft)
        .await
        .created();
    moved().await;
    let draft_path = format!("/v1/articles/{}", draft["id"].as_str().unwrap());
    // Neither by giving it up …
    let patch = |slug: &str| {
        app.ask(Method::PATCH, &draft_path)
            .key(&writer)
            .json(json!({"slug": slug}))
    };
    patch("other").await.ok();
    moved().await;
    patch("old").await.ok();
    moved().await;
    // … only by going out, which is for who may publish.
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
async fn a_draft_gets_its_address_when_it_goes_out_and_nobody_learns_before_that_it_is_there() {
    let app = TestApp::start().await;
    let draft = app
        .post(
            "/v1/articles",
            json!({"title": "Une affaire", "language": "fr"}),
        )
        .await
        .created();
    let id = draft["id"].as_str().unwrap();
    let provisional = format!("une-affaire-{}", &id[24..]);
    assert_eq!(draft["slug"], *provisional);
    // What is public meanwhile has the address that it would have without the draft.
    let public = app.article("Une affaire", json!({})).await;
    assert_eq!(public["slug"], "une-affaire");
    let path = format!("/v1/articles/{id}");
    // It keeps the one that it has, however it is written, until it goes out.
    let again = app.put(&path, draft.clone()).await.ok();
    assert_eq!(again["slug"], *provisional);
    let retold = app
        .patch(&path, json!({"title": "L’affaire du port"}))
        .await
        .ok();
    assert_eq!(retold["slug"], *provisional);
    let out = app.patch(&path, json!({"status": "published"})).await.ok();
    assert_eq!(out["slug"], "l-affaire-du-port");
    let moved = app.get(&format!("/v1/articles/{provisional}")).await;
    assert_eq!(
        (moved.status, moved.header("location")),
        (308, "/v1/articles/l-affaire-du-port")
    );
    // From then on it stays, also where it is made a draft again.
    let back = app
        .patch(&path, json!({"status": "draft", "title": "Autre chose"}))
        .await
        .ok();
    assert_eq!(back["slug"], "l-affaire-du-port");

    // Sent back as it was read, with another status, it goes out with an address of its own too.
    let draft = app
        .post(
            "/v1/articles",
            json!({"title": "Une affaire", "language": "fr"}),
        )
        .await
        .created();
    let sent = with(
        draft,
        json!({"status": "scheduled", "published_at": "2999-01-01T00:00:00Z"}),
    );
    let path = format!("/v1/articles/{}", sent["id"].as_str().unwrap());
    assert_eq!(app.put(&path, sent).await.ok()["slug"], "une-affaire-2");
    // One that is chosen is there at once.
    let chosen = json!({"title": "x", "language": "fr", "slug": "choisi"});
    assert_eq!(
        app.post("/v1/articles", chosen).await.created()["slug"],
        "choisi"
    );
}
