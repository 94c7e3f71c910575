//! The database's rules for articles, as problems.

use crate::news::content::crud::missing_reference;
use crate::news::messages;
use crate::problem::{ConstraintViolation, Fault, FaultCode, Problem};

pub(super) fn problem(violation: &ConstraintViolation) -> Option<Problem> {
    // The trigger names the place in the list.
    let nth = |list| format!("{list}/{}", violation.detail.as_deref().unwrap_or("0"));
    Some(match violation.name.as_str() {
        "articles_category_id_live" => missing_reference("/category_id"),
        "articles_translation_of_live" => missing_reference("/translation_of"),
        "article_authors_live" => missing_reference(nth("/author_ids")),
        "article_tags_live" => missing_reference(nth("/tag_ids")),
        "articles_authors_tags_live" => Problem::Invalid(vec![Fault::general(
            FaultCode::NotFound,
            messages::author_or_tag_gone(),
        )]),
        "articles_rendered_size" => Problem::Invalid(vec![Fault::at(
            "/body",
            FaultCode::TooComplex,
            messages::html_too_long(),
        )]),
        "articles_translation_key" => Problem::Conflict(
            messages::translation_exists(),
            vec![Fault::at(
                "/language",
                FaultCode::Taken,
                messages::language_taken(),
            )],
        ),
        _ => return None,
    })
}
