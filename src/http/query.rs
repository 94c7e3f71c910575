//! The query parameters of lists.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev};
use url::form_urlencoded;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::http::cursor::{Cursor, SortKey, fingerprint};
use crate::http::fields::Fields;
use crate::http::ids::IdsPage;
use crate::http::locale::{self, LanguagePreference};
use crate::http::schema::HasFields;
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
    #[param(max_length = 600, format = "cursor")]
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
    /// The type of the items.
    type Item: HasFields;

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
    pub(super) paging: Paging,
    pub(super) fields: Fields,
    pub filter: F,
    /// The hash of the list and its filters, which its cursors carry.
    pub(super) fingerprint: [u8; 8],
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
            fingerprint: [0; 8],
            accepted,
        };
        let mut faults = Vec::new();
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()).into_owned() {
            if pairs.iter().any(|(known, _)| *known == name) {
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
            pairs.push((name, value));
        }
        let given = |name: &str| pairs.iter().any(|(known, _)| known == name);
        faults.extend(list.filter.faults(&given));
        if !faults.is_empty() {
            return Err(Problem::InvalidParameters(faults));
        }
        let mut filters: Vec<&(String, String)> = pairs
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "limit" | "cursor" | "count" | "fields"))
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
            "fields" => Fields::read::<F::Item>(value).map(|fields| self.fields = fields),
            _ => return self.filter.set(name, value),
        })
    }

    /// How many items the page may have.
    pub(super) fn limit(&self) -> usize {
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

    /// Which of the ids that were asked for this page may have.
    pub fn ids_page(&self, ids: &[Uuid]) -> Result<IdsPage, Problem> {
        IdsPage::new(ids, self.cursor()?.as_ref())
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
