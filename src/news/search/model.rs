//! How matches are found and put in order.
//!
//! Matches are taken in bands of [`RANKING_WINDOW`], the newest first, and ranked within their band: by weight of the places where
//! the words stand, halved for every [`HALF_LIFE_DAYS`] of age. So the work of a page is bounded, however common a word
//! is, every match is on some page, and a query with fewer matches than a band has is ranked as a whole.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Double, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::column::{Column, column};
use crate::db::statement::RowType;
use crate::db::{Fragment, Statement};
use crate::http::cursor::{Cursor, SortKey};
use crate::http::parameter_types::Word;
use crate::http::query::PageRequest;
use crate::news::listing::page::{Source, TimeOrdered};
use crate::news::listing::timeline::{SortTime, Timeline};
use crate::news::search::words::ParsedQuery;
use crate::problem::Problem;

/// How many matches are ranked together.
pub const RANKING_WINDOW: usize = 200;
/// In which time a match comes to count half as much.
const HALF_LIFE_DAYS: u32 = 90;

/// Something that matches.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable)]
#[diesel(table_name = crate::schema::articles)]
pub struct Match {
    #[diesel(select_expression = column::<SqlUuid>("matched.id"), select_expression_type = Column<SqlUuid>)]
    pub id: Uuid,
    #[diesel(select_expression = column::<Nullable<Timestamptz>>("matched.at"), select_expression_type = Column<Nullable<Timestamptz>>)]
    at: Option<DateTime<Utc>>,
    #[diesel(select_expression = column::<Double>("matched.score"), select_expression_type = Column<Double>)]
    pub score: f64,
    /// Whether it is an article, and no headline.
    #[diesel(select_expression = column::<diesel::sql_types::Bool>("matched.is_article"), select_expression_type = Column<diesel::sql_types::Bool>)]
    pub is_article: bool,
}

impl Match {
    /// Where it stands in time.
    fn place(&self) -> (i64, Uuid) {
        let at = self.at.map_or(i64::MAX, |at| at.timestamp_micros());
        (at, self.id)
    }

    fn before(&self, other: &Self) -> std::cmp::Ordering {
        (other.score.total_cmp(&self.score)).then(other.id.cmp(&self.id))
    }
}

impl TimeOrdered for Match {
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

/// The order of the matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Order {
    #[serde(rename = "relevance")]
    Relevance,
    #[serde(rename = "-published_at")]
    Newest,
}

impl Word for Order {}

/// A search through one table.
pub struct Part<'a> {
    pub table: &'static str,
    pub timeline: Timeline<'a>,
}

impl Part<'_> {
    /// What is selected of a match.
    fn matched(&self, words: &ParsedQuery, order: Order) -> Fragment {
        let (line, is_article) = match self.table {
            "articles" => ("articles", "true"),
            _ => ("headlines", "false"),
        };
        let sql = Fragment::new(" CROSS JOIN LATERAL (SELECT ")
            .sql(line)
            .sql(".id, nullif(")
            .sql(line)
            .sql(".listed_at, 'infinity') AS at, ")
            .sql(is_article)
            .sql(" AS is_article, ");
        let age = Fragment::new("extract(epoch FROM coalesce(")
            .sql(line)
            .sql(".published_at, ")
            .sql(line)
            .sql(".updated_at))::double precision");
        let sql = match order {
            Order::Newest => sql.append(&age),
            // The logarithm of a rank that halves with time. It falls for all alike as time goes by, so the order of two
            // matches never changes while somebody pages.
            Order::Relevance => sql
                .sql("ln(greatest(ts_rank('{0.1, 0.2, 0.4, 1.0}', ")
                .sql(line)
                .sql(".search, ")
                .append(&words.of(line))
                .sql("), 1e-9)::double precision) + ")
                .append(&age)
                .sql(" / 86400 * ln(2::double precision) / ")
                .number(HALF_LIFE_DAYS as usize),
        };
        sql.sql(" AS score) AS matched")
    }

    /// Up to [`RANKING_WINDOW`] matches and one more, from a place on.
    async fn some(
        &self,
        conn: &mut AsyncPgConnection,
        words: &ParsedQuery,
        order: Order,
        from: Option<&Cursor<SortTime>>,
    ) -> Result<Vec<Match>, Problem> {
        let wanted = PageRequest {
            limit: RANKING_WINDOW,
            rows: RANKING_WINDOW + 1,
            counts: false,
        };
        let matched = self.matched(words, order);
        if words.are_common(self.table, RANKING_WINDOW) {
            let (found, _) = self.timeline.page(conn, from, wanted, &matched).await?;
            Ok(found)
        } else {
            Ok(self.timeline.gather(conn, from, wanted, &matched).await?)
        }
    }
}

/// A place among the matches: which band, and where in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchCursor {
    /// The band's edge: the last match of the band before it or, where `upward`, its own last.
    edge: Option<(SortTime, Uuid)>,
    upward: bool,
    /// Whether it is the newest band, and the edge its first match: what comes in while somebody pages stays out of it.
    newest: bool,
    /// The match that the page begins behind or, read backwards, ends before.
    at: Option<f64>,
}

impl SearchCursor {
    /// The place of a match of this band.
    fn at(&self, found: &Match, forward: bool) -> Cursor<Self> {
        Cursor {
            key: Self {
                at: Some(found.score),
                ..self.clone()
            },
            id: found.id,
            forward,
            inclusive: false,
        }
    }
}

impl SortKey for SearchCursor {
    fn write(&self) -> Vec<u8> {
        let mut bytes = vec![
            u8::from(self.edge.is_some())
                | u8::from(self.upward) << 1
                | u8::from(self.at.is_some()) << 2
                | u8::from(self.newest) << 3,
        ];
        if let Some((at, id)) = self.edge {
            bytes.extend(at.write());
            bytes.extend(id.as_bytes());
        }
        bytes.extend(self.at.iter().flat_map(|score| score.to_be_bytes()));
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (&flags, mut rest) = bytes.split_first()?;
        let mut spot = Self {
            upward: flags & 2 != 0,
            newest: flags & 8 != 0,
            ..Self::default()
        };
        if flags & 1 != 0 {
            let (at, more) = rest.split_first_chunk::<8>()?;
            let (id, more) = more.split_first_chunk::<16>()?;
            spot.edge = Some((SortTime::read(at)?, Uuid::from_bytes(*id)));
            rest = more;
        }
        if flags & 4 != 0 {
            let (score, more) = rest.split_first_chunk::<8>()?;
            spot.at = Some(f64::from_be_bytes(*score)).filter(|score| score.is_finite());
            spot.at?;
            rest = more;
        }
        let fits = match (spot.upward, spot.newest) {
            (false, false) => true,
            (upward, newest) => spot.edge.is_some() && upward != newest,
        };
        (rest.is_empty() && flags < 16 && fits).then_some(spot)
    }
}

/// A page of matches, the best first, and the places around it.
pub struct Found {
    pub matches: Vec<Match>,
    pub next: Option<Cursor<SearchCursor>>,
    pub prev: Option<Cursor<SearchCursor>>,
    /// The band, and which way it was read.
    band: SearchCursor,
    backward: bool,
}

impl Found {
    /// The ids of the articles, or of the headlines, in the order in which the page was read.
    pub fn ids(&self, of_articles: bool) -> Vec<Uuid> {
        let matches = self.matches.iter();
        let wanted = matches.filter(|found| found.is_article == of_articles);
        let mut ids: Vec<Uuid> = wanted.map(|found| found.id).collect();
        if self.backward {
            ids.reverse();
        }
        ids
    }

    /// Ends the page, in the order in which it was read, before this match.
    pub fn end_before(&mut self, id: Uuid) {
        let Some(at) = self.matches.iter().position(|found| found.id == id) else {
            return;
        };
        if self.backward {
            self.matches.drain(..=at);
            let first = self.matches.as_slice().first();
            self.prev = first.map(|first| self.band.at(first, false));
        } else {
            self.matches.truncate(at);
            let last = self.matches.as_slice().last();
            self.next = last.map(|last| self.band.at(last, true));
        }
    }
}

/// Finds one page.
pub async fn find(
    conn: &mut AsyncPgConnection,
    parts: &[Part<'_>],
    words: &ParsedQuery,
    order: Order,
    cursor: Option<&Cursor<SearchCursor>>,
    limit: usize,
) -> Result<Found, Problem> {
    let start = SearchCursor::default();
    let spot = cursor.map_or(&start, |cursor| &cursor.key);
    let from = spot.edge.map(|(key, id)| Cursor {
        key,
        id,
        forward: !spot.upward,
        // The edge is this band's own last match, its first, or the last of the band before.
        inclusive: spot.upward || spot.newest,
    });
    let mut band = Vec::new();
    for part in parts.iter().filter(|_| !words.is_empty) {
        band.extend(part.some(conn, words, order, from.as_ref()).await?);
    }
    // In the order of time, away from the edge.
    band.sort_by_key(Match::place);
    if !spot.upward {
        band.reverse();
    }
    let beyond = band.get(RANKING_WINDOW).map(|next| (next.at, next.id));
    band.truncate(RANKING_WINDOW);
    let last = band.last().map(|last| (last.at, last.id));
    // The bands below and above: which way they are read from here.
    let below = match (spot.upward, beyond) {
        (true, _) => spot.edge,
        (false, Some(_)) => last,
        (false, None) => None,
    };
    let above = match (spot.upward, spot.newest) {
        (true, _) => beyond,
        (false, true) => None,
        (false, false) => spot.edge,
    };
    let newest = spot.newest || spot.edge.is_none();
    let first = band.as_slice().first();
    let edge = spot.edge.or(first.map(|first| (first.at, first.id)));
    band.sort_by(Match::before);
    let backward = cursor.is_some_and(|cursor| !cursor.forward);
    let behind = |found: &Match| match (cursor, spot.at) {
        (Some(cursor), Some(score)) => {
            let order = score.total_cmp(&found.score).then(cursor.id.cmp(&found.id));
            order == std::cmp::Ordering::Greater
        }
        _ => true,
    };
    let (from, to) = if backward {
        let to = match (cursor, spot.at) {
            (Some(cursor), Some(score)) => band.partition_point(|found| {
                found.score.total_cmp(&score).then(found.id.cmp(&cursor.id))
                    == std::cmp::Ordering::Greater
            }),
            _ => band.len(),
        };
        (to.saturating_sub(limit), to)
    } else {
        let from = band.partition_point(|found| !behind(found));
        (from, (from + limit).min(band.len()))
    };
    let here = SearchCursor {
        edge,
        upward: spot.upward,
        newest,
        at: None,
    };
    let in_band = |edge: Option<(SortTime, Uuid)>, upward| {
        edge.map(|edge| Cursor {
            key: SearchCursor {
                edge: Some(edge),
                upward,
                ..SearchCursor::default()
            },
            id: Uuid::nil(),
            forward: !upward,
            inclusive: false,
        })
    };
    let next = if to < band.len() {
        band[from..to].last().map(|last| here.at(last, true))
    } else {
        in_band(below, false)
    };
    let prev = if from > 0 {
        band.get(from).map(|first| here.at(first, false))
    } else {
        in_band(above, true)
    };
    Ok(Found {
        matches: band.drain(from..to).collect(),
        next,
        prev,
        band: here,
        backward,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_as_it_went() {
        let id = Uuid::now_v7();
        let edge = Some((DateTime::from_timestamp_micros(1_753_966_800_123_456), id));
        for spot in [
            SearchCursor::default(),
            SearchCursor {
                edge,
                upward: true,
                ..SearchCursor::default()
            },
            SearchCursor {
                edge,
                newest: true,
                at: Some(1.5),
                ..SearchCursor::default()
            },
            SearchCursor {
                edge: Some((None, id)),
                at: Some(-3.25),
                ..SearchCursor::default()
            },
        ] {
            assert_eq!(SearchCursor::read(&spot.write()), Some(spot));
        }
        for wrong in [
            &b""[..],
            b"\x10",
            b"\x08",
            b"\x02",
            b"\x01abc",
            b"\x00a",
            &[4, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
        ] {
            assert_eq!(SearchCursor::read(wrong), None, "{wrong:?}");
        }
    }
}
