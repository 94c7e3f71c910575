//! Lists: their query parameters, parsed.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use uuid::Uuid;

use crate::http::cursor::{Cursor, SortKey, fingerprint};
use crate::http::fields::Fields;
use crate::http::ids::IdsPage;
use crate::http::language::LanguageTag;
use crate::http::locale::{self, LanguagePreference};
use crate::http::paging::Paging;
use crate::http::query_parameters::{QueryParameters, SentParameters, parse};
use crate::http::schema::HasFields;
use crate::problem::{Fault, FaultCode, Problem};

/// Totals are exact up to this number: beyond, counting would cost more than the page.
pub const MOST_COUNTED: usize = 10_000;

/// The parameters that one list has beside [`Paging`].
pub trait Filter: QueryParameters + 'static {
    /// The type of the items.
    type Item: HasFields;

    /// Checks which parameters go together.
    fn check(&self, _sent: &SentParameters) -> Vec<Fault> {
        Vec::new()
    }
}

/// The number of rows to read for a page.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest {
    /// How many items the page may have.
    pub limit: usize,
    /// How many rows to read, to know whether another page follows.
    pub rows: usize,
    /// Whether to count all items.
    pub counts: bool,
}

impl PageRequest {
    /// A page of up to `limit` items, which are not counted. The rows are one more at least, rounded up to few different numbers,
    /// as each makes a prepared statement of its own.
    pub fn of(limit: usize) -> Self {
        let rows = match limit {
            0..=20 => 21,
            21..=50 => 51,
            _ => 101,
        };
        Self {
            limit,
            rows,
            counts: false,
        }
    }
}

/// The parsed parameters of a list.
#[derive(Debug)]
pub struct List<F> {
    pub(super) paging: Paging,
    pub(super) fields: Fields,
    pub filter: F,
    /// The hash of the list and its filters, which its cursors carry.
    pub(super) fingerprint: [u8; 8],
    /// The languages of `Accept-Language`.
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

impl<F: Filter> IntoParams for List<F> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        <(Paging, F)>::declarations()
    }
}

impl<F: Filter> List<F> {
    fn read(path: &str, query: &str, accepted: Vec<String>) -> Result<Self, Problem> {
        let ((paging, filter), sent, mut faults) = parse::<(Paging, F)>(query);
        let fields = match &paging.fields {
            None => Ok(Fields::default()),
            Some(names) => Fields::read::<F::Item>(&names.0),
        };
        let fields = fields.unwrap_or_else(|detail| {
            faults.push(Fault::of("fields", FaultCode::Invalid, detail));
            Fields::default()
        });
        faults.extend(filter.check(&sent));
        if !faults.is_empty() {
            return Err(Problem::InvalidParameters(faults));
        }
        Ok(Self {
            paging,
            fields,
            filter,
            fingerprint: fingerprint_of(path, &sent),
            accepted,
        })
    }

    /// How many items the page may have.
    pub(super) fn limit(&self) -> usize {
        self.paging.limit.0.into()
    }

    /// How many rows to read for the page: at least one more than it may have, to know whether another page follows.
    pub fn rows(&self) -> usize {
        PageRequest::of(self.limit()).rows
    }

    /// Whether the total is requested.
    pub fn counts(&self) -> bool {
        self.paging.count
    }

    /// Whether items have this field: `fields` names it or, without `fields`, it is a default field of lists.
    pub fn includes(&self, field: &str, by_default: bool) -> bool {
        self.fields.includes(field, by_default)
    }

    /// Whether items have this field within another.
    pub fn includes_within(&self, outer: &str, field: &str, by_default: bool) -> bool {
        self.fields.includes_within(outer, field, by_default)
    }

    /// The preferred languages of names: the one that a parameter asks for, or else those of `Accept-Language`.
    pub fn locale(&self, requested: Option<LanguageTag>) -> LanguagePreference {
        LanguagePreference::new(requested, self.accepted.clone())
    }

    /// The number of rows to read for the page.
    pub fn page_request(&self) -> PageRequest {
        PageRequest {
            counts: self.counts(),
            ..PageRequest::of(self.limit())
        }
    }

    /// The cursor, parsed.
    pub fn cursor<K: SortKey>(&self) -> Result<Option<Cursor<K>>, Problem> {
        self.paging
            .cursor
            .as_ref()
            .map(|text| Cursor::read(&text.0, self.fingerprint))
            .transpose()
            .map_err(|fault| Problem::InvalidParameters(vec![fault]))
    }

    /// The requested ids that this page may have.
    pub fn ids_page(&self, ids: &[Uuid]) -> Result<IdsPage, Problem> {
        IdsPage::new(ids, self.cursor()?.as_ref())
    }
}

/// The fingerprint of a list: its path and its filters.
fn fingerprint_of(path: &str, sent: &SentParameters) -> [u8; 8] {
    let page = ["limit", "cursor", "count", "fields"];
    let mut filters: Vec<&(String, String)> = sent.0.iter().collect();
    filters.retain(|(name, _)| !page.contains(&name.as_str()));
    filters.sort();
    let parts = filters
        .into_iter()
        .flat_map(|(name, text)| [name.as_str(), text.as_str()]);
    fingerprint(std::iter::once(path).chain(parts))
}
