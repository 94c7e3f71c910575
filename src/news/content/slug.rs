//! Slugs: how an address is made from a title, and which addresses somebody may choose.

use deunicode::deunicode_char;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use uuid::Uuid;

use crate::db::{Fragment, Statement};
use crate::http::id_or_slug::{IdOrSlug, is_letter, is_slug};
use crate::problem::{Fault, Problem};
use crate::schema::former_slugs;

/// The longest slug that is made from a title, in characters; a chosen one may have more.
const LONGEST_MADE: usize = 80;

/// Words that stand where a slug stands in an address of ours, or may one day.
const RESERVED: &[&str] = &[
    "count", "docs", "export", "feed", "import", "latest", "live", "livez", "me", "metrics", "new",
    "openapi", "problems", "readyz", "related", "search", "site", "sitemap", "stream", "suggest",
    "trash", "tree", "v1",
];

/// Whether a word can't be a slug because a route has it.
pub fn is_reserved(slug: &str) -> bool {
    RESERVED.contains(&slug)
}

/// A slug for a title: Latin letters without their accents, letters of other scripts as they are (an Arabic reader
/// reads Arabic), everything else a hyphen. `fallback` is for a title without a letter.
pub fn from_title(title: &str, fallback: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for c in title.nfkc() {
        match c {
            // Tatweel and vowel marks: ornament and reading aid, not part of the word.
            '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' => {}
            // What neither shows nor separates: direction marks, the joiners.
            '\u{200c}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {}
            _ => match letters(c) {
                Some(letters) => words
                    .last_mut()
                    .expect("there is always one")
                    .push_str(&letters),
                None => words.push(String::new()),
            },
        }
    }
    let mut slug = String::new();
    for word in words.iter().filter(|word| !word.is_empty()) {
        let longer = slug.chars().count() + 1 + word.chars().count();
        if slug.is_empty() {
            slug = word.chars().take(LONGEST_MADE).collect();
        } else if longer <= LONGEST_MADE {
            slug = format!("{slug}-{word}");
        } else {
            break;
        }
    }
    let slug: String = slug.nfc().collect();
    if is_slug(&slug) {
        slug
    } else {
        fallback.to_owned()
    }
}

/// The slug of a draft for which none was chosen: with the end of its id behind its title, it takes no address that something
/// public could want. A public article that became `…-2` would tell that there is a draft.
pub fn provisional(title: &str, fallback: &str, id: Uuid) -> String {
    let slug = format!("{}-{}", from_title(title, fallback), ending(id));
    if is_slug(&slug) {
        slug
    } else {
        format!("{fallback}-{}", ending(id))
    }
}

/// Whether this is the slug that something with this id had as a draft.
pub fn is_provisional(slug: &str, id: Uuid) -> bool {
    slug.strip_suffix(&ending(id))
        .is_some_and(|title| title.ends_with('-'))
}

/// The random end of an id (RFC 9562, section 5.7).
fn ending(id: Uuid) -> String {
    let id = id.simple().to_string();
    id[20..].to_owned()
}

/// What a character is in a slug; nothing, where it separates.
fn letters(c: char) -> Option<String> {
    let latin = matches!(c, '\u{aa}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    let digit = match c {
        '\u{660}'..='\u{669}' => Some('\u{660}'),
        '\u{6f0}'..='\u{6f9}' => Some('\u{6f0}'),
        _ => None,
    };
    if c.is_ascii_alphanumeric() {
        Some(c.to_ascii_lowercase().to_string())
    } else if let Some(zero) = digit {
        char::from_digit(u32::from(c) - u32::from(zero), 10).map(String::from)
    } else if latin && c.is_alphabetic() {
        let plain = deunicode_char(c)?.to_ascii_lowercase();
        plain
            .chars()
            .all(|c| c.is_ascii_alphanumeric())
            .then_some(plain)
    } else if !c.is_ascii() && (is_letter(c) || is_combining_mark(c)) {
        Some(c.to_lowercase().collect())
    } else {
        None
    }
}

/// Checks a slug that somebody chose; the schema has checked its form.
pub fn settle(chosen: Option<&str>) -> Result<(), Vec<Fault>> {
    match chosen {
        Some(slug) if is_reserved(slug) => {
            let detail = format!("`{slug}` is a word that addresses of the API use");
            Err(vec![Fault::at("/slug", "reserved", detail)])
        }
        _ => Ok(()),
    }
}

/// The slug for a new row: the one that was chosen, or one made from its title.
pub async fn claim(
    conn: &mut AsyncPgConnection,
    table: SlugTable,
    id: Uuid,
    chosen: Option<&str>,
    title: &str,
) -> Result<String, Problem> {
    let base = chosen.map_or_else(|| from_title(title, table.resource()), str::to_owned);
    lock(conn, table, &base).await?;
    match chosen {
        Some(chosen)
            if table
                .holder(conn, chosen)
                .await?
                .is_some_and(|holder| holder != id) =>
        {
            Err(taken())
        }
        Some(chosen) => Ok(chosen.to_owned()),
        None => Ok(next_free(conn, &base, id, table).await?),
    }
}

/// The problem of a chosen slug that another resource has.
pub fn taken() -> Problem {
    Problem::Conflict(
        "this slug is taken".into(),
        vec![Fault::at(
            "/slug",
            "taken",
            "another resource has this slug",
        )],
    )
}

/// The slug for a row that is there: the one that was chosen, else the one that it has, unless something else took that
/// while the row was in the trash.
pub async fn keep_or_claim(
    conn: &mut AsyncPgConnection,
    table: SlugTable,
    id: Uuid,
    chosen: Option<&str>,
    title: &str,
) -> Result<String, Problem> {
    if chosen.is_none() {
        let own = table.own(conn, id).await?;
        if table
            .holder(conn, &own)
            .await?
            .is_none_or(|holder| holder == id)
        {
            return Ok(own);
        }
    }
    claim(conn, table, id, chosen, title).await
}

/// Makes those wait who look for a free slug of the same beginning, until this transaction ends.
async fn lock(conn: &mut AsyncPgConnection, table: SlugTable, base: &str) -> QueryResult<()> {
    let numbered = |c: char| c == '-' || c.is_ascii_digit();
    let start = format!(
        "slug:{}:{}",
        table.resource(),
        base.trim_end_matches(numbered)
    );
    diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>(start)
        .execute(conn)
        .await?;
    Ok(())
}

/// The first of `base`, `base-2`, `base-3` … that nothing has and nothing had before.
async fn next_free(
    conn: &mut AsyncPgConnection,
    base: &str,
    own: Uuid,
    table: SlugTable,
) -> QueryResult<String> {
    let base = if is_reserved(base) {
        format!("{base}-2")
    } else {
        base.to_owned()
    };
    let taken: Vec<Taken> = diesel::sql_query(table.taken())
        .bind::<Text, _>(&base)
        .bind::<SqlUuid, _>(own)
        .load(conn)
        .await?;
    if !taken.iter().any(|taken| taken.slug == base) {
        return Ok(base);
    }
    let highest = taken
        .iter()
        .filter_map(|taken| {
            taken
                .slug
                .strip_prefix(&base)?
                .strip_prefix('-')?
                .parse::<u64>()
                .ok()
        })
        .max()
        .unwrap_or(1);
    Ok(format!("{base}-{}", highest.max(1) + 1))
}

#[derive(diesel::QueryableByName)]
struct Taken {
    #[diesel(sql_type = Text)]
    slug: String,
}

/// The tables whose rows have slugs.
#[derive(Clone, Copy, Debug)]
pub enum SlugTable {
    Categories,
    Articles,
    Authors,
    Tags,
}

impl SlugTable {
    /// The table, and what one of its rows is called.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Categories => ("categories", "category"),
            Self::Articles => ("articles", "article"),
            Self::Authors => ("authors", "author"),
            Self::Tags => ("tags", "tag"),
        }
    }

    fn resource(self) -> &'static str {
        self.names().1
    }

    /// The slug itself, and of those that number it on (`.` comes after `-`) the one with the highest number.
    fn taken(self) -> String {
        let (table, resource) = self.names();
        let alike = "(slug = $1 OR slug ~>=~ ($1 || '-') AND slug ~<~ ($1 || '.'))";
        format!(
            "WITH taken AS (SELECT slug FROM {table} WHERE deleted_at IS NULL AND id <> $2 AND {alike} \
             UNION ALL SELECT slug FROM former_slugs WHERE resource = '{resource}' AND resource_id <> $2 AND {alike}) \
             (SELECT slug FROM taken WHERE slug = $1) UNION ALL \
             (SELECT slug FROM taken WHERE substr(slug, char_length($1) + 2) ~ '^[1-9][0-9]{{0,8}}$' \
             ORDER BY char_length(slug) DESC, slug DESC LIMIT 1)"
        )
    }

    /// Who has this slug now.
    async fn holder(self, conn: &mut AsyncPgConnection, slug: &str) -> QueryResult<Option<Uuid>> {
        let sql = Fragment::new("SELECT id FROM ")
            .sql(self.names().0)
            .sql(" WHERE deleted_at IS NULL AND slug = ")
            .text(slug);
        Statement::<SqlUuid>::new(sql)
            .get_result(conn)
            .await
            .optional()
    }

    /// The slug that this row has, in the trash or not.
    async fn own(self, conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<String> {
        let sql = Fragment::new("SELECT slug FROM ")
            .sql(self.names().0)
            .sql(" WHERE id = ")
            .id(id);
        Statement::<Text>::new(sql).get_result(conn).await
    }

    /// Who had this slug before.
    pub async fn former(
        self,
        conn: &mut AsyncPgConnection,
        slug: &str,
    ) -> QueryResult<Option<Uuid>> {
        former_slugs::table
            .find((self.resource(), slug))
            .select(former_slugs::resource_id)
            .get_result(conn)
            .await
            .optional()
    }

    /// The id of what has this name now or, where it is a slug, had it before: a scalar to compare with. Null where
    /// nothing is, or was, of that name.
    pub fn id_of(self, name: &IdOrSlug) -> Fragment {
        let (table, resource) = self.names();
        let live = |column: &'static str| {
            Fragment::new("(SELECT id FROM ")
                .sql(table)
                .sql(" WHERE deleted_at IS NULL AND ")
                .sql(column)
        };
        match name {
            IdOrSlug::Id(id) => live("id = ").id(*id).sql(")"),
            IdOrSlug::Slug(slug) => Fragment::new("coalesce(")
                .append(&live("slug = ").text(slug))
                .sql("), (SELECT id FROM ")
                .sql(table)
                .sql(" WHERE deleted_at IS NULL AND id = (SELECT resource_id FROM former_slugs WHERE resource = '")
                .sql(resource)
                .sql("' AND slug = ")
                .text(slug)
                .sql(")))"),
        }
    }

    /// Whether there is something of this name.
    pub async fn has(self, conn: &mut AsyncPgConnection, name: &IdOrSlug) -> QueryResult<bool> {
        let sql = Fragment::new("SELECT ")
            .append(&self.id_of(name))
            .sql(" IS NOT NULL");
        Statement::<Bool>::new(sql).get_result(conn).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_make_readable_slugs() {
        for (title, slug) in [
            (
                "L’économie sociale et solidaire",
                "l-economie-sociale-et-solidaire",
            ),
            (
                "Œuvre d’art : « 23,6 % » de plus\u{202f}!",
                "oeuvre-d-art-23-6-de-plus",
            ),
            (
                "La 3ᵉ édition de l'été — enfin",
                "la-3e-edition-de-l-ete-enfin",
            ),
            ("Straße, Ærø, Łódź, İzmir", "strasse-aero-lodz-izmir"),
            ("موسمُ الزيتــون يُبشّر بالخير", "موسم-الزيتون-يبشر-بالخير"),
            ("ميزانية ٢٠٢٦: 12 مليارا", "ميزانية-2026-12-مليارا"),
            ("日本語 ニュース", "日本語-ニュース"),
            ("हिन्दी समाचार", "हिन्दी-समाचार"),
            ("\u{115f}Aa \u{3164}", "aa"),
            ("🎉🎉", "article"),
            ("", "article"),
            ("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d11", "article"),
        ] {
            assert_eq!(from_title(title, "article"), slug);
            assert!(is_slug(&from_title(title, "article")));
        }
    }

    #[test]
    fn a_provisional_slug_is_told_by_its_id_and_never_looks_like_one() {
        let id = Uuid::parse_str("0199f0a2-6c1e-7d6e-9f30-1f6a0b7c2d14").unwrap();
        for (title, slug) in [
            ("Une reprise", "une-reprise-1f6a0b7c2d14"),
            ("", "article-1f6a0b7c2d14"),
            ("0199f0a2 6c1e 7d6e 9f30", "article-1f6a0b7c2d14"),
        ] {
            assert_eq!(provisional(title, "article", id), slug);
            assert!(is_slug(slug) && is_provisional(slug, id));
        }
        for other in ["une-reprise", "1f6a0b7c2d14", "a1f6a0b7c2d14"] {
            assert!(!is_provisional(other, id), "{other}");
        }
    }

    #[test]
    fn a_long_title_is_cut_between_words() {
        let slug = from_title(&"anticonstitutionnellement ".repeat(9), "article");
        assert_eq!(
            slug,
            "anticonstitutionnellement-anticonstitutionnellement-anticonstitutionnellement"
        );
        assert_eq!(from_title(&"a".repeat(300), "article").len(), LONGEST_MADE);
    }

    #[test]
    fn not_every_text_is_a_slug() {
        for wrong in [
            "",
            "-a",
            "a-",
            "a--b",
            "A",
            "É",
            "a b",
            "a/b",
            "a%b",
            "a_b",
            "a\u{0}",
            "a\u{a0}b",
            "a\u{202e}b",
            "😀",
            "a·b",
            "e\u{301}te",
            "\u{345}",
            "\u{115f}a",
        ] {
            assert!(!is_slug(wrong), "{wrong:?}");
        }
        assert!(is_slug("0199f0a26c1e7d6e9f301f6a0b7c2d11"));
    }
}
