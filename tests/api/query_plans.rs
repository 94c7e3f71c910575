//! The cost of lists and searches: the plans in the log of Postgres. Rows are counted, not time.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::join_all;
use serde_json::Value;

use crate::support::{TestApp, cluster};

/// The number of rows of each table.
const ROWS: u64 = 30_000;

/// The most rows that a list may read: a scan budget of 2,000 for each alternative, then the rows of a rare filter.
/// A table scan reads far more.
const MAX_ROWS: u64 = 10_000;

/// The most rows that a search may read: it scans 20,000 before it treats a common word as rare.
const MAX_ROWS_SEARCHED: u64 = 22_000;

/// Follows the output of `auto_explain` in the log.
struct Log {
    file: PathBuf,
    read: u64,
}

impl Log {
    /// Starts at the end of the newest log.
    fn open() -> Self {
        let files = std::fs::read_dir(cluster::log_folder()).unwrap();
        let newest = files
            .map(|file| file.unwrap().path())
            .max_by_key(|file| file.metadata().unwrap().modified().unwrap());
        let file = newest.unwrap();
        let read = file.metadata().unwrap().len();
        Self { file, read }
    }

    /// The plans since the last call. A unique statement marks the end of what has to be read.
    async fn plans(&mut self, conn: &mut AsyncPgConnection) -> Vec<Value> {
        let mark = uuid::Uuid::now_v7().to_string();
        conn.batch_execute(&format!("SELECT '{mark}'"))
            .await
            .unwrap();
        let mut text = String::new();
        while !text.contains(&mark) {
            let mut file = std::fs::File::open(&self.file).unwrap();
            file.seek(SeekFrom::Start(self.read)).unwrap();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).unwrap();
            text = String::from_utf8_lossy(&bytes).into_owned();
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        self.read += text.len() as u64;
        let mut plans = Vec::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if line.ends_with("plan:") {
                let mut json = String::new();
                while let Some(more) = lines.next_if(|line| line.starts_with('\t')) {
                    json.push_str(more);
                }
                // The plan of the mark itself may be incomplete.
                if json.contains(&mark) {
                    break;
                }
                plans.push(serde_json::from_str(&json).unwrap());
            }
        }
        plans
    }
}

/// Adds the number of rows that each scan of a plan examined.
fn count_scanned_rows(plan: &Value, found: &mut BTreeMap<String, u64>) {
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    let kind = plan["Node Type"].as_str().unwrap_or_default();
    // Bitmap index scans read index entries only, which is cheap.
    if kind.ends_with("Scan") && plan["Relation Name"].is_string() {
        let rows = (number("Actual Rows")
            + number("Rows Removed by Filter")
            + number("Rows Removed by Index Recheck"))
            * number("Actual Loops");
        let name = plan["Index Name"]
            .as_str()
            .or(plan["Relation Name"].as_str());
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rows are few"
        )]
        let rows = rows as u64;
        *found
            .entry(format!("{kind} {}", name.unwrap_or_default()))
            .or_default() += rows;
    }
    for inner in plan["Plans"].as_array().into_iter().flatten() {
        count_scanned_rows(inner, found);
    }
}

/// Creates content with common, rare and old filter values, some of which never occur together.
async fn create_content(app: &TestApp) {
    let mut conn = app.conn().await;
    let moment = "'2020-01-01'::timestamptz + n * interval '1 hour'";
    let category = "CASE WHEN n % 10 < 8 THEN md5('c0')::uuid WHEN n % 10 = 8 THEN md5('c1')::uuid \
        WHEN n % 500 = 9 THEN md5('c3')::uuid ELSE md5('c2')::uuid END";
    let language = "CASE WHEN n % 2000 = 1 THEN 'de' WHEN n % 3 = 0 THEN 'ar' ELSE 'fr' END";
    let source = "CASE WHEN n % 1500 = 11 THEN 'rare' WHEN n % 50 = 7 OR n % 20000 = 12 THEN 'drafts' WHEN n % 2 = 0 THEN 'big' END";
    let common = format!(
        "gen_random_uuid(), 'mot ' || CASE WHEN n % 700 = 5 THEN 'rare' WHEN n < 3000 THEN 'jadis' ELSE 'autre' END, \
         {language}, 'ltr', CASE WHEN n % 50 = 7 THEN 'draft' ELSE 'published' END, {moment}, {moment}, {category}, {moment}"
    );
    conn.batch_execute(&format!(
        "SET session_replication_role = replica;
         INSERT INTO categories (id, slug, name, parent_id, position, tree_key) VALUES
            (md5('c0')::uuid, 'big', 'Big', NULL, 0, '0000' || replace(md5('c0')::uuid::text, '-', '')),
            (md5('c1')::uuid, 'small', 'Small', NULL, 1, '0001' || replace(md5('c1')::uuid::text, '-', '')),
            (md5('c2')::uuid, 'below', 'Below', md5('c1')::uuid, 0,
                '0001' || replace(md5('c1')::uuid::text, '-', '') || '0000' || replace(md5('c2')::uuid::text, '-', '')),
            (md5('c3')::uuid, 'rare', 'Rare', NULL, 2, '0002' || replace(md5('c3')::uuid::text, '-', ''));
         INSERT INTO tags (id, slug, name) VALUES (md5('t0')::uuid, 'common', 'Common'), (md5('t1')::uuid, 'rare', 'Rare'),
            (md5('t2')::uuid, 'old', 'Old');
         INSERT INTO authors (id, slug, name) VALUES (md5('a0')::uuid, 'busy', 'Busy'), (md5('a1')::uuid, 'idle', 'Idle');
         INSERT INTO articles (id, title, language, dir, status, published_at, first_published_at, category_id, updated_at, source, kind, slug)
            SELECT {common}, {source}, CASE WHEN n % 1500 = 13 THEN 'interview' WHEN n % 9 = 1 THEN 'opinion' ELSE 'news' END, 'a-' || n FROM generate_series(1, {ROWS}) AS n;
         UPDATE articles SET translation_of = original.id FROM articles AS original
            WHERE split_part(articles.slug, '-', 2)::int % 4 = 1 AND articles.language <> original.language
            AND original.slug = 'a-' || (split_part(articles.slug, '-', 2)::int - 1);
         INSERT INTO article_tags (id, tag_id, place, status, language, category_id, listed_at, updated_at)
            SELECT id, md5('t' || k)::uuid, k, status, language, category_id, listed_at, updated_at
            FROM (SELECT *, split_part(slug, '-', 2)::int AS n FROM articles) AS articles
            CROSS JOIN (VALUES (0), (1), (2)) AS tag (k)
            WHERE (k = 0 AND n % 20 = 8) OR (k = 1 AND n % 800 = 3) OR (k = 2 AND n < 2000 AND n % 3 = 0);
         INSERT INTO tags (id, slug, name) SELECT md5('draft' || n)::uuid, 'draft-' || n, 'Secret ' || n FROM generate_series(1, 5000) AS n;
         INSERT INTO article_tags (id, tag_id, place, status, language, category_id, listed_at, updated_at)
            SELECT articles.id, md5('draft' || n)::uuid, 10 + n / 600, status, language, category_id, listed_at, updated_at
            FROM generate_series(1, 5000) AS n JOIN articles ON articles.slug = 'a-' || 7 + 50 * (n % 600);
         INSERT INTO article_authors (id, author_id, place, status, language, category_id, listed_at, updated_at)
            SELECT id, md5('a' || CASE WHEN n % 1000 = 8 THEN 1 ELSE 0 END)::uuid, 0, status, language, category_id, listed_at, updated_at
            FROM (SELECT *, split_part(slug, '-', 2)::int AS n FROM articles) AS articles WHERE n % 4 = 0;
         INSERT INTO headlines (id, title, language, dir, status, published_at, first_published_at, category_id, updated_at, source,
            priority, pinned, expires_at, release, article_id)
            SELECT {common}, {source}, CASE WHEN n % 900 = 1 THEN 'flash' WHEN n % 90 = 2 THEN 'breaking' ELSE 'normal' END, n % 1500 = 3,
                CASE WHEN n % 200 = 0 THEN {moment} + interval '1 day' WHEN n % 5000 = 4 THEN '2999-01-01'::timestamptz END,
                CASE WHEN n % 200 = 0 THEN 'expired' ELSE 'out' END,
                CASE WHEN n % 4 = 0 THEN (SELECT id FROM articles WHERE slug = 'a-' || n AND deleted_at IS NULL) END
            FROM generate_series(1, {ROWS}) AS n;
         INSERT INTO headline_tags (id, tag_id, article_id, status, language, priority, pinned, category_id, listed_at,
            expires_at, release, updated_at)
            SELECT headlines.id, tag_id, article_id, headlines.status, headlines.language, priority, pinned,
                headlines.category_id, headlines.listed_at, headlines.expires_at, headlines.release, headlines.updated_at
            FROM headlines JOIN article_tags ON article_tags.id = article_id;
         SET session_replication_role = origin;"
    ))
    .await
    .unwrap();
    app.reindex().await;
    conn.batch_execute("VACUUM ANALYZE").await.unwrap();
}

/// All combinations of up to `most` filters, each name once.
fn combinations(filters: &[&str], most: usize) -> Vec<String> {
    let mut all: Vec<Vec<&str>> = vec![Vec::new()];
    for filter in filters {
        let name = |filter: &str| filter.split('=').next().unwrap_or_default().to_owned();
        let longer: Vec<Vec<&str>> = all
            .iter()
            .filter(|some| {
                some.len() < most && some.iter().all(|other| name(other) != name(filter))
            })
            .map(|some| some.iter().copied().chain([*filter]).collect())
            .collect();
        all.extend(longer);
    }
    all.into_iter().map(|some| some.join("&")).collect()
}

/// A server with content that logs the plans of its statements, the log, and a connection that logs the marks.
async fn start() -> (TestApp, Log, AsyncPgConnection) {
    let app = TestApp::start().await;
    create_content(&app).await;
    let mut conn = app.conn().await;
    // Only connections opened after this, which are those of the server, log their plans.
    conn.batch_execute(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET session_preload_libraries = auto_explain', current_database());
         EXECUTE format('ALTER DATABASE %I SET auto_explain.log_min_duration = 0', current_database());
         EXECUTE format('ALTER DATABASE %I SET auto_explain.log_analyze = on', current_database());
         EXECUTE format('ALTER DATABASE %I SET auto_explain.log_timing = off', current_database());
         EXECUTE format('ALTER DATABASE %I SET auto_explain.log_format = json', current_database()); END $$",
    )
    .await
    .unwrap();
    let conn = app.conn().await;
    (app, Log::open(), conn)
}

fn scanned_rows(plan: &Value) -> BTreeMap<String, u64> {
    let mut found = BTreeMap::new();
    count_scanned_rows(&plan["Plan"], &mut found);
    found
}

#[actix_web::test]
async fn the_moments_to_come_are_read_without_the_rows_of_the_past() {
    let (_app, mut log, mut conn) = start().await;
    conn.batch_execute("SELECT * FROM moments_to_come()")
        .await
        .unwrap();
    // Other databases log their plans, too.
    let is_of_moments = |plan: &Value| {
        let text = plan["Query Text"].as_str().unwrap_or_default();
        text.contains("moments_to_come")
    };
    let plans = log.plans(&mut conn).await;
    let found: Vec<_> = plans
        .iter()
        .filter(|plan| is_of_moments(plan))
        .map(scanned_rows)
        .collect();
    assert!(!found.is_empty());
    for found in found {
        assert!(
            found.len() >= 2 && found.values().sum::<u64>() <= 10,
            "{found:?}"
        );
    }
}

#[actix_web::test]
async fn no_list_or_search_reads_more_rows_than_its_budget() {
    let (app, mut log, mut conn) = start().await;
    let shared = [
        "category=big",
        "category=small",
        "category=rare",
        "tag=common",
        "tag=rare",
        "tag=old",
        "language=fr",
        "language=de",
        "published_before=2020-02-01T00:00:00Z",
        "updated_after=2023-05-25T00:00:00Z",
        "updated_before=2020-02-01T00:00:00Z",
        "source=big",
        "source=rare",
        "source=drafts",
    ];
    let of = |list: &str, specific: &[&str], most| -> Vec<String> {
        let filters: Vec<&str> = shared.iter().chain(specific).copied().collect();
        let queries = combinations(&filters, most).into_iter();
        queries.map(|query| format!("/v1/{list}?{query}")).collect()
    };
    let mut paths = of(
        "articles",
        &[
            "author=busy",
            "author=idle",
            "kind=news",
            "kind=opinion",
            "kind=interview",
        ],
        2,
    );
    let lines = [
        "priority=flash",
        "priority=normal",
        "pinned=true",
        "has_article=true",
        "has_article=false",
    ];
    paths.extend(of("headlines", &lines, 2));
    for sort in ["published_at", "updated_at", "-updated_at"] {
        let some = of("articles", &["author=idle"], 1).into_iter();
        let some = some.chain(of("headlines", &["priority=flash", "has_article=true"], 1));
        paths.extend(some.map(|path| format!("{path}&sort={sort}").replace("?&", "?")));
    }
    let three = ["category=rare", "tag=common", "language=de", "author=busy"];
    let three = combinations(&three, 4).into_iter();
    paths.extend(three.map(|query| format!("/v1/articles?{query}")));
    let stories = shared.iter().filter(|it| !it.starts_with("language="));
    let more = ["author=busy", "author=idle", "sort=-updated_at"];
    for filter in stories.chain(&more).chain(&["limit=20"]) {
        paths.push(format!("/v1/articles?language=de&fallback=true&{filter}"));
    }
    for word in [
        "rare",
        "mot",
        "jadis",
        "jadis rare",
        "-mot",
        "mot -autre -jadis",
        "nirgends",
    ] {
        for filter in ["", "&category=small", "&tag=rare", "&language=de"] {
            paths.push(format!("/v1/search?q={}{filter}", word.replace(' ', "%20")));
        }
    }
    paths.extend(
        ["secret", "common", "busy", "s", "mot"].map(|word| format!("/v1/suggest?q={word}")),
    );
    assert!(paths.len() > 250, "{}", paths.len());
    // In small groups, to name the culprits.
    for some in paths.chunks(4) {
        let some: Vec<&str> = some.iter().map(|path| path.trim_end_matches('?')).collect();
        let requests = some
            .iter()
            .flat_map(|path| [app.get(path), app.get_as_admin(path)]);
        for response in join_all(requests.map(IntoFuture::into_future)).await {
            response.ok();
        }
        let plans = log.plans(&mut conn).await;
        assert!(
            plans.len() >= 2 * some.len(),
            "plans are missing for {some:?}"
        );
        for plan in &plans {
            let found = scanned_rows(plan);
            let read: u64 = found.values().sum();
            let searched = plan["Query Text"]
                .as_str()
                .unwrap_or_default()
                .contains("search @@");
            let most = if searched {
                MAX_ROWS_SEARCHED
            } else {
                MAX_ROWS
            };
            assert!(
                read <= most,
                "one of {some:?} reads {read} rows: {found:?}\n{}",
                plan["Query Text"]
            );
        }
    }
}
