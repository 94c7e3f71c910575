//! Lists: their parameters, and the page that answers them.

use std::future::{Ready, ready};

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::caching::Kind;
use crate::http::cursor::{Cursor, SortKey, fingerprint};
use crate::http::fields::Fields;
use crate::http::ids::{IdsPage, NamedRows};
use crate::http::locale::{self, LanguagePreference};
use crate::problem::{Fault, Problem};

/// Exact totals end here: beyond, counting would cost more than the page.
pub const MOST_COUNTED: usize = 10_000;

/// What every list takes.
#[derive(Clone, Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// How many items a page has at most.
    #[param(
        required = false,
        minimum = 1,
        maximum = 100,
        default = 20,
        example = 20
    )]
    pub limit: u8,
    /// Where to read on: `next` or `prev` of a page of this same list, under the same filters.
    #[param(max_length = 600)]
    pub cursor: Option<String>,
    /// Whether to count: `page.total`, exact up to 10,000.
    #[param(required = false, default = false)]
    pub count: bool,
    /// The fields wanted, by comma; without it, all but those that hold a whole body. A point leads one level down
    /// (`category.slug`). What is not asked for is not read either. A page that carries bodies ends after 4 MiB of them, at
    /// the earliest after one item, and `page.next` goes on.
    #[param(max_length = 1000, example = "id")]
    pub fields: Option<String>,
}

/// What one list takes beside that.
pub trait Filter: Default + 'static {
    /// The schema of what is listed.
    const ITEM: &'static str;

    /// Takes one parameter. `None` where there is none of this name.
    fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>>;

    /// What can only be said once all parameters are known; `given` tells which there are.
    fn faults(&self, _given: &dyn Fn(&str) -> bool) -> Vec<Fault> {
        Vec::new()
    }
}

/// What is to be read for a page.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// How many items the page may have.
    pub limit: usize,
    /// How many rows to read for it.
    pub rows: usize,
    /// Whether to count all.
    pub counts: bool,
}

/// The parameters of a list, all of them understood.
#[derive(Debug)]
pub struct List<F> {
    paging: Paging,
    fields: Fields,
    pub filter: F,
    /// What was asked for, but for the cursor: the way to the other pages.
    pairs: Vec<(String, String)>,
    path: String,
    fingerprint: [u8; 8],
    /// The languages that the request prefers.
    accepted: Vec<String>,
}

impl<F: Filter> FromRequest for List<F> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Self::read(
            request.path(),
            request.query_string(),
            locale::accepted(request),
        ))
    }
}

impl<F: Filter> List<F> {
    fn read(path: &str, query: &str, accepted: Vec<String>) -> Result<Self, Problem> {
        let mut list = Self {
            paging: Paging {
                limit: 20,
                cursor: None,
                count: false,
                fields: None,
            },
            fields: Fields::default(),
            filter: F::default(),
            pairs: Vec::new(),
            path: path.to_owned(),
            fingerprint: [0; 8],
            accepted,
        };
        let mut faults = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if list.pairs.iter().any(|(known, _)| *known == name) {
                faults.push(Fault::of(
                    name,
                    "duplicate_parameter",
                    "this parameter may be given once",
                ));
                continue;
            }
            match list.set(&name, &value) {
                None => faults.push(Fault::of(&name, "unknown", "there is no such parameter")),
                Some(Err(detail)) => faults.push(Fault::of(&name, "invalid", detail)),
                Some(Ok(())) => {}
            }
            list.pairs.push((name, value));
        }
        let given = |name: &str| list.pairs.iter().any(|(known, _)| known == name);
        faults.extend(list.filter.faults(&given));
        if !faults.is_empty() {
            return Err(Problem::InvalidParameters(faults));
        }
        list.pairs.retain(|(name, _)| name != "cursor");
        let mut filters: Vec<&(String, String)> = list
            .pairs
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "limit" | "count" | "fields"))
            .collect();
        filters.sort();
        let parts = filters
            .iter()
            .flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        list.fingerprint = fingerprint(std::iter::once(path).chain(parts));
        Ok(list)
    }

    fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>> {
        Some(match name {
            "limit" => number(value, 1, 100).map(|limit| self.paging.limit = limit),
            "cursor" => {
                self.paging.cursor = Some(value.to_owned());
                Ok(())
            }
            "count" => parse_bool(value).map(|count| self.paging.count = count),
            "fields" => Fields::read(F::ITEM, value).map(|fields| self.fields = fields),
            _ => return self.filter.set(name, value),
        })
    }

    /// How many items the page may have.
    fn limit(&self) -> usize {
        self.paging.limit.into()
    }

    /// How many rows to read for the page: one more than it may have, to see whether there is another page, rounded up to
    /// few different numbers, for each makes a statement of its own.
    pub fn rows(&self) -> usize {
        match self.limit() {
            0..=20 => 21,
            21..=50 => 51,
            _ => 101,
        }
    }

    /// Whether a total is asked for.
    pub fn counts(&self) -> bool {
        self.paging.count
    }

    /// Whether this field is wanted: asked for by name or, where nothing is, one that lists have by themselves.
    pub fn wants(&self, field: &str, by_itself: bool) -> bool {
        self.fields.wants(field, by_itself)
    }

    /// Whether this field of what stands in another is wanted.
    pub fn wants_within(&self, outer: &str, field: &str, by_itself: bool) -> bool {
        self.fields.wants_within(outer, field, by_itself)
    }

    /// The languages that names are wanted in: the one that a parameter asks for, or else what the request prefers.
    pub fn locale(&self, asked: Option<String>) -> LanguagePreference {
        LanguagePreference::new(asked, self.accepted.clone())
    }

    /// What is to be read for the page.
    pub fn wanted(&self) -> PageRequest {
        PageRequest {
            limit: self.limit(),
            rows: self.rows(),
            counts: self.counts(),
        }
    }

    /// The place to read on from.
    pub fn cursor<K: SortKey>(&self) -> Result<Option<Cursor<K>>, Problem> {
        self.paging
            .cursor
            .as_deref()
            .map(|text| Cursor::read(text, self.fingerprint))
            .transpose()
            .map_err(|fault| Problem::InvalidParameters(vec![fault]))
    }

    /// The page, from the rows that were read, in their order. `negotiated` where the request's `Accept-Language` decides
    /// about names in it.
    pub fn page<T: Serialize + CacheTagged, K: SortKey>(
        &self,
        kind: &'static str,
        mut rows: Vec<T>,
        cursor: Option<&Cursor<K>>,
        place: impl Fn(&T) -> (K, Uuid),
        total: Option<i64>,
        negotiated: bool,
    ) -> Result<HttpResponse, Problem> {
        let more = rows.len() > self.limit();
        rows.truncate(self.limit());
        self.page_of(kind, rows, more, cursor, place, total, negotiated)
    }

    /// The same from just the rows of the page, in the order in which they were read, and whether there are more behind them.
    #[expect(clippy::too_many_arguments, reason = "it is `page` with one more")]
    pub fn page_of<T: Serialize + CacheTagged, K: SortKey>(
        &self,
        kind: &'static str,
        mut rows: Vec<T>,
        more: bool,
        cursor: Option<&Cursor<K>>,
        place: impl Fn(&T) -> (K, Uuid),
        total: Option<i64>,
        negotiated: bool,
    ) -> Result<HttpResponse, Problem> {
        let forward = cursor.is_none_or(|cursor| cursor.forward);
        if !forward {
            rows.reverse();
        }
        let at = |row: Option<&T>, forward| {
            row.map(|row| {
                let (key, id) = place(row);
                Cursor {
                    key,
                    id,
                    forward,
                    inclusive: false,
                }
            })
        };
        // Where a cursor led to an empty end, the way back begins at the very item that it was made from.
        let back = |cursor: &Cursor<K>, forward| Cursor {
            forward,
            inclusive: true,
            ..cursor.clone()
        };
        let (next, prev) = match (cursor, forward) {
            (None, _) => (at(rows.last(), true).filter(|_| more), None),
            (Some(cursor), true) => (
                at(rows.last(), true).filter(|_| more),
                at(rows.first(), false).or_else(|| Some(back(cursor, false))),
            ),
            (Some(cursor), false) => (
                at(rows.last(), true).or_else(|| Some(back(cursor, true))),
                at(rows.first(), false).filter(|_| more),
            ),
        };
        let [next, prev] =
            [next, prev].map(|cursor| cursor.map(|cursor| cursor.write(self.fingerprint)));
        let page = PageInfo {
            limit: self.paging.limit,
            next,
            prev,
            total: total.map(|total| total.min(MOST_COUNTED as i64)),
            total_is_exact: total.map(|total| total <= MOST_COUNTED as i64),
            missing: None,
        };
        self.answer(kind, rows, page, negotiated)
    }

    /// A page of what was searched for, whose neighbours are known, and what it says beside.
    pub fn found<T: Serialize + CacheTagged, K: SortKey>(
        &self,
        kinds: &[&'static str],
        rows: Vec<T>,
        [next, prev]: [Option<Cursor<K>>; 2],
        total: Option<i64>,
        beside: impl Serialize,
    ) -> Result<HttpResponse, Problem> {
        let write = |cursor: Option<Cursor<K>>| cursor.map(|cursor| cursor.write(self.fingerprint));
        let page = PageInfo {
            limit: self.paging.limit,
            next: write(next),
            prev: write(prev),
            total: total.map(|total| total.min(MOST_COUNTED as i64)),
            total_is_exact: total.map(|total| total <= MOST_COUNTED as i64),
            missing: None,
        };
        let mut response = self.answer_beside(kinds, rows, page, beside, false)?;
        response.extensions_mut().insert(Kind::Search);
        Ok(response)
    }

    /// The one page of what is answered whole.
    pub fn whole<T: Serialize + CacheTagged>(
        &self,
        kind: &'static str,
        rows: Vec<T>,
        total: Option<i64>,
        negotiated: bool,
    ) -> Result<HttpResponse, Problem> {
        let page = PageInfo {
            total,
            total_is_exact: total.map(|_| true),
            ..self.only_page()
        };
        self.answer(kind, rows, page, negotiated)
    }

    /// Which of the ids that were asked for this page may have.
    pub fn ids_page(&self, ids: &[Uuid]) -> Result<IdsPage, Problem> {
        IdsPage::new(ids, self.cursor()?.as_ref())
    }

    /// Those that were asked for by id, and the ids of those that are not there.
    pub fn named<T: Serialize + CacheTagged>(
        &self,
        kind: &'static str,
        named: NamedRows<T>,
    ) -> Result<HttpResponse, Problem> {
        let write =
            |cursor: Option<Cursor<()>>| cursor.map(|cursor| cursor.write(self.fingerprint));
        let page = PageInfo {
            next: write(named.next),
            prev: write(named.prev),
            missing: Some(named.missing),
            ..self.only_page()
        };
        self.answer(kind, named.rows, page, false)
    }

    fn only_page(&self) -> PageInfo {
        PageInfo {
            limit: 100,
            next: None,
            prev: None,
            total: None,
            total_is_exact: None,
            missing: None,
        }
    }

    fn answer<T: Serialize + CacheTagged>(
        &self,
        kind: &'static str,
        rows: Vec<T>,
        page: PageInfo,
        negotiated: bool,
    ) -> Result<HttpResponse, Problem> {
        self.answer_beside(&[kind], rows, page, None::<()>, negotiated)
    }

    fn answer_beside<T: Serialize + CacheTagged>(
        &self,
        kinds: &[&'static str],
        rows: Vec<T>,
        page: PageInfo,
        beside: impl Serialize,
        negotiated: bool,
    ) -> Result<HttpResponse, Problem> {
        let mut response = HttpResponse::Ok();
        let links: Vec<String> = [("next", &page.next), ("prev", &page.prev)]
            .into_iter()
            .filter_map(|(rel, cursor)| {
                Some(format!("<{}>; rel=\"{rel}\"", self.link(cursor.as_ref()?)))
            })
            .collect();
        if !links.is_empty() {
            response.insert_header((header::LINK, links.join(", ")));
        }
        if negotiated {
            response.insert_header((header::VARY, "Accept-Language"));
        }
        let mut cache_tags = CacheTags::default();
        kinds.iter().for_each(|kind| cache_tags.all(kind));
        cache_tags.extend(&rows);
        let mut response = match self.fields.of_each(&rows)? {
            None => response.json(Page {
                items: rows,
                page,
                beside,
            }),
            Some(items) => response.json(Page {
                items,
                page,
                beside,
            }),
        };
        response.extensions_mut().insert(cache_tags);
        response.extensions_mut().insert(Kind::List);
        Ok(response)
    }

    fn link(&self, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .extend_pairs(&self.pairs)
            .append_pair("cursor", cursor);
        format!("{}?{}", self.path, query.finish())
    }
}

/// One page of a list.
#[derive(Debug, Serialize)]
struct Page<T, B> {
    items: Vec<T>,
    page: PageInfo,
    /// What only this list says.
    #[serde(flatten)]
    beside: B,
}

/// Where a page stands in its list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"limit": 20, "next": "AYx0…", "prev": null}))]
pub struct PageInfo {
    /// How many items a page has at most.
    #[schema(minimum = 1, maximum = 100)]
    pub limit: u8,
    /// The cursor of the following page; null on the last.
    pub next: Option<String>,
    /// The cursor of the page before; null on the first.
    pub prev: Option<String>,
    /// How many items the list has, where `count=true` asked for it; never more than 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 10_000)]
    pub total: Option<i64>,
    /// Whether `total` is the whole of it: false where there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_is_exact: Option<bool>,
    /// Of the `ids` that were asked for, as far as this page goes, those that are not there, or not for the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 100)]
    pub missing: Option<Vec<Uuid>>,
}

fn number(value: &str, least: u8, most: u8) -> Result<u8, String> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    value
        .parse()
        .ok()
        .filter(|number| digits && (least..=most).contains(number))
        .ok_or_else(|| format!("a whole number from {least} to {most}"))
}

/// Reads `true` or `false`.
pub fn parse_bool(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| "true or false".to_owned())
}

/// Reads a moment.
pub fn parse_timestamp(value: &str) -> Result<chrono::DateTime<chrono::Utc>, String> {
    super::values::parse_timestamp(value).map_err(|(_, detail)| match value.contains(' ') {
        true => format!("{detail}; in an address `+` must be written `%2B`"),
        false => detail,
    })
}
