//! A page of a list, as the typed response of a handler.

use actix_web::body::BoxBody;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;
use url::form_urlencoded;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::cache_control::CacheKind;
use crate::http::cache_tags::{CacheTagged, CacheTags};
use crate::http::cursor::{Cursor, SortKey};
use crate::http::fields::Fields;
use crate::http::ids::IdsRows;
use crate::http::query::{Filter, List, MOST_COUNTED};

/// The items of a page and its place in the list; `E` holds fields that only one kind of list has beside them.
#[derive(Debug)]
pub struct Page<T, E = NoExtra> {
    pub items: Vec<T>,
    pub info: PageInfo,
    /// The cache tags of the page beside those of its items.
    pub cache_tags: CacheTags,
    extra: E,
    caching: CacheKind,
    fields: Fields,
    varies_by_language: bool,
}

/// No fields beside `items` and `page`.
#[derive(Debug, Default, Serialize)]
pub struct NoExtra {}

/// The position of a page in its list.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(example = json!({"limit": 20, "next": "AYx0…", "prev": null}))]
pub struct PageInfo {
    /// The maximum number of items on a page.
    #[schema(minimum = 1, maximum = 100)]
    pub limit: u8,
    /// The cursor of the next page; null on the last.
    pub next: Option<String>,
    /// The cursor of what comes before: on the first page, of what will be there. Null if the list is empty, and at the first
    /// page of a search and of `ids`.
    pub prev: Option<String>,
    /// The number of items in the list, with `count=true`; at most 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 10_000)]
    pub total: Option<i64>,
    /// Whether `total` is exact: false if there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total_is_exact: Option<bool>,
    /// The requested `ids`, as far as this page goes, that don't exist or are not visible to the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_items = 100)]
    pub missing: Option<Vec<Uuid>>,
}

/// The limit that a page names which is not cut by `limit`: of a tree, or of `ids`.
const UNCUT: u8 = 100;

impl<F: Filter> List<F> {
    /// A page from the rows that were read, in their order, with one more where another page follows. `kind` is the cache
    /// tag of the list, `place` the position of a row.
    pub fn page<T, K: SortKey>(
        &self,
        kind: &'static str,
        mut rows: Vec<T>,
        cursor: Option<&Cursor<K>>,
        place: impl Fn(&T) -> (K, Uuid),
    ) -> Page<T> {
        let more = rows.len() > self.limit();
        rows.truncate(self.limit());
        self.page_of(kind, rows, more, cursor, place)
    }

    /// A page from exactly its rows, in the order in which they were read, and whether more follow.
    pub fn page_of<T, K: SortKey>(
        &self,
        kind: &'static str,
        mut rows: Vec<T>,
        more: bool,
        cursor: Option<&Cursor<K>>,
        place: impl Fn(&T) -> (K, Uuid),
    ) -> Page<T> {
        if cursor.is_some_and(|cursor| !cursor.forward) {
            rows.reverse();
        }
        let ends = [rows.first(), rows.last()].map(|row| row.map(&place));
        self.page_between(kind, rows, neighbours(ends, more, cursor))
    }

    /// A page whose neighbours are known: the cursors of the next and of the previous one.
    pub fn page_between<T, K: SortKey>(
        &self,
        kind: &'static str,
        rows: Vec<T>,
        neighbours: [Option<Cursor<K>>; 2],
    ) -> Page<T> {
        let [next, prev] =
            neighbours.map(|cursor| cursor.map(|cursor| cursor.write(self.fingerprint)));
        let info = PageInfo {
            limit: self.paging.limit.0,
            next,
            prev,
            ..PageInfo::default()
        };
        Page::new(kind, rows, info, self.fields.clone())
    }

    /// A list that is answered whole.
    pub fn whole<T>(&self, kind: &'static str, rows: Vec<T>) -> Page<T> {
        let info = PageInfo {
            limit: UNCUT,
            ..PageInfo::default()
        };
        Page::new(kind, rows, info, self.fields.clone())
    }

    /// The rows of a list by id, and the ids that were not found.
    pub fn page_of_ids<T>(&self, kind: &'static str, found: IdsRows<T>) -> Page<T> {
        let mut page = self.page_between(kind, found.rows, [found.next, found.prev]);
        page.info.limit = UNCUT;
        page.info.missing = Some(found.missing);
        page
    }
}

/// The cursors of the next and of the previous page, from the places of a page's first and last item.
fn neighbours<K: SortKey>(
    [first, last]: [Option<(K, Uuid)>; 2],
    more: bool,
    cursor: Option<&Cursor<K>>,
) -> [Option<Cursor<K>>; 2] {
    let beyond = |place: Option<(K, Uuid)>, forward| {
        place.map(|(key, id)| Cursor {
            key,
            id,
            forward,
            inclusive: false,
        })
    };
    // If a cursor led to an empty page, the way back begins at the item of the cursor.
    let back = |cursor: &Cursor<K>, forward| Cursor {
        forward,
        inclusive: true,
        ..cursor.clone()
    };
    let (next, prev) = (beyond(last, true), beyond(first, false));
    // There is always a way to what is new before the first item, also if nothing is yet.
    match cursor {
        None => [next.filter(|_| more), prev],
        Some(cursor) if cursor.forward => [
            next.filter(|_| more),
            prev.or_else(|| Some(back(cursor, false))),
        ],
        Some(cursor) => [
            next.or_else(|| Some(back(cursor, true))),
            prev.or_else(|| Some(cursor.clone())),
        ],
    }
}

impl<T> Page<T> {
    fn new(kind: &'static str, items: Vec<T>, info: PageInfo, fields: Fields) -> Self {
        let mut cache_tags = CacheTags::default();
        cache_tags.all(kind);
        Self {
            items,
            info,
            cache_tags,
            extra: NoExtra {},
            caching: CacheKind::List,
            fields,
            varies_by_language: false,
        }
    }

    /// The same page with fields of its own beside `items` and `page`.
    pub fn with_extra<E>(self, extra: E) -> Page<T, E> {
        Page {
            items: self.items,
            info: self.info,
            cache_tags: self.cache_tags,
            extra,
            caching: self.caching,
            fields: self.fields,
            varies_by_language: self.varies_by_language,
        }
    }
}

impl<T, E> Page<T, E> {
    /// The same page with the number of items in the list, where they were counted: to [`MOST_COUNTED`] and one more.
    pub fn with_total(mut self, total: Option<i64>) -> Self {
        let most = MOST_COUNTED as i64;
        self.info.total = total.map(|total| total.min(most));
        self.info.total_is_exact = total.map(|total| total <= most);
        self
    }

    /// The same page with a `Vary` for `Accept-Language`, where that decided the language of names in it.
    pub fn varying_by_language(mut self, varies: bool) -> Self {
        self.varies_by_language = varies;
        self
    }

    /// The same page with each item turned into another type.
    pub fn map<U>(self, item: impl FnMut(T) -> U) -> Page<U, E> {
        Page {
            items: self.items.into_iter().map(item).collect(),
            info: self.info,
            cache_tags: self.cache_tags,
            extra: self.extra,
            caching: self.caching,
            fields: self.fields,
            varies_by_language: self.varies_by_language,
        }
    }

    /// The same page, cached as `kind` says.
    pub fn cached_as(mut self, kind: CacheKind) -> Self {
        self.caching = kind;
        self
    }

    /// The pages around this one (RFC 8288): the same request with another cursor.
    fn links(&self, request: &HttpRequest) -> String {
        let link = |(rel, cursor): (&str, &Option<String>)| {
            let pairs = form_urlencoded::parse(request.query_string().as_bytes());
            let mut query = form_urlencoded::Serializer::new(String::new());
            query
                .extend_pairs(pairs.filter(|(name, _)| name != "cursor"))
                .append_pair("cursor", cursor.as_ref()?);
            let (path, query) = (request.path(), query.finish());
            Some(format!("<{path}?{query}>; rel=\"{rel}\""))
        };
        let neighbours = [("next", &self.info.next), ("prev", &self.info.prev)];
        let links: Vec<String> = neighbours.into_iter().filter_map(link).collect();
        links.join(", ")
    }
}

impl<T: Serialize + CacheTagged, E: Serialize> Responder for Page<T, E> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        #[derive(Serialize)]
        struct PageBody<'a, I, E> {
            items: &'a [I],
            page: &'a PageInfo,
            #[serde(flatten)]
            extra: &'a E,
        }
        let mut response = HttpResponse::Ok();
        let links = self.links(request);
        if !links.is_empty() {
            response.insert_header((header::LINK, links));
        }
        if self.varies_by_language {
            response.insert_header((header::VARY, "Accept-Language"));
        }
        let (page, extra) = (&self.info, &self.extra);
        let mut response = match self.fields.of_each(&self.items) {
            Ok(None) => response.json(PageBody {
                items: &self.items,
                page,
                extra,
            }),
            Ok(Some(items)) => response.json(PageBody {
                items: &items,
                page,
                extra,
            }),
            Err(problem) => return HttpResponse::from_error(problem),
        };
        let mut cache_tags = self.cache_tags;
        cache_tags.extend(&self.items);
        response.extensions_mut().insert(cache_tags);
        response.extensions_mut().insert(self.caching);
        response
    }
}
