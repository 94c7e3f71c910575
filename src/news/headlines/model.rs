//! Rows, JSON types and queries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Bool, Jsonb, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::column::{Column, column};
use crate::db::statement::RowType;
use crate::db::{Fragment, Json, Statement};
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::fields::Fields;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language::{self, Dir};
use crate::http::locale::LanguagePreference;
use crate::http::one::Single;
use crate::http::page::Page;
use crate::http::parameter_types::Word;
use crate::http::query::{Filter, List};
use crate::http::query_parameters::SentParameters;
use crate::http::schema::{HasFields, Patch, Patchable};
use crate::news::articles::ArticleRef;
use crate::news::categories::CategoryRef;
use crate::news::content::crud::{self, Resource};
use crate::news::content::publication::Publication;
use crate::news::content::visibility::{self, Status, Visibility};
use crate::news::listing::filter::TimelineFilter;
use crate::news::listing::page::{Source, TimeOrdered};
use crate::news::listing::scan_plan::{FilterPredicate, IndexAccess};
use crate::news::listing::timeline::Timeline;
use crate::problem::{ConstraintViolation, Fault, Problem};
use crate::query_parameters;
use crate::schema::headlines;

crate::text_enum! {
    /// How much a headline matters.
    Priority {
        Normal = "normal",
        /// It interrupts the day.
        Breaking = "breaking",
        /// It stops everything else.
        Flash = "flash",
    }
}

impl Word for Priority {}

query_parameters! {
    /// The filters of a list of headlines.
    pub struct HeadlineFilter {
        ..timeline: TimelineFilter without ["author", "fallback"],

        /// Those of this priority.
        pub priority: Option<Priority>,
        /// Those that are pinned, or those that are not. The order stays by time.
        #[example(true)]
        pub pinned: Option<bool>,
        /// Those that point at an article that the caller may see, or those that don't.
        #[example(true)]
        pub has_article: Option<bool>,
    }
}

impl Filter for HeadlineFilter {
    type Item = Headline;

    fn check(&self, sent: &SentParameters) -> Vec<Fault> {
        self.timeline.check(sent)
    }
}

impl HeadlineFilter {
    /// The filters that only headlines have, for one who sees so much.
    pub fn predicates(&self, visibility: Visibility) -> Vec<FilterPredicate> {
        let walk = |column: Option<&'static str>, only, exact| IndexAccess {
            table: "headlines",
            column: column.map(|word| ("priority", Fragment::new(word))),
            only,
            by_change: false,
            exact,
        };
        let priority = self.priority.map(|priority| match priority {
            Priority::Normal => FilterPredicate {
                condition: Fragment::new("line.priority = 'normal'"),
                probe: None,
                walk: None,
            },
            Priority::Breaking => FilterPredicate {
                condition: Fragment::new("line.priority = 'breaking'"),
                probe: None,
                walk: Some(walk(Some("'breaking'"), " AND priority <> 'normal'", true)),
            },
            Priority::Flash => FilterPredicate {
                condition: Fragment::new("line.priority = 'flash'"),
                probe: None,
                walk: Some(walk(Some("'flash'"), " AND priority <> 'normal'", true)),
            },
        });
        let pinned = self.pinned.map(|pinned| match pinned {
            true => FilterPredicate {
                condition: Fragment::new("line.pinned"),
                probe: None,
                walk: Some(walk(None, " AND pinned", true)),
            },
            false => FilterPredicate {
                condition: Fragment::new("NOT line.pinned"),
                probe: None,
                walk: None,
            },
        });
        // An article that somebody may not see, or that is in the trash, is as good as none. Line by line, so that
        // nobody reads all articles to know which there are.
        let told = "EXISTS (SELECT FROM articles AS told WHERE told.id = line.article_id AND ";
        let told = Fragment::new(told).append(&visibility.of_articles("told"));
        let (seen, probe) = (told.clone().sql(")"), told.sql(" OFFSET 0)"));
        let tagged = self.timeline.tag.is_some();
        let article = self.has_article.map(|has| match has {
            // What has a tag has it from its article.
            _ if tagged => FilterPredicate {
                condition: Fragment::new(if has { "true" } else { "false" }),
                probe: None,
                walk: None,
            },
            true => FilterPredicate {
                condition: Fragment::new("line.article_id IS NOT NULL AND ").append(&seen),
                probe: Some(probe.clone()),
                walk: Some(walk(None, " AND article_id IS NOT NULL", false)),
            },
            false => FilterPredicate {
                condition: Fragment::new("NOT ").append(&seen),
                probe: Some(Fragment::new("NOT ").append(&probe)),
                walk: None,
            },
        });
        // The walk finds the lines whose articles have the tag. Whether the caller may see the article, and whether the
        // line is still on the ticker, is looked up line by line.
        let tag = self.timeline.tag_id().map(|tag| FilterPredicate {
            condition: seen,
            probe: Some(match visibility {
                Visibility::Everything => probe,
                _ => probe.sql(" AND (line.expires_at IS NULL OR line.expires_at > now())"),
            }),
            walk: Some(IndexAccess {
                table: "headline_tags",
                column: Some(("tag_id", tag)),
                only: "",
                by_change: true,
                exact: false,
            }),
        });
        let source = self.timeline.source_predicate(Headline::TABLE);
        [tag, priority, pinned, source, article]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// A line of the ticker: a title and the moment that it went out.
#[derive(Debug, Serialize, ToSchema, Queryable, Selectable)]
#[diesel(table_name = headlines)]
#[schema(example = json!({
    "id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13",
    "title": "Les premières pluies relancent les semailles", "language": "fr", "dir": "ltr",
    "status": "published", "published_at": "2026-11-23T14:00:00Z", "priority": "normal", "pinned": false, "expires_at": null,
    "category_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12",
    "category": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d12", "slug": "agriculture", "name": "Agriculture",
        "parent": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11", "slug": "economie", "name": "Économie"}},
    "article_id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14",
    "article": {"id": "0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14", "slug": "les-premieres-pluies-relancent-les-semailles",
        "title": "Les premières pluies relancent les semailles",
        "image": {"url": "https://images.rivage.example/semis.jpg", "alt": "Un tracteur dans un champ", "caption": null,
            "credit": "Le Rivage", "width": 1600, "height": 1067}},
    "url": null, "source": null,
    "created_at": "2026-11-23T13:58:12.345678Z", "updated_at": "2026-11-23T13:58:12.345678Z", "version": 1,
}))]
pub struct Headline {
    /// Given once, never changed.
    pub id: Uuid,
    /// One line of plain text.
    #[schema(format = "line", max_length = 300)]
    pub title: String,
    /// The language that it is written in (BCP 47).
    #[schema(format = "bcp47", max_length = 35)]
    pub language: String,
    /// The direction of that language.
    #[schema(inline)]
    pub dir: Dir,
    #[schema(inline)]
    #[diesel(select_expression = column::<Text>(visibility::SHOWN_OF_HEADLINES), select_expression_type = Column<Text>)]
    pub status: Status,
    /// When it went out or, before that, when it will.
    pub published_at: Option<DateTime<Utc>>,
    #[schema(inline)]
    pub priority: Priority,
    /// Whether a front end keeps it in view.
    pub pinned: bool,
    /// When it leaves the ticker.
    pub expires_at: Option<DateTime<Utc>>,
    pub category_id: Option<Uuid>,
    /// That category in short.
    #[schema(value_type = Option<CategoryRef>)]
    #[diesel(select_expression = column::<Nullable<Jsonb>>("of_category.category"), select_expression_type = Column<Nullable<Jsonb>>)]
    pub category: Option<Json<CategoryRef>>,
    /// The article that it points at; null where there is none, or none that the caller may see.
    pub article_id: Option<Uuid>,
    /// That article in short, with its picture; null too while it is in the trash.
    #[schema(value_type = Option<ArticleRef>)]
    #[diesel(select_expression = column::<Nullable<Jsonb>>("of_article.article"), select_expression_type = Column<Nullable<Jsonb>>)]
    pub article: Option<Json<ArticleRef>>,
    /// Where else it points.
    #[schema(format = "uri", max_length = 2048)]
    pub url: Option<String>,
    /// Who brought it: an agency, say.
    #[schema(format = "line", max_length = 200)]
    pub source: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// 1 at first, one more with every change.
    #[schema(minimum = 1)]
    pub version: i32,
}

/// What makes a headline. What only the server writes (`id`, `dir`, `category`, `article`, `created_at`, `updated_at`,
/// `version`) may stand beside it and is ignored, so that what was read can be sent back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Les premières pluies relancent les semailles", "language": "fr", "status": "published"}))]
pub struct NewHeadline {
    /// One line of plain text.
    #[schema(format = "line", max_length = 300)]
    pub title: String,
    /// The language that it is written in (BCP 47).
    #[schema(format = "bcp47", max_length = 35, example = "fr")]
    pub language: String,
    #[serde(default = "draft")]
    #[schema(inline, default = "draft")]
    pub status: Status,
    /// When it goes out. Published without it means now; `scheduled` needs it. From the year 1600 to 9999.
    #[serde(default)]
    pub published_at: Option<DateTime<Utc>>,
    #[serde(default = "normal")]
    #[schema(inline, default = "normal")]
    pub priority: Priority,
    #[serde(default)]
    #[schema(default = false)]
    pub pinned: bool,
    /// When it leaves the ticker: after `published_at`.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub category_id: Option<Uuid>,
    /// The article that it points at.
    #[serde(default)]
    pub article_id: Option<Uuid>,
    /// Where else it points: an `http` or `https` address.
    #[serde(default)]
    #[schema(format = "uri", max_length = 2048)]
    pub url: Option<String>,
    #[serde(default)]
    #[schema(format = "line", max_length = 200)]
    pub source: Option<String>,
}

fn draft() -> Status {
    Status::Draft
}

fn normal() -> Priority {
    Priority::Normal
}

/// What a headline refers to, as far as it is wanted.
fn relations(visibility: Visibility, wants: impl Fn(&str) -> bool) -> Fragment {
    let category = if wants("category") {
        CategoryRef::of("headlines.category_id")
    } else {
        CategoryRef::unwanted()
    };
    // Who may not see the article doesn't see the pointer either, so both are looked up.
    let article = if wants("article") || wants("article_id") {
        ArticleRef::of("headlines.article_id", visibility)
    } else {
        Fragment::new(" CROSS JOIN (SELECT NULL::jsonb AS article) AS of_article")
    };
    category.append(&article)
}

impl Headline {
    pub(super) async fn list(
        conn: &mut AsyncPgConnection,
        visibility: Visibility,
        list: &List<HeadlineFilter>,
    ) -> Result<Page<Self>, Problem> {
        let filter = &list.filter;
        let locale = LanguagePreference::asked_for(filter.timeline.language.clone());
        let related = relations(visibility, |field| list.wants(field, true));
        let timeline = Timeline::new(
            Self::TABLE,
            visibility,
            &filter.timeline,
            filter.predicates(visibility),
        );
        if let Some(ids) = &filter.timeline.ids {
            let page = list.ids_page(ids)?;
            let rows = Self::read(conn, timeline.with_ids(&page.ids()), &related).await?;
            let named = page.end(Self::seen(rows, visibility, &locale), |row| row.id, None);
            return Ok(list.named(Self::NAME, named));
        }
        let cursor = list.cursor()?;
        let (rows, total) = timeline
            .page::<Self>(conn, cursor.as_ref(), list.wanted(), &related)
            .await?;
        let place = |row: &Self| timeline.place(row.published_at, row.updated_at, row.id);
        let rows = Self::seen(rows, visibility, &locale);
        let page = list.page(Self::NAME, rows, cursor.as_ref(), place);
        Ok(page.with_total(total))
    }

    /// Those with these ids that somebody may see, in any order.
    pub async fn with_ids(
        conn: &mut AsyncPgConnection,
        ids: &[Uuid],
        visibility: Visibility,
        locale: &LanguagePreference,
        wants: impl Fn(&str) -> bool,
    ) -> QueryResult<Vec<Self>> {
        let filter = TimelineFilter::default();
        let source = Timeline::new(Self::TABLE, visibility, &filter, Vec::new()).with_ids(ids);
        let rows = Self::read(conn, source, &relations(visibility, wants)).await?;
        Ok(Self::seen(rows, visibility, locale))
    }

    /// What was read, for one who sees so much and reads so.
    fn seen(rows: Vec<Self>, visibility: Visibility, locale: &LanguagePreference) -> Vec<Self> {
        let seen = |row: Self| {
            let mut row = row.redact_for(visibility);
            row.localize(locale);
            row
        };
        rows.into_iter().map(seen).collect()
    }

    /// Leaves out the pointer to an article that somebody may not see.
    fn redact_for(mut self, visibility: Visibility) -> Self {
        if visibility != Visibility::Everything && self.article.is_none() {
            self.article_id = None;
        }
        self
    }
}

impl HasFields for Headline {}

pub type HeadlinePatch = Patch<NewHeadline>;

impl Patchable for NewHeadline {
    fn patch_example() -> Value {
        json!({"title": "Les premières pluies relancent enfin les semailles"})
    }
}

impl Single for Headline {
    const IS_CONTENT: bool = true;
}

impl Resource for Headline {
    type New = NewHeadline;
    type Prepared = NewHeadline;
    type Preparer = ();

    const NAME: &'static str = "headline";
    const TABLE: &'static str = "headlines";
    const PATH: &'static str = "/v1/headlines";

    fn constraint_problem(violation: &ConstraintViolation) -> Option<Problem> {
        Some(match violation.name.as_str() {
            "headlines_category_id_live" => crud::missing_reference("/category_id"),
            "headlines_article_id_live" => crud::missing_reference("/article_id"),
            _ => return None,
        })
    }

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i32 {
        self.version
    }

    async fn find(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
    ) -> QueryResult<Option<Self>> {
        Self::find_part(conn, name, visibility, &Fields::default()).await
    }

    async fn find_part(
        conn: &mut AsyncPgConnection,
        name: &IdOrSlug,
        visibility: Visibility,
        fields: &Fields,
    ) -> QueryResult<Option<Self>> {
        let IdOrSlug::Id(id) = name else {
            return Ok(None);
        };
        let sql = Fragment::new("FROM headlines")
            .append(&relations(visibility, |field| fields.wants(field, true)))
            .sql(" WHERE headlines.id = ")
            .id(*id)
            .sql(" AND ")
            .append(&visibility.of_headlines("headlines"));
        let found: Option<Self> = Statement::<RowType<Self>>::select::<Self>(&sql)
            .get_result(conn)
            .await
            .optional()?;
        Ok(found.map(|found| found.redact_for(visibility)))
    }

    async fn is_gone(conn: &mut AsyncPgConnection, name: &IdOrSlug) -> QueryResult<bool> {
        let IdOrSlug::Id(id) = name else {
            return Ok(false);
        };
        let sql = Fragment::new("SELECT EXISTS (SELECT FROM headlines WHERE id = ")
            .id(*id)
            .sql(
                " AND deleted_at IS NULL AND status = 'withdrawn' AND first_published_at <= now())",
            );
        Statement::<Bool>::new(sql).get_result(conn).await
    }

    fn language(&self) -> Option<&str> {
        Some(&self.language)
    }

    fn localize(&mut self, locale: &LanguagePreference) {
        let locale = locale.or_in(&self.language);
        if let Some(category) = &mut self.category {
            category.0.localize(&locale);
        }
    }

    fn validate(new: &mut NewHeadline) -> Result<(), Vec<Fault>> {
        let mut faults = Vec::new();
        match language::canonical(&new.language) {
            Ok(tag) => new.language = tag,
            Err(detail) => faults.push(Fault::at("/language", "invalid_language", detail)),
        }
        if new.status == Status::Scheduled && new.published_at.is_none() {
            faults.push(Fault::at(
                "/published_at",
                "required",
                "what is scheduled needs its time",
            ));
        }
        if let (Some(out), Some(end)) = (new.published_at, new.expires_at)
            && end <= out
        {
            faults.push(Fault::at(
                "/expires_at",
                "too_early",
                "must come after `published_at`",
            ));
        }
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults)
        }
    }

    fn requires_publish_scope(old: Option<&Self>, new: Option<&NewHeadline>) -> bool {
        old.is_some_and(|old| old.status.requires_publish_scope())
            || new.is_some_and(|new| new.status.requires_publish_scope())
    }

    async fn insert(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewHeadline,
    ) -> Result<(), Problem> {
        let row = Row::from(conn, &new, None).await?;
        diesel::insert_into(headlines::table)
            .values((row, headlines::id.eq(id)))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn update(
        conn: &mut AsyncPgConnection,
        id: Uuid,
        new: NewHeadline,
    ) -> Result<(), Problem> {
        let first: Option<DateTime<Utc>> = headlines::table
            .find(id)
            .select(headlines::first_published_at)
            .get_result(conn)
            .await?;
        let row = Row::from(conn, &new, first).await?;
        diesel::update(headlines::table.find(id))
            .set((
                row,
                headlines::version.eq(headlines::version + 1),
                headlines::deleted_at.eq(None::<DateTime<Utc>>),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}

impl TimeOrdered for Headline {
    async fn read(
        conn: &mut AsyncPgConnection,
        source: Source,
        related: &Fragment,
    ) -> QueryResult<Vec<Self>> {
        let sql = Fragment::new("FROM ")
            .append(&source.rows)
            .append(related)
            .append(&source.order);
        Statement::<RowType<Self>>::select::<Self>(&sql)
            .load(conn)
            .await
    }
}

impl CacheTagged for Headline {
    fn add_cache_tags(&self, cache_tags: &mut CacheTags) {
        cache_tags.one(Self::NAME, self.id);
        cache_tags.extend(self.category.iter().map(|category| &category.0));
        cache_tags.extend(self.article.iter().map(|article| &article.0));
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = headlines, treat_none_as_null = true)]
struct Row<'a> {
    title: &'a str,
    language: &'a str,
    dir: Dir,
    status: Status,
    published_at: Option<DateTime<Utc>>,
    first_published_at: Option<DateTime<Utc>>,
    priority: Priority,
    pinned: bool,
    expires_at: Option<DateTime<Utc>>,
    category_id: Option<Uuid>,
    article_id: Option<Uuid>,
    url: Option<&'a str>,
    source: Option<&'a str>,
}

impl<'a> Row<'a> {
    async fn from(
        conn: &mut AsyncPgConnection,
        new: &'a NewHeadline,
        first: Option<DateTime<Utc>>,
    ) -> Result<Self, Problem> {
        let time = Publication::plan(conn, new.status, new.published_at, first).await?;
        if let (Some(out), Some(end)) = (time.published_at, new.expires_at)
            && end <= out
        {
            let fault = Fault::at(
                "/expires_at",
                "too_early",
                "must come after `published_at`, which is now",
            );
            return Err(Problem::Invalid(vec![fault]));
        }
        Ok(Self {
            title: &new.title,
            language: &new.language,
            dir: language::dir(&new.language),
            status: new.status,
            published_at: time.published_at,
            first_published_at: time.first_published_at,
            priority: new.priority,
            pinned: new.pinned,
            expires_at: new.expires_at,
            category_id: new.category_id,
            article_id: new.article_id,
            url: new.url.as_deref(),
            source: new.source.as_deref(),
        })
    }
}
