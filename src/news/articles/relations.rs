//! Joins what an article refers to, as far as it is selected: its category, authors, tags and translations.

use crate::db::Fragment;
use crate::news::categories::CategoryRef;
use crate::news::content::visibility::Visibility;

/// The joins by the names `of_category`, `signed`, `tagged` and `translated`. The others are joined empty.
pub(super) fn join(visibility: Visibility, includes: impl Fn(&str) -> bool) -> Fragment {
    let category = if includes("category") {
        CategoryRef::join("articles.category_id")
    } else {
        CategoryRef::join_nothing()
    };
    let authors = if includes("authors") || includes("author_ids") {
        include_str!("sql/authors.sql")
    } else {
        " CROSS JOIN (SELECT '[]'::json AS author_ids, '[]'::json AS authors) AS signed"
    };
    let tags = if includes("tags") || includes("tag_ids") {
        include_str!("sql/tags.sql")
    } else {
        " CROSS JOIN (SELECT '[]'::json AS tag_ids, '[]'::json AS tags) AS tagged"
    };
    let translations = if includes("translations") || includes("translation_of") {
        translations(visibility)
    } else {
        Fragment::new(
            " CROSS JOIN (SELECT NULL::uuid AS translation_of, '[]'::json AS translations) AS translated",
        )
    };
    category.sql(authors).sql(tags).append(&translations)
}

/// The translations that are visible, and the original if it is.
fn translations(visibility: Visibility) -> Fragment {
    let original = match visibility {
        Visibility::Everything => "articles.translation_of",
        Visibility::Public | Visibility::Early => {
            "min(other.id::text) FILTER (WHERE other.id = articles.translation_of)::uuid"
        }
    };
    Fragment::new(" CROSS JOIN LATERAL (SELECT ")
        .sql(original)
        .sql(" AS translation_of, ")
        .sql(include_str!("sql/translations.sql"))
        .sql(" AND ")
        .append(&visibility.of_articles("other"))
        .sql(") AS translated")
}
