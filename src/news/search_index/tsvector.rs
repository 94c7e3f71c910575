//! The type `tsvector` of Postgres, as the program writes it.

use std::collections::BTreeMap;
use std::io::Write;

use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};

use crate::schema::sql_types::Tsvector;

/// The largest vector that Postgres takes has 1 MiB of terms and positions.
const MOST_BYTES: usize = 1_000_000;
/// The highest position, and the most positions of a term: what lies beyond has the last one.
const LAST_POSITION: usize = 16_383;
const MOST_POSITIONS: usize = 255;

/// How much a term counts, by where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// A title.
    A = 3,
    /// A lede.
    B = 2,
    /// A body.
    D = 0,
}

/// The terms of a document, with the positions and weights of each.
#[derive(Clone, Debug, Default, PartialEq, AsExpression)]
#[diesel(sql_type = Tsvector)]
pub struct SearchVector {
    /// In the order of their bytes, as Postgres keeps them.
    terms: BTreeMap<String, Vec<u16>>,
    bytes: usize,
}

impl SearchVector {
    /// Adds a term. Positions count from 0, and must not fall from one call to the next.
    pub fn add(&mut self, prefix: char, term: &str, position: usize, weight: Weight) {
        if term.is_empty() || self.bytes > MOST_BYTES {
            return;
        }
        let position = u16::try_from(position.saturating_add(1).min(LAST_POSITION)).unwrap_or(1);
        let mut own = String::with_capacity(term.len() + 1);
        own.push(prefix);
        own.push_str(term);
        let bytes = own.len() + 4;
        let positions = self.terms.entry(own).or_insert_with(|| {
            self.bytes += bytes;
            Vec::with_capacity(1)
        });
        let last = positions.last().map(|last| last & 0x3fff);
        if positions.len() < MOST_POSITIONS && last.is_none_or(|last| last < position) {
            positions.push((weight as u16) << 14 | position);
            self.bytes += 2;
        }
    }
}

impl SearchVector {
    /// Adds a term without a position.
    pub(super) fn mark(&mut self, term: &str) {
        self.terms.entry(term.to_owned()).or_default();
    }
}

impl QueryId for Tsvector {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl ToSql<Tsvector, Pg> for SearchVector {
    /// The binary form: the number of terms, then each with a zero byte behind it, the number of its positions, and these.
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&i32::try_from(self.terms.len())?.to_be_bytes())?;
        for (term, positions) in &self.terms {
            out.write_all(term.as_bytes())?;
            out.write_all(&[0])?;
            out.write_all(&u16::try_from(positions.len())?.to_be_bytes())?;
            for position in positions {
                out.write_all(&position.to_be_bytes())?;
            }
        }
        Ok(IsNull::No)
    }
}
