//! `manchette demo`: loads the sample content, two days of a news site in French, Arabic and English, and an hour of headlines
//! that are still to come.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde::Deserialize;
use uuid::Uuid;

use super::database::open_database;
use super::{Error, print};
use crate::access::api_keys::{ApiKey, NewKey, Scope};
use crate::config::Config;
use crate::news::articles::{Article, BodyFormat, NewArticle, PreparedArticle, Rendering};
use crate::news::authors::{Author, NewAuthor};
use crate::news::categories::{Category, NewCategory};
use crate::news::content::crud::{self, Resource};
use crate::news::content::image::Image;
use crate::news::content::visibility::Status;
use crate::news::headlines::{Headline, NewHeadline, Priority};
use crate::news::site::{NewSite, SITE, Site};
use crate::news::tags::{NewTag, Tag};
use crate::problem::Problem;
use crate::progress::Progress;
use crate::schema::{categories, events};

pub async fn run(config: &Config) -> Result<(), Error> {
    let database = open_database(config, "demo").await?;
    let mut conn = database.options.connect_unbounded().await?;
    let loaded = load(&mut conn).await;
    drop(conn);
    database.close();
    if loaded? {
        print("The sample content is loaded.\n")
    } else {
        Err(
            "this database has, or had, content: the sample content can only be loaded into an empty one"
                .into(),
        )
    }
}

#[derive(Deserialize)]
struct SampleCategory {
    slug: String,
    name: String,
    names: std::collections::BTreeMap<String, String>,
    description: Option<String>,
    parent: Option<String>,
    position: i32,
    media_topic: Option<String>,
}

#[derive(Deserialize)]
struct SampleArticle {
    slug: String,
    title: String,
    short_title: Option<String>,
    kicker: Option<String>,
    lede: Option<String>,
    body: String,
    body_format: BodyFormat,
    language: String,
    minutes_ago: i64,
    category: Option<String>,
    dateline: Option<String>,
    image: Option<Image>,
    canonical_url: Option<String>,
    source: Option<String>,
    authors: Vec<String>,
    tags: Vec<String>,
    translation_of: Option<String>,
}

const SAMPLE_KEY: Uuid = uuid::uuid!("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d41");

#[derive(Deserialize)]
struct SampleHeadline {
    /// The id that examples in the contract refer to.
    id: Option<Uuid>,
    title: String,
    language: String,
    /// Negative if it is scheduled.
    minutes_ago: i64,
    priority: Priority,
    pinned: bool,
    category: Option<String>,
    article: Option<String>,
    url: Option<String>,
    source: Option<String>,
    expires_in_minutes: Option<i64>,
}

/// Loads the sample content in one transaction. Returns false, and does nothing, if anything was ever written.
pub async fn load(conn: &mut AsyncPgConnection) -> Result<bool, Error> {
    let categories: Vec<SampleCategory> = serde_json::from_str(include_str!("categories.json"))?;
    let articles: Vec<SampleArticle> = serde_json::from_str(include_str!("articles.json"))?;
    let authors: Vec<NewAuthor> = serde_json::from_str(include_str!("authors.json"))?;
    let tags: Vec<NewTag> = serde_json::from_str(include_str!("tags.json"))?;
    let site: NewSite = serde_json::from_str(include_str!("site.json"))?;
    let headlines: Vec<SampleHeadline> = serde_json::from_str(include_str!("headlines.json"))?;
    let now = Utc::now();
    Ok(conn
        .transaction(async |conn| {
            if !is_empty(conn).await? {
                return Ok(false);
            }
            crud::rewrite::<Site>(conn, SITE, site).await?;
            let categories = insert_categories(conn, categories).await?;
            let ids = ReferencedIds {
                categories: &categories,
                authors: insert_all::<Author>(conn, authors, |author| author.slug.clone()).await?,
                tags: insert_all::<Tag>(conn, tags, |tag| tag.slug.clone()).await?,
            };
            let steps = articles.len() + headlines.len();
            let progress = Progress::steps("loading the sample content", steps);
            let articles = insert_articles(conn, articles, &ids, now, &progress).await?;
            insert_headlines(conn, headlines, &categories, &articles, now, &progress).await?;
            insert_key(conn).await?;
            Ok::<_, Problem>(true)
        })
        .await?)
}

/// Whether nothing was ever written. The lock makes a second process wait for the first.
async fn is_empty(conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    diesel::sql_query("LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE")
        .execute(conn)
        .await?;
    let has_content = exists(events::table.select(events::id))
        .or(exists(categories::table.select(categories::id)));
    let has_content: bool = diesel::select(has_content).get_result(conn).await?;
    Ok(!has_content)
}

type Ids = HashMap<String, Uuid>;

async fn insert_categories(
    conn: &mut AsyncPgConnection,
    samples: Vec<SampleCategory>,
) -> Result<Ids, Problem> {
    let mut ids = Ids::new();
    for sample in samples {
        let new = NewCategory {
            slug: Some(sample.slug.clone()),
            name: sample.name,
            names: sample.names,
            description: sample.description,
            parent_id: sample.parent.map(|parent| ids[&parent]),
            position: sample.position,
            media_topic: sample.media_topic,
        };
        let category = crud::insert::<Category>(conn, Uuid::now_v7(), new, Ok).await?;
        ids.insert(sample.slug, category.id);
    }
    Ok(ids)
}

/// The ids of the resources that articles refer to, by slug.
struct ReferencedIds<'a> {
    categories: &'a Ids,
    authors: Ids,
    tags: Ids,
}

async fn insert_all<R: Resource>(
    conn: &mut AsyncPgConnection,
    samples: Vec<R::New>,
    slug: impl Fn(&R) -> String,
) -> Result<Ids, Problem> {
    let mut ids = Ids::new();
    for sample in samples {
        let inserted =
            crud::insert::<R>(conn, Uuid::now_v7(), sample, |new| Ok(new.into())).await?;
        ids.insert(slug(&inserted), inserted.id());
    }
    Ok(ids)
}

async fn insert_articles(
    conn: &mut AsyncPgConnection,
    samples: Vec<SampleArticle>,
    referenced: &ReferencedIds<'_>,
    now: DateTime<Utc>,
    progress: &Progress,
) -> Result<Ids, Problem> {
    let rendering = Rendering {
        base: Site::base(conn).await?,
        ..Rendering::default()
    };
    let mut ids = Ids::new();
    for sample in samples {
        let new = NewArticle {
            slug: Some(sample.slug.clone()),
            short_title: sample.short_title,
            kicker: sample.kicker,
            lede: sample.lede,
            body: sample.body,
            body_format: sample.body_format,
            status: Status::Published,
            published_at: Some(now - Duration::minutes(sample.minutes_ago)),
            category_id: sample
                .category
                .map(|category| referenced.categories[&category]),
            author_ids: sample
                .authors
                .iter()
                .map(|slug| referenced.authors[slug])
                .collect(),
            tag_ids: sample
                .tags
                .iter()
                .map(|slug| referenced.tags[slug])
                .collect(),
            dateline: sample.dateline,
            image: sample.image,
            canonical_url: sample.canonical_url,
            source: sample.source,
            translation_of: sample.translation_of.map(|original| ids[&original]),
            ..NewArticle::draft(sample.title, sample.language)
        };
        let render = |new| PreparedArticle::render(new, &rendering);
        let article = crud::insert::<Article>(conn, Uuid::now_v7(), new, render).await?;
        ids.insert(sample.slug, article.id);
        progress.step();
    }
    Ok(ids)
}

async fn insert_headlines(
    conn: &mut AsyncPgConnection,
    samples: Vec<SampleHeadline>,
    categories: &Ids,
    articles: &Ids,
    now: DateTime<Utc>,
    progress: &Progress,
) -> Result<(), Problem> {
    for sample in samples {
        let new = NewHeadline {
            title: sample.title,
            language: sample.language,
            status: if sample.minutes_ago < 0 {
                Status::Scheduled
            } else {
                Status::Published
            },
            published_at: Some(now - Duration::minutes(sample.minutes_ago)),
            priority: sample.priority,
            pinned: sample.pinned,
            expires_at: sample
                .expires_in_minutes
                .map(|minutes| now + Duration::minutes(minutes)),
            category_id: sample.category.map(|category| categories[&category]),
            article_id: sample.article.map(|article| articles[&article]),
            url: sample.url,
            source: sample.source,
        };
        crud::insert::<Headline>(conn, sample.id.unwrap_or_else(Uuid::now_v7), new, Ok).await?;
        progress.step();
    }
    Ok(())
}

/// The key that examples in the contract refer to. Nobody knows its token.
async fn insert_key(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    let new = NewKey {
        name: "sample".to_owned(),
        scopes: vec![Scope::Read],
        expires_at: None,
    };
    ApiKey::insert(conn, SAMPLE_KEY, &new, None, None).await?;
    Ok(())
}
