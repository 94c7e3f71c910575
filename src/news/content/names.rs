//! Names by language: what categories, authors and tags share. `name` is in the site's first language, `names` in others.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{AdditionalProperties, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

use crate::access::caller::Scope;
use crate::access::extractors::Reader;
use crate::http::language;
use crate::http::locale::LanguagePreference;
use crate::problem::Fault;

/// Names by language tag.
pub type Names = BTreeMap<String, String>;

/// Who may write gets names as they are written, unless another language is asked for: what is read may be sent back.
pub fn as_read_by(reader: &Reader, locale: LanguagePreference) -> LanguagePreference {
    if reader.has(Scope::Write) {
        locale.as_written()
    } else {
        locale
    }
}

/// Gives each language its usual spelling.
///
/// # Errors
/// Where one is there twice, spelt in two ways.
pub fn settle(names: &mut Names) -> Result<(), Vec<Fault>> {
    let mut faults = Vec::new();
    for (tag, name) in std::mem::take(names) {
        let canonical = language::canonical(&tag).unwrap_or_else(|_| tag.clone());
        if names.insert(canonical, name).is_some() {
            let detail = "this language is there already, spelt another way";
            faults.push(Fault::at(format!("/names/{tag}"), "duplicate_item", detail));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

/// Puts a name into the language that is wanted. In the first language it is called as it is written.
pub fn localize(
    name: &mut String,
    names: &Names,
    first_language: &str,
    locale: &LanguagePreference,
) {
    let there = names.keys().map(String::as_str);
    if let Some(tag) = locale.pick(there.chain(std::iter::once(first_language)))
        && tag != first_language
        && let Some(other) = names.get(tag)
    {
        other.clone_into(name);
    }
}

/// The schema of `names`.
pub fn schema() -> RefOr<Schema> {
    let text = |format: &str, longest| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom(format.into())))
            .max_length(Some(longest))
    };
    let name: RefOr<Schema> = text("line", 100).into();
    ObjectBuilder::new()
        .description(Some(
            "Its name in other languages, by language tag (BCP 47).",
        ))
        .property_names(Some(Schema::Object(text("bcp47", 35).build())))
        .max_properties(Some(50))
        .additional_properties(Some(AdditionalProperties::RefOr(name)))
        .into()
}
