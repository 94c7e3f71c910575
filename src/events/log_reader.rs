//! Reads the log of changes in pieces, each from where the one before ended.

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, SimpleQueryMessage, SimpleQueryRow};
use uuid::Uuid;

use super::snapshot::Snapshot;

/// The largest number of events that are read at once.
const MOST: usize = 5_000;

/// One committed change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number. Of two events of one resource, the later has the higher number.
    pub id: i64,
    pub resource: String,
    pub resource_id: Uuid,
    pub version: i32,
    pub action: String,
    /// The cache tags of the answers that it affects; none if it may affect any.
    pub tags: Option<Vec<i64>>,
    /// The moments to come, and those of the last minute, at which the public sees something else.
    pub moments: Vec<DateTime<Utc>>,
}

/// Events that were committed since the last piece.
#[derive(Clone, Debug)]
pub struct Piece {
    pub events: Vec<Event>,
    /// The database's clock when the piece was read.
    pub clock: DateTime<Utc>,
    /// Whether the log goes on: there may be events that were committed before this was read.
    pub more: bool,
    /// Whether the log's history is another one than before: events may have been missed.
    pub is_new_history: bool,
}

type Error = Box<dyn std::error::Error + Send + Sync>;

/// A place in the log.
///
/// Transactions don't commit in the order of their numbers, nor of the numbers of their events. So the place is a snapshot: the
/// next piece has the events of all transactions that it did not show, and that are committed now. Each event is in one piece,
/// as soon as it is committed, however long other transactions stay open. A change of a resource waits for the one before to be
/// committed, so that within a piece the numbers of events have the order of versions.
#[derive(Debug, Default)]
pub struct LogReader {
    seen: Option<Snapshot>,
    /// While a piece is read in parts: the snapshot of its end, and the last event so far.
    part: Option<(Snapshot, i64)>,
    /// The timeline of the write-ahead log, which changes in a failover.
    timeline: String,
}

impl LogReader {
    /// Reads the next piece. The first has no events: it is the place to start from.
    ///
    /// # Errors
    /// Where the database can't be read, and the place stays; or where what it has is not understood, and the place is given up.
    pub async fn read(&mut self, client: &Client) -> Result<Piece, Error> {
        let messages = client.simple_query(&self.statement()).await?;
        let rows: Vec<SimpleQueryRow> = messages
            .into_iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(row),
                _ => None,
            })
            .collect();
        let advanced = self.advance(&rows);
        if advanced.is_err() {
            *self = Self::default();
        }
        Ok(advanced?)
    }

    /// One statement, so that the snapshot is the one that the events are read with.
    fn statement(&self) -> String {
        let unseen = match &self.seen {
            None => "false".to_owned(),
            Some(seen) => seen.unseen(),
        };
        let part = match &self.part {
            None => String::new(),
            Some((end, last)) => {
                format!(" AND pg_visible_in_snapshot(xid, '{end}') AND id > {last}")
            }
        };
        format!(
            "SELECT pg_current_snapshot(), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, \
             left(pg_walfile_name(pg_current_wal_lsn()), 8), event.* \
             FROM (VALUES (1)) AS always LEFT JOIN LATERAL ( \
             SELECT id, resource, resource_id, version, action, tags, \
             ARRAY(SELECT (extract(epoch FROM moment) * 1000000)::bigint FROM unnest(moments) AS moment \
             WHERE moment BETWEEN clock_timestamp() - interval '1 minute' AND '9999-12-31') \
             FROM events WHERE {unseen}{part} ORDER BY id LIMIT {MOST}) AS event ON true"
        )
    }

    fn advance(&mut self, rows: &[SimpleQueryRow]) -> Result<Piece, String> {
        let first = rows.first().ok_or("no answer")?;
        let now: Snapshot = text(first, 0)?.parse()?;
        let clock = time(text(first, 1)?)?;
        let timeline = text(first, 2)?;
        let follows = self.seen.as_ref().is_some_and(|seen| now.may_follow(seen));
        if !follows || self.timeline != timeline {
            *self = Self {
                seen: Some(now),
                part: None,
                timeline: timeline.to_owned(),
            };
            return Ok(Piece {
                events: Vec::new(),
                clock,
                more: false,
                is_new_history: true,
            });
        }
        let events: Vec<Event> = rows
            .iter()
            .filter(|row| row.get(3).is_some())
            .map(event)
            .collect::<Result<_, _>>()?;
        // The end of a piece that was read in parts is in the past.
        let more = events.len() == MOST || self.part.is_some();
        let end = self.part.take().map_or(now, |(end, _)| end);
        match events.last() {
            Some(last) if events.len() == MOST => self.part = Some((end, last.id)),
            _ => self.seen = Some(end),
        }
        Ok(Piece {
            events,
            clock,
            more,
            is_new_history: false,
        })
    }
}

fn text(row: &SimpleQueryRow, column: usize) -> Result<&str, String> {
    row.get(column)
        .ok_or_else(|| format!("column {column} is null"))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is no number"))
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    DateTime::from_timestamp_micros(number(text)?).ok_or_else(|| format!("{text:?} is no time"))
}

/// The items of an array without nulls and quotes.
fn items(array: &str) -> impl Iterator<Item = &str> {
    let inner = array.trim_start_matches('{').trim_end_matches('}');
    inner.split(',').filter(|item| !item.is_empty())
}

fn event(row: &SimpleQueryRow) -> Result<Event, String> {
    let id = text(row, 5)?;
    let tags = row.get(8);
    Ok(Event {
        id: number(text(row, 3)?)?,
        resource: text(row, 4)?.to_owned(),
        resource_id: Uuid::try_parse(id).map_err(|error| error.to_string())?,
        version: number(text(row, 6)?)?,
        action: text(row, 7)?.to_owned(),
        tags: tags
            .map(|tags| items(tags).map(number).collect())
            .transpose()?,
        moments: items(text(row, 9)?).map(time).collect::<Result<_, _>>()?,
    })
}
