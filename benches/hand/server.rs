//! A server as somebody would write it by hand for three lists and one insert, in the fastest way: actix-web, tokio-postgres with
//! pipelined connections of each worker's own, serde. Its responses have the fields of the real server's; it has no keys, no
//! limits, no languages, no other filters, and no log of changes.
//!
//! `hand PORT SOCKET-FOLDER DATABASE WORKERS`

use std::cell::Cell;

use actix_web::web::{self, Data, Path, Query};
use actix_web::{App, HttpResponse, HttpServer};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use tokio_postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

type Error = Box<dyn std::error::Error>;

/// Connections of each worker.
const CONNECTIONS: usize = 4;

fn time<S: Serializer>(time: &Option<DateTime<Utc>>, to: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_rfc3339_opts(SecondsFormat::Micros, true))
        .serialize(to)
}

#[derive(Serialize)]
struct Headline<'a> {
    id: Uuid,
    title: &'a str,
    language: &'a str,
    dir: &'a str,
    status: &'a str,
    #[serde(serialize_with = "time")]
    published_at: Option<DateTime<Utc>>,
    priority: &'a str,
    pinned: bool,
    #[serde(serialize_with = "time")]
    expires_at: Option<DateTime<Utc>>,
    category_id: Option<Uuid>,
    category: Option<&'a RawValue>,
    article_id: Option<Uuid>,
    article: Option<&'a RawValue>,
    url: Option<&'a str>,
    source: Option<&'a str>,
    #[serde(serialize_with = "time")]
    created_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "time")]
    updated_at: Option<DateTime<Utc>>,
    version: i32,
}

const HEADLINE: &str = "h.id, h.title, h.language, h.dir, h.status, h.published_at, h.priority, h.pinned, h.expires_at, \
    h.category_id, CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'slug', c.slug, 'name', c.name, 'parent', \
    CASE WHEN p.id IS NOT NULL THEN json_build_object('id', p.id, 'slug', p.slug, 'name', p.name) END)::text END, \
    a.id, CASE WHEN a.id IS NOT NULL THEN json_build_object('id', a.id, 'slug', a.slug, 'title', a.title, 'image', a.image)::text END, \
    h.url, h.source, h.created_at, h.updated_at, h.version";
const HEADLINE_JOINS: &str = "LEFT JOIN categories c ON c.id = h.category_id LEFT JOIN categories p ON p.id = c.parent_id \
    LEFT JOIN articles a ON a.id = h.article_id AND a.deleted_at IS NULL AND a.status = 'published'";

fn raw(text: Option<&str>) -> Result<Option<&RawValue>, Error> {
    Ok(text.map(serde_json::from_str).transpose()?)
}

fn headline(row: &Row) -> Result<Headline<'_>, Error> {
    Ok(Headline {
        id: row.get(0),
        title: row.get(1),
        language: row.get(2),
        dir: row.get(3),
        status: row.get(4),
        published_at: row.get(5),
        priority: row.get(6),
        pinned: row.get(7),
        expires_at: row.get(8),
        category_id: row.get(9),
        category: raw(row.get(10))?,
        article_id: row.get(11),
        article: raw(row.get(12))?,
        url: row.get(13),
        source: row.get(14),
        created_at: row.get(15),
        updated_at: row.get(16),
        version: row.get(17),
    })
}

#[derive(Serialize)]
struct Article<'a> {
    id: Uuid,
    slug: &'a str,
    kind: &'a str,
    title: &'a str,
    short_title: Option<&'a str>,
    kicker: Option<&'a str>,
    lede: Option<&'a str>,
    body_format: &'a str,
    language: &'a str,
    dir: &'a str,
    status: &'a str,
    #[serde(serialize_with = "time")]
    published_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "time")]
    first_published_at: Option<DateTime<Utc>>,
    category_id: Option<Uuid>,
    category: Option<&'a RawValue>,
    author_ids: Vec<Uuid>,
    authors: Option<&'a RawValue>,
    tag_ids: Vec<Uuid>,
    tags: Option<&'a RawValue>,
    dateline: Option<&'a str>,
    image: Option<&'a RawValue>,
    word_count: i32,
    reading_minutes: i32,
    canonical_url: Option<&'a str>,
    source: Option<&'a str>,
    translation_of: Option<Uuid>,
    translations: [(); 0],
    is_fallback: bool,
    #[serde(serialize_with = "time")]
    created_at: Option<DateTime<Utc>>,
    #[serde(serialize_with = "time")]
    updated_at: Option<DateTime<Utc>>,
    version: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_html: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_text: Option<&'a str>,
}

const ARTICLE: &str = "h.id, h.slug, h.kind, h.title, h.short_title, h.kicker, h.lede, h.body_format, h.language, h.dir, h.status, \
    h.published_at, h.first_published_at, h.category_id, CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'slug', c.slug, \
    'name', c.name, 'parent', CASE WHEN p.id IS NOT NULL THEN json_build_object('id', p.id, 'slug', p.slug, 'name', p.name) END)::text END, \
    ARRAY(SELECT author_id FROM article_authors WHERE id = h.id ORDER BY place), \
    (SELECT coalesce(json_agg(json_build_object('id', x.id, 'slug', x.slug, 'name', x.name, 'image_url', x.image_url) ORDER BY place), '[]')::text \
        FROM article_authors l JOIN authors x ON x.id = l.author_id WHERE l.id = h.id), \
    ARRAY(SELECT tag_id FROM article_tags WHERE id = h.id ORDER BY place), \
    (SELECT coalesce(json_agg(json_build_object('id', x.id, 'slug', x.slug, 'name', x.name, 'kind', x.kind) ORDER BY place), '[]')::text \
        FROM article_tags l JOIN tags x ON x.id = l.tag_id WHERE l.id = h.id), \
    h.dateline, h.image::text, h.word_count, h.reading_minutes, h.canonical_url, h.source, h.translation_of, h.created_at, h.updated_at, h.version";
const ARTICLE_JOINS: &str =
    "LEFT JOIN categories c ON c.id = h.category_id LEFT JOIN categories p ON p.id = c.parent_id";

fn article(row: &Row, has_body: bool) -> Result<Article<'_>, Error> {
    let body = |column| has_body.then(|| row.get(column));
    Ok(Article {
        id: row.get(0),
        slug: row.get(1),
        kind: row.get(2),
        title: row.get(3),
        short_title: row.get(4),
        kicker: row.get(5),
        lede: row.get(6),
        body_format: row.get(7),
        language: row.get(8),
        dir: row.get(9),
        status: row.get(10),
        published_at: row.get(11),
        first_published_at: row.get(12),
        category_id: row.get(13),
        category: raw(row.get(14))?,
        author_ids: row.get(15),
        authors: raw(row.get(16))?,
        tag_ids: row.get(17),
        tags: raw(row.get(18))?,
        dateline: row.get(19),
        image: raw(row.get(20))?,
        word_count: row.get(21),
        reading_minutes: row.get(22),
        canonical_url: row.get(23),
        source: row.get(24),
        translation_of: row.get(25),
        translations: [],
        is_fallback: false,
        created_at: row.get(26),
        updated_at: row.get(27),
        version: row.get(28),
        body: body(29),
        body_html: body(30),
        body_text: body(31),
    })
}

#[derive(Serialize)]
struct List<T> {
    items: Vec<T>,
    page: Page,
}

#[derive(Serialize)]
struct Page {
    limit: u8,
    next: Option<String>,
    prev: Option<String>,
}

fn list<T: Serialize>(items: Vec<T>) -> HttpResponse {
    let page = Page {
        limit: 20,
        next: Some("THZDFaENI3cBAZnwomwefW6fMB9qC3wtEwAGYTpy0lka".to_owned()),
        prev: None,
    };
    HttpResponse::Ok().json(List { items, page })
}

/// A connection and its statements.
struct Connection {
    client: Client,
    latest: Statement,
    one: Statement,
    of_category: Statement,
    create: Statement,
}

impl Connection {
    async fn open(settings: &tokio_postgres::Config) -> Result<Self, Error> {
        let (client, connection) = settings.connect(NoTls).await?;
        actix_web::rt::spawn(connection);
        let public = "h.deleted_at IS NULL AND h.status IN ('published', 'scheduled') AND h.listed_at <= now()";
        let latest = format!(
            "SELECT {HEADLINE} FROM headlines h {HEADLINE_JOINS} WHERE {public} AND (h.expires_at IS NULL OR h.expires_at > now()) \
             ORDER BY h.listed_at DESC, h.id DESC LIMIT 20"
        );
        let one = format!(
            "SELECT {ARTICLE}, h.body, h.body_html, h.body_text FROM articles h {ARTICLE_JOINS} WHERE h.slug = $1 AND {public}"
        );
        let of_category = format!(
            "SELECT {ARTICLE} FROM articles h {ARTICLE_JOINS} WHERE {public} \
             AND h.category_id = (SELECT id FROM categories WHERE slug = $1 AND deleted_at IS NULL) \
             ORDER BY h.listed_at DESC, h.id DESC LIMIT 20"
        );
        let create = format!(
            "WITH h AS (INSERT INTO headlines (id, title, language, dir, status, published_at, first_published_at) \
             VALUES ($1, $2, $3, 'ltr', 'published', now(), now()) RETURNING *) SELECT {HEADLINE} FROM h {HEADLINE_JOINS}"
        );
        Ok(Self {
            latest: client.prepare(&latest).await?,
            one: client.prepare(&one).await?,
            of_category: client.prepare(&of_category).await?,
            create: client.prepare(&create).await?,
            client,
        })
    }
}

/// The connections of a worker, used in turn.
struct Connections {
    all: Vec<Connection>,
    next: Cell<usize>,
}

impl Connections {
    fn next(&self) -> &Connection {
        self.next.set((self.next.get() + 1) % self.all.len());
        &self.all[self.next.get()]
    }
}

type Answer = Result<HttpResponse, Box<dyn std::error::Error>>;

async fn headlines(connections: Data<Connections>) -> Answer {
    let conn = connections.next();
    let rows = conn.client.query(&conn.latest, &[]).await?;
    let items: Result<Vec<_>, _> = rows.iter().map(headline).collect();
    Ok(list(items?))
}

#[derive(Deserialize)]
struct OfCategory {
    category: String,
}

async fn articles(connections: Data<Connections>, query: Query<OfCategory>) -> Answer {
    let conn = connections.next();
    let rows = conn
        .client
        .query(&conn.of_category, &[&query.category])
        .await?;
    let items: Result<Vec<_>, _> = rows.iter().map(|row| article(row, false)).collect();
    Ok(list(items?))
}

async fn one_article(connections: Data<Connections>, slug: Path<String>) -> Answer {
    let conn = connections.next();
    let row = conn.client.query_one(&conn.one, &[&*slug]).await?;
    Ok(HttpResponse::Ok().json(article(&row, true)?))
}

#[derive(Deserialize)]
struct New {
    title: String,
    language: String,
}

async fn create(connections: Data<Connections>, new: web::Json<New>) -> Answer {
    let conn = connections.next();
    let row = conn
        .client
        .query_one(&conn.create, &[&Uuid::now_v7(), &new.title, &new.language])
        .await?;
    Ok(HttpResponse::Created().json(headline(&row)?))
}

#[actix_web::main]
async fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("usage: hand PORT SOCKET-FOLDER DATABASE WORKERS")
    };
    let port: u16 = next()?.parse()?;
    let mut settings = tokio_postgres::Config::new();
    settings
        .host_path(next()?)
        .user("manchette")
        .dbname(next()?);
    settings.options("-c plan_cache_mode=force_generic_plan -c random_page_cost=1.1 -c jit=off");
    let workers = next()?.parse()?;
    HttpServer::new(move || {
        let settings = settings.clone();
        App::new()
            .data_factory(move || {
                let settings = settings.clone();
                async move {
                    let mut all = Vec::new();
                    for _ in 0..CONNECTIONS {
                        all.push(Connection::open(&settings).await?);
                    }
                    let next = Cell::new(0);
                    Ok::<_, Error>(Connections { all, next })
                }
            })
            .route("/v1/headlines", web::get().to(headlines))
            .route("/v1/headlines", web::post().to(create))
            .route("/v1/articles", web::get().to(articles))
            .route("/v1/articles/{slug}", web::get().to(one_article))
    })
    .workers(workers)
    .bind(("127.0.0.1", port))?
    .run()
    .await?;
    Ok(())
}
