//! Round trips: what `GET` returns can be sent back, and changes nothing.

use serde_json::{Value, json};

use crate::support::{TestApp, path_of, with};

/// A document without the fields that every `PUT` changes.
fn without_version(document: &Value) -> Value {
    let times = json!({"version": null, "updated_at": null});
    with(document.clone(), times)
}

/// All nodes of a tree in depth-first order.
fn flatten(tree: &Value) -> Vec<Value> {
    let all = tree.as_array().into_iter().flatten();
    all.flat_map(|node| [vec![node.clone()], flatten(&node["children"])].concat())
        .collect()
}

#[actix_web::test]
async fn put_and_patch_accept_every_get_response_without_changing_anything() {
    let app = TestApp::start().await;
    let languages = json!({"url": "https://rivage.example/fr/", "languages": ["fr", "ar"], "time_zone": "Africa/Casablanca", "links": [{"name": "x", "url": "https://x.example/"}]});
    app.patch("/v1/site", languages).await.ok();
    let new = async |path: &str, body: Value| app.post(path, body).await.created();
    let top = json!({"name": "Économie", "names": {"ar": "الاقتصاد"}, "position": 3, "media_topic": "medtop:20000210"});
    let top = new("/v1/categories", top).await;
    let below = json!({"name": "Pêche", "parent_id": top["id"], "description": "La mer."});
    let below = new("/v1/categories", below).await;
    let author = new("/v1/authors", json!({"name": "Anna", "bio": "Là.", "links": [{"name": "x", "url": "https://x.example/"}]})).await;
    let tag = new("/v1/tags", json!({"name": "Rouge", "kind": "place"})).await;
    let translated = json!({
        "body": "Un *mot*.", "lede": "Un mot.", "category_id": below["id"], "author_ids": [author["id"]], "tag_ids": [tag["id"]],
        "image": {"url": "https://x.example/i.jpg", "alt": "Une image"}, "published_at": "2026-01-01T00:00:00Z",
    });
    let translated = app.article("Un phare", translated).await;
    let other = json!({"language": "ar", "translation_of": translated["id"], "body": "كلمة"});
    let other = app.article("منارة", other).await;
    let deleted = app.article("Un naufrage", json!({})).await;
    let link = json!({"article_id": translated["id"], "category_id": top["id"], "priority": "flash", "expires_at": "2999-01-01T00:00:00Z"});
    app.headline("Un phare", link).await;
    app.headline("Un naufrage", json!({"article_id": deleted["id"]}))
        .await;
    app.delete(&path_of("articles", &deleted)).await;
    // Translations of a hidden original, and of a deleted one.
    let hidden = app.article("Caché", json!({"status": "draft"})).await;
    let of_hidden = json!({"language": "en", "translation_of": hidden["id"]});
    app.article("Hidden", of_hidden).await;
    let original = app.article("Premier", json!({})).await;
    for language in ["ar", "en", "es"] {
        let body = json!({"language": language, "translation_of": original["id"]});
        app.article(&format!("Premier ({language})"), body).await;
    }
    app.delete(&path_of("articles", &original)).await;

    for (list, query) in [
        ("categories", ""),
        ("categories", "?count=true"),
        ("categories", "?language=fr"),
        ("categories", "?tree=true"),
        ("categories", "?tree=true&count=true"),
        ("authors", ""),
        ("authors", "?count=true"),
        ("tags", ""),
        ("tags", "?count=true"),
        ("headlines", ""),
        ("headlines", "?count=true&sort=-updated_at"),
        ("headlines", "?language=fr"),
        ("articles", ""),
        ("articles", "?count=true"),
        ("articles", "?language=ar"),
    ] {
        let page = app.get_as_admin(&format!("/v1/{list}{query}")).await.ok();
        let found = flatten(&page["items"]);
        assert!(!found.is_empty(), "{list}{query}");
        for listed in found {
            let path = path_of(list, &listed);
            let before = app.get_as_admin(&path).await.ok();
            // Lists omit the bodies.
            let sent = with(before.clone(), listed);
            let put = app.put(&path, sent.clone()).await.ok();
            assert_eq!(
                without_version(&put),
                without_version(&before),
                "{list}{query}"
            );
            assert_eq!(put["version"], before["version"].as_i64().unwrap() + 1);
            let patched = app.patch(&path, sent).await.ok();
            assert_eq!(patched, put, "a patch that changes nothing is no change");
        }
    }
    for (path, query) in [
        ("/v1/site".to_owned(), ""),
        ("/v1/site".to_owned(), "?language=ar"),
        (path_of("articles", &translated), "?language=fr"),
        (path_of("articles", &translated), "?language=de"),
        (path_of("articles", &other), "?language=ar"),
        ("/v1/articles/un-phare".to_owned(), ""),
        ("/v1/categories/economie".to_owned(), "?language=fr"),
    ] {
        let before = app.get_as_admin(&path).await.ok();
        let sent = app.get_as_admin(&format!("{path}{query}")).await.ok();
        let put = app.put(&path, sent.clone()).await.ok();
        assert_eq!(
            without_version(&put),
            without_version(&before),
            "{path}{query}"
        );
        assert_eq!(app.patch(&path, sent).await.ok(), put, "{path}{query}");
    }

    // Read-only fields are ignored with any value, on creation too; unknown fields are rejected.
    let children = json!({"name": "Mer", "children": "x", "article_count": [], "article_count_is_exact": 1, "parent": 1});
    let created = new("/v1/categories", children).await;
    assert_eq!(created["name"], "Mer");
    let unknown = json!({"name": "x", "childs": []});
    assert_eq!(
        app.post("/v1/categories", unknown).await.faults(),
        ["/childs unknown"]
    );
    let tag = json!({"name": "x", "children": []});
    assert_eq!(
        app.post("/v1/tags", tag).await.faults(),
        ["/children unknown"]
    );
}
