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
        " CROSS JOIN (SELECT ARRAY[]::record[] AS authors) AS signed"
    };
    let tags = if includes("tags") || includes("tag_ids") {
        include_str!("sql/tags.sql")
    } else {
        " CROSS JOIN (SELECT ARRAY[]::record[] AS tags) AS tagged"
    };
    let translations = if includes("translations") || includes("translation_of") {
        translations(visibility)
    } else {
        Fragment::new(
            " CROSS JOIN (SELECT NULL::uuid AS translation_of, ARRAY[]::record[] AS translations) AS translated",
        )
    };
    category.sql(authors).sql(tags).append(&translations)
}

/// The translations that are visible, and the original if it is.
fn translations(visibility: Visibility) -> Fragment {
    let is_visible = |alias| visibility.of_content(alias);
    let original = match visibility {
        Visibility::Everything => Fragment::new("articles.translation_of"),
        Visibility::Public | Visibility::Early => {
            Fragment::new("(SELECT original.id FROM articles AS original WHERE original.id = articles.translation_of AND ")
                .append(&is_visible("original"))
                .sql(")")
        }
    };
    Fragment::new(" CROSS JOIN LATERAL (SELECT ")
        .append(&original)
        .sql(
            " AS translation_of, ARRAY(SELECT ROW(other.language, other.id, other.slug, other.title) FROM articles AS other \
             WHERE coalesce(other.translation_of, other.id) = coalesce(articles.translation_of, articles.id) \
             AND other.id <> articles.id AND ",
        )
        .append(&is_visible("other"))
        .sql(" ORDER BY other.language) AS translations) AS translated")
}
