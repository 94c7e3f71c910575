//! A search query, as Postgres parses it in each language.

use diesel::prelude::*;
use diesel::sql_types::{Array, Double, Float, Integer, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::db::{Fragment, Statement};
use crate::news::search::highlight::{BEGIN, END};

/// The longest query, in characters.
pub const LONGEST_QUERY: usize = 200;

/// Hyphens and dashes of typesetting, which keyboards don't have.
const TYPESET_DASHES: [char; 7] = [
    '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}',
];

/// A query in the language of each of Postgres's dictionaries.
#[derive(Clone, Debug)]
pub struct ParsedQuery {
    french: String,
    arabic: String,
    english: String,
    simple: String,
    /// A query that every match of one of these also matches, and little else, for the index to find them. Where a word is
    /// excluded, its forms are excluded for each language alone.
    any: String,
    /// Whether only stop words were given, such as `le` in French.
    pub is_empty: bool,
    /// For `articles` and `headlines`: the planner's estimate of the matching rows, and the number of rows.
    estimates: [(f64, f64); 2],
}

type QueryTexts = (
    String,
    String,
    String,
    String,
    String,
    i32,
    Vec<f64>,
    Vec<f32>,
);

impl ParsedQuery {
    /// Parses a query: `"quoted words"`, `or`, `-without`.
    pub async fn read(conn: &mut AsyncPgConnection, query: &str) -> QueryResult<Self> {
        // Only the dash that is on keyboards leaves a word out.
        let query = query.replace(TYPESET_DASHES, "'");
        let sql = Fragment::new("WITH plain AS MATERIALIZED (SELECT left(search_normalize_query(")
            .text(&query)
            .sql(
                "), 500) AS q), parsed AS MATERIALIZED (SELECT \
                 websearch_to_tsquery('search_french', search_remove_stop_words('fr', q)) AS french, search_arabic_query(search_remove_stop_words('ar', q)) AS arabic, \
                 websearch_to_tsquery('pg_catalog.english', q) AS english, websearch_to_tsquery('pg_catalog.simple', q) AS simple FROM plain), \
                 merged AS MATERIALIZED (SELECT parsed.*, CASE WHEN strpos(q, '-') > 0 \
                 THEN search_in_dictionary('fr', french) || search_in_dictionary('ar', arabic) || search_in_dictionary('en', english) || search_in_dictionary('', simple) \
                 ELSE french || CASE WHEN arabic = french THEN ''::tsquery ELSE arabic END \
                 || CASE WHEN english IN (french, arabic) THEN ''::tsquery ELSE english END \
                 || CASE WHEN simple IN (french, arabic, english) THEN ''::tsquery ELSE simple END END AS \"any\" FROM parsed, plain) \
                 SELECT french::text, arabic::text, english::text, simple::text, \"any\"::text, numnode(\"any\"), \
                 ARRAY[search_estimate_rows('articles', \"any\"), search_estimate_rows('headlines', \"any\")], \
                 ARRAY(SELECT reltuples FROM pg_class WHERE oid IN ('articles'::regclass, 'headlines'::regclass) ORDER BY relname) \
                 FROM merged",
            );
        type ParsedRow = (
            Text,
            Text,
            Text,
            Text,
            Text,
            Integer,
            Array<Double>,
            Array<Float>,
        );
        let (french, arabic, english, simple, any, nodes, found, all): QueryTexts =
            Statement::<ParsedRow>::new(sql).get_result(conn).await?;
        let estimate = |n: usize| {
            let all = all.get(n).copied().unwrap_or_default();
            (found.get(n).copied().unwrap_or_default(), f64::from(all))
        };
        Ok(Self {
            french,
            arabic,
            english,
            simple,
            any,
            is_empty: nodes == 0,
            estimates: [estimate(0), estimate(1)],
        })
    }

    /// Whether a scan of a table from its newest row on finds this many matches sooner than fetching all matches does: the
    /// scan reads `wanted · all / found` rows, fetching reads `found`.
    pub fn is_common(&self, table: &str, wanted: usize) -> bool {
        let (found, all) = self.estimates[usize::from(table == "headlines")];
        #[expect(clippy::cast_precision_loss, reason = "it is a few hundred")]
        let wanted = wanted as f64;
        found * found > wanted * all
    }

    /// The query in the language of a row of this alias.
    pub fn for_language_of(&self, alias: &'static str) -> Fragment {
        let query = |sql: Fragment, query: &str| sql.text(query).sql("::tsquery");
        let sql = Fragment::new("(CASE split_part(")
            .sql(alias)
            .sql(".language, '-', 1) WHEN 'fr' THEN ");
        let sql = query(sql, &self.french).sql(" WHEN 'ar' THEN ");
        let sql = query(sql, &self.arabic).sql(" WHEN 'en' THEN ");
        let sql = query(sql, &self.english).sql(" ELSE ");
        query(sql, &self.simple).sql(" END)")
    }

    /// The condition that a row of this alias matches; the part that an index knows comes first.
    pub fn match_row(&self, alias: &'static str) -> Fragment {
        Fragment::new(alias)
            .sql(".search @@ ")
            .text(&self.any)
            .sql("::tsquery AND ")
            .sql(alias)
            .sql(".search @@ ")
            .append(&self.for_language_of(alias))
    }

    /// The first `most` characters of a text, normalized, with delimiters around the matches.
    pub fn highlighted(&self, alias: &'static str, text: &'static str, most: usize) -> Fragment {
        debug_assert!((BEGIN, END) == ('\u{1}', '\u{2}'));
        Fragment::new("ts_headline(search_config(")
            .sql(alias)
            .sql(".language), search_normalize_text(left(")
            .sql(text)
            .sql(", ")
            .number(most)
            .sql(")), ")
            .append(&self.for_language_of(alias))
            .sql(", E'HighlightAll=true, StartSel=\\x01, StopSel=\\x02')")
    }
}
