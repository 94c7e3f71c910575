//! Lists in the order of time, read in four steps, each in files of its own:
//!
//! 1. `filter`: the parameters are parsed.
//! 2. `resolve`: the slugs among them become ids, the day its first and last moment.
//! 3. `scan_plan` chooses the index to scan, and `sql` (with `conditions` and `bounds`) writes the statement.
//! 4. `page`: the rows are fetched.
//!
//! A `Timeline` is the list that steps 3 and 4 are about. `by_name` lists authors and tags.

mod bounds;
pub mod by_name;
pub mod byte_budget;
pub mod cache_tags;
pub mod conditions;
pub mod filter;
pub mod page;
pub mod resolve;
pub mod scan_plan;
mod sql;
pub mod timeline;

#[cfg(test)]
mod tests {
    //! Snapshots of the SQL of typical requests, so that a change of it is seen in review. After an intended change,
    //! `INSTA_UPDATE=always cargo test --lib listing` writes them anew.

    use chrono::DateTime;
    use diesel::debug_query;
    use diesel::pg::Pg;
    use diesel::sql_types::Untyped;
    use uuid::Uuid;

    use crate::db::{Fragment, Statement};
    use crate::http::cursor::Cursor;
    use crate::http::query_parameters::{QueryParameters, parse};
    use crate::news::articles::{Article, ArticleFilter};
    use crate::news::content::visibility::Visibility;
    use crate::news::headlines::{Headline, HeadlineFilter};
    use crate::news::listing::filter::TimelineFilter;
    use crate::news::listing::resolve::ResolvedFilter;
    use crate::news::listing::scan_plan::ScanPlan;
    use crate::news::listing::timeline::{SortTime, Timeline};
    use crate::news::site::Day;

    const TIME: DateTime<chrono::Utc> = DateTime::from_timestamp(1_795_960_800, 0).unwrap();

    /// A filter with these parameters, as if each name had been found.
    fn resolved(parameters: TimelineFilter) -> ResolvedFilter {
        let id = |number| Uuid::from_u128(number);
        ResolvedFilter {
            day: parameters.date.map(|_| Day {
                begin: TIME,
                end: TIME + chrono::TimeDelta::days(1),
            }),
            categories: match parameters.categories.is_empty() {
                true => Vec::new(),
                false => vec![id(1), id(2), id(3)],
            },
            tag: parameters.tag.as_ref().map(|_| id(4)),
            author: parameters.author.as_ref().map(|_| id(5)),
            preferred_languages: Vec::new(),
            parameters,
        }
    }

    fn parse_query<F: QueryParameters>(query: &str) -> F {
        let (filter, _, faults) = parse(query);
        assert!(faults.is_empty(), "{query}: {faults:?}");
        filter
    }

    /// The statement's text, with a line for each clause, and its values.
    fn text(rest: &Fragment) -> String {
        let statement = Statement::<Untyped>::new(Fragment::new("SELECT … ").append(rest));
        let mut text = debug_query::<Pg, _>(&statement).to_string();
        for clause in [
            "FROM",
            "WHERE",
            "CROSS JOIN",
            "JOIN",
            "UNION ALL",
            "ORDER BY",
        ] {
            text = text.replace(&format!(" {clause} "), &format!("\n{clause} "));
        }
        text.replace("\nCROSS\nJOIN", "\nCROSS JOIN")
            .replace(" -- binds", "\n-- binds")
    }

    /// The statements of a request: along an index and, with residual filters, of all matches sorted.
    fn statements(timeline: &Timeline<'_>, cursor: Option<&Cursor<SortTime>>) -> String {
        let related = Fragment::default();
        let plan = ScanPlan::choose(timeline);
        let mut text = text(&timeline.scan(&plan, cursor, 21).joined(&related));
        if !plan.residual_filters.is_empty() {
            text.push_str("\n\n-- fetch_then_sort\n");
            text.push_str(&self::text(&timeline.sort(cursor, 21).joined(&related)));
        }
        text
    }

    fn headlines(query: &str, cursor: Option<&Cursor<SortTime>>) -> String {
        let filter: HeadlineFilter = parse_query(query);
        let resolved = resolved(filter.timeline.clone());
        let timeline = Headline::timeline(&filter, &resolved, Visibility::Public);
        statements(&timeline, cursor)
    }

    fn articles(query: &str, visibility: Visibility) -> String {
        let filter: ArticleFilter = parse_query(query);
        let resolved = resolved(filter.timeline.clone());
        let timeline = Article::timeline(&filter, &resolved, visibility);
        match &resolved.parameters.ids {
            Some(ids) => text(&timeline.with_ids(ids).joined(&Fragment::default())),
            None => statements(&timeline, None),
        }
    }

    #[test]
    fn the_sql_of_typical_requests_stays() {
        let cursor = Cursor {
            key: Some(TIME),
            id: Uuid::from_u128(9),
            forward: true,
            inclusive: false,
        };
        for (name, query) in [
            ("ticker", ""),
            ("category", "category=economie"),
            ("tag", "tag=larache"),
            ("language", "language=fr"),
            ("date", "date=2026-11-28"),
        ] {
            insta::assert_snapshot!(name, headlines(query, None));
        }
        insta::assert_snapshot!("ticker_cursor", headlines("", Some(&cursor)));
        for (name, query) in [
            ("author", "author=anir-tafoughi"),
            (
                "updated_after",
                "updated_after=2026-11-28T14:00:00Z&sort=updated_at",
            ),
            ("stories", "language=fr&fallback=true"),
            ("combination", "category=economie&tag=larache&language=fr"),
            ("ids", "ids=0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d13"),
        ] {
            insta::assert_snapshot!(name, articles(query, Visibility::Public));
        }
        let drafts = articles("status=draft", Visibility::Everything);
        insta::assert_snapshot!("status", drafts);
    }
}
