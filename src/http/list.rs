//! Lists: their parameters, and the page that answers them.

use std::future::{Ready, ready};

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev};
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::cursor::{Cursor, SortKey, fingerprint};
use crate::openapi;
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
    #[param(max_length = 400)]
    pub cursor: Option<String>,
    /// Whether to count: `page.total`, exact up to 10,000.
    #[param(required = false, default = false)]
    pub count: bool,
    /// The fields wanted, by comma; without it, all but those that hold a whole body.
    #[param(max_length = 1000, example = "id,title,published_at")]
    pub fields: Option<String>,
}

/// What one list takes beside that.
pub trait Filter: Default + 'static {
    /// The schema of what is listed.
    const ITEM: &'static str;

    /// Takes one parameter. `None` where there is none of this name.
    fn set(&mut self, name: &str, value: &str) -> Option<Result<(), String>>;
}

/// The parameters of a list, all of them understood.
#[derive(Debug)]
pub struct List<F> {
    paging: Paging,
    fields: Option<Vec<String>>,
    pub filter: F,
    /// What was asked for, but for the cursor: the way to the other pages.
    pairs: Vec<(String, String)>,
    path: String,
    fingerprint: [u8; 8],
}

impl<F: Filter> FromRequest for List<F> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(Self::read(request.path(), request.query_string()))
    }
}

impl<F: Filter> List<F> {
    fn read(path: &str, query: &str) -> Result<Self, Problem> {
        let mut list = Self {
            paging: Paging {
                limit: 20,
                cursor: None,
                count: false,
                fields: None,
            },
            fields: None,
            filter: F::default(),
            pairs: Vec::new(),
            path: path.to_owned(),
            fingerprint: [0; 8],
        };
        let mut faults = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if list.pairs.iter().any(|(known, _)| *known == name) {
                faults.push(Fault::of(
                    name,
                    "given_twice",
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
            "count" => truth(value).map(|count| self.paging.count = count),
            "fields" => fields(F::ITEM, value).map(|fields| self.fields = Some(fields)),
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

    /// Whether this field is asked for by name.
    pub fn wants(&self, field: &str) -> bool {
        self.fields.iter().flatten().any(|wanted| wanted == field)
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

    /// The page, from the rows that were read, in their order.
    pub fn page<T: Serialize, K: SortKey>(
        &self,
        mut rows: Vec<T>,
        cursor: Option<&Cursor<K>>,
        place: impl Fn(&T) -> (K, Uuid),
        total: Option<i64>,
    ) -> Result<HttpResponse, Problem> {
        let more = rows.len() > self.limit();
        rows.truncate(self.limit());
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
        let mut response = HttpResponse::Ok();
        let links: Vec<String> = [("next", &next), ("prev", &prev)]
            .into_iter()
            .filter_map(|(rel, cursor)| {
                Some(format!("<{}>; rel=\"{rel}\"", self.link(cursor.as_ref()?)))
            })
            .collect();
        if !links.is_empty() {
            response.insert_header((header::LINK, links.join(", ")));
        }
        let page = PageInfo {
            limit: self.paging.limit,
            next,
            prev,
            total: total.map(|total| total.min(MOST_COUNTED as i64)),
            total_is_exact: total.map(|total| total <= MOST_COUNTED as i64),
        };
        Ok(match &self.fields {
            None => response.json(Page { items: rows, page }),
            Some(fields) => response.json(Page {
                items: rows
                    .iter()
                    .map(|row| only(row, fields))
                    .collect::<Result<Vec<_>, _>>()?,
                page,
            }),
        })
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
struct Page<T> {
    items: Vec<T>,
    page: PageInfo,
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
}

fn only(row: &impl Serialize, fields: &[String]) -> Result<Value, Problem> {
    let mut value = serde_json::to_value(row).map_err(Problem::internal)?;
    if let Some(object) = value.as_object_mut() {
        object.retain(|name, _| fields.contains(name));
    }
    Ok(value)
}

fn fields(item: &str, value: &str) -> Result<Vec<String>, String> {
    let known = openapi::fields(item);
    let wanted: Vec<String> = value.split(',').map(str::to_owned).collect();
    if let Some((n, twice)) = wanted
        .iter()
        .enumerate()
        .find(|(n, name)| wanted[..*n].contains(name))
    {
        return Err(format!(
            "{twice:?} is named twice, the second time as number {}",
            n + 1
        ));
    }
    match wanted.iter().find(|name| !known.contains(name)) {
        None => Ok(wanted),
        Some(unknown) => Err(format!(
            "there is no field {unknown:?}; there are: {}",
            known.join(", ")
        )),
    }
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
pub fn truth(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| "true or false".to_owned())
}

/// Reads a moment.
pub fn moment(value: &str) -> Result<chrono::DateTime<chrono::Utc>, String> {
    super::values::moment(value).map_err(|(_, detail)| match value.contains(' ') {
        true => format!("{detail}; in an address `+` must be written `%2B`"),
        false => detail,
    })
}
