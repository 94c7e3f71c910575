//! Ranks the matches of a search.
//!
//! Matches are taken in windows of [`RANKING_WINDOW`], the newest first, and ranked within their window: by weight of the
//! places where the words stand, halved for every 90 days of age. So the work of a page is bounded, however common a word
//! is, every match is on some page, and a query with fewer matches than a window has is ranked as a whole.

use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use crate::http::cursor::Cursor;
use crate::news::search::cursor::{Edge, SearchCursor};
use crate::news::search::matches::{Match, Search};
use crate::problem::Problem;

/// How many matches are ranked together.
const RANKING_WINDOW: usize = 200;

impl Search<'_> {
    /// One page of the matches.
    pub async fn page(
        &self,
        conn: &mut AsyncPgConnection,
        cursor: Option<&Cursor<SearchCursor>>,
        limit: usize,
    ) -> Result<MatchPage, Problem> {
        let first = SearchCursor::default();
        let place = cursor.map_or(&first, |cursor| &cursor.key);
        let window = Window::read(conn, self, place).await?;
        Ok(window.page(cursor, limit))
    }
}

/// The matches that are ranked together, the best first, and the edges of the windows around them.
struct Window {
    matches: Vec<Match>,
    /// The window as its cursors have it, without a place in it.
    place: SearchCursor,
    newer: Option<Edge>,
    older: Option<Edge>,
}

impl Window {
    async fn read(
        conn: &mut AsyncPgConnection,
        search: &Search<'_>,
        place: &SearchCursor,
    ) -> Result<Self, Problem> {
        let from = place.start();
        let mut matches = search.matches(conn, from.as_ref(), RANKING_WINDOW).await?;
        // In the order of time, away from the edge.
        matches.sort_by_key(Match::time_key);
        if !place.upward {
            matches.reverse();
        }
        let beyond = matches.get(RANKING_WINDOW).map(Match::edge);
        matches.truncate(RANKING_WINDOW);
        let (first, last) = (matches.as_slice().first(), matches.as_slice().last());
        let older = match (place.upward, beyond) {
            (true, _) => place.edge,
            (false, Some(_)) => last.map(Match::edge),
            (false, None) => None,
        };
        let newer = match (place.upward, place.newest) {
            (true, _) => beyond,
            (false, true) => None,
            (false, false) => place.edge,
        };
        let place = SearchCursor {
            edge: place.edge.or(first.map(Match::edge)),
            upward: place.upward,
            newest: place.newest || place.edge.is_none(),
            score: None,
        };
        matches.sort_by(|a, b| b.compare(a.rank()));
        Ok(Self {
            matches,
            place,
            newer,
            older,
        })
    }

    /// The page of this window that a cursor leads to.
    fn page(mut self, cursor: Option<&Cursor<SearchCursor>>, limit: usize) -> MatchPage {
        let backward = cursor.is_some_and(|cursor| !cursor.forward);
        let rank = cursor.and_then(|cursor| Some((cursor.key.score?, cursor.id)));
        let matches = &self.matches;
        let (from, to) = if backward {
            let to = rank.map_or(matches.len(), |rank| {
                matches.partition_point(|found| found.compare(rank).is_gt())
            });
            (to.saturating_sub(limit), to)
        } else {
            let from = rank.map_or(0, |rank| {
                matches.partition_point(|found| found.compare(rank).is_ge())
            });
            (from, (from + limit).min(matches.len()))
        };
        let beside = |found: &Match, forward| self.place.beside(found.rank(), forward);
        let next = if to < matches.len() {
            matches[from..to].last().map(|last| beside(last, true))
        } else {
            self.older.map(|edge| SearchCursor::beyond(edge, false))
        };
        let prev = if from > 0 {
            matches.get(from).map(|first| beside(first, false))
        } else {
            self.newer.map(|edge| SearchCursor::beyond(edge, true))
        };
        MatchPage {
            matches: self.matches.drain(from..to).collect(),
            next,
            prev,
            window: self.place,
            backward,
        }
    }
}

/// A page of matches, the best first, and the cursors around it.
pub struct MatchPage {
    pub matches: Vec<Match>,
    pub next: Option<Cursor<SearchCursor>>,
    pub prev: Option<Cursor<SearchCursor>>,
    window: SearchCursor,
    backward: bool,
}

impl MatchPage {
    /// The ids of the articles, or of the headlines, in the order in which the page was read.
    pub fn ids(&self, of_articles: bool) -> Vec<Uuid> {
        let matches = self.matches.iter();
        let matches = matches.filter(|found| found.is_article == of_articles);
        let mut ids: Vec<Uuid> = matches.map(|found| found.id).collect();
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
            self.prev = first.map(|first| self.window.beside(first.rank(), false));
        } else {
            self.matches.truncate(at);
            let last = self.matches.as_slice().last();
            self.next = last.map(|last| self.window.beside(last.rank(), true));
        }
    }
}
