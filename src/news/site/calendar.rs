//! The calendar days of the site, in its time zone.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::problem::Problem;
use crate::schema::site;

use super::{SITE, Site};

/// A calendar day: from its first instant to the first of the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub begin: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

impl Day {
    /// The day in a time zone. If clocks are changed at midnight, it begins with the first instant that exists.
    fn of(date: Date, zone: &TimeZone) -> Option<Self> {
        let first = |date: Date| {
            let at = zone.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
            DateTime::from_timestamp_micros(at.as_microsecond())
        };
        Some(Self {
            begin: first(date)?,
            end: first(date.tomorrow().ok()?)?,
        })
    }
}

impl Site {
    /// A date in the site's time zone.
    pub async fn day(conn: &mut AsyncPgConnection, date: Date) -> Result<Day, Problem> {
        let name: String = site::table
            .find(SITE)
            .select(site::time_zone)
            .get_result(conn)
            .await?;
        let zone = TimeZone::get(&name).map_err(Problem::internal)?;
        Day::of(date, &zone)
            .ok_or_else(|| Problem::internal(format!("{date} does not exist in {name}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(zone: &str, date: &str) -> (String, i64) {
        let day = Day::of(date.parse().unwrap(), &TimeZone::get(zone).unwrap()).unwrap();
        (day.begin.to_rfc3339(), (day.end - day.begin).num_hours())
    }

    #[test]
    fn the_length_of_a_day_depends_on_clock_changes() {
        // Morocco's clocks go back for Ramadan and forward after it; since September 2026 they stay back.
        for (zone, date, begin, long) in [
            (
                "Africa/Casablanca",
                "2025-11-23",
                "2025-11-22T23:00:00+00:00",
                24,
            ),
            (
                "Africa/Casablanca",
                "2026-02-15",
                "2026-02-14T23:00:00+00:00",
                25,
            ),
            (
                "Africa/Casablanca",
                "2026-03-22",
                "2026-03-22T00:00:00+00:00",
                23,
            ),
            (
                "Africa/Casablanca",
                "2026-11-23",
                "2026-11-23T00:00:00+00:00",
                24,
            ),
            (
                "Europe/Paris",
                "2026-03-29",
                "2026-03-28T23:00:00+00:00",
                23,
            ),
            (
                "Europe/Paris",
                "2026-10-25",
                "2026-10-24T22:00:00+00:00",
                25,
            ),
            // This day has no midnight: clocks go from 23:59 to 1:00.
            (
                "Africa/Cairo",
                "2026-04-24",
                "2026-04-23T22:00:00+00:00",
                23,
            ),
            (
                "America/Havana",
                "2024-11-03",
                "2024-11-03T04:00:00+00:00",
                25,
            ),
            ("UTC", "1970-01-01", "1970-01-01T00:00:00+00:00", 24),
        ] {
            assert_eq!(hours(zone, date), (begin.to_owned(), long), "{zone} {date}");
        }
    }
}
