//! Names by language, of categories, authors and tags: `name` in the site's first language, `names` in others.

use std::collections::BTreeMap;

use utoipa::openapi::schema::{AdditionalProperties, SchemaFormat, Type};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};

use crate::access::caller::Scope;
use crate::access::extractors::Reader;
use crate::http::language;
use crate::http::locale::LanguagePreference;
use crate::news::content::slug;
use crate::news::messages;
use crate::problem::{Fault, FaultCode};

/// Names by language tag.
pub type Names = BTreeMap<String, String>;

/// Callers that may write get the stored names unless they request a language, so that they can send back what they read.
pub fn as_read_by(reader: &Reader, locale: LanguagePreference) -> LanguagePreference {
    if reader.has(Scope::Write) {
        locale.as_written()
    } else {
        locale
    }
}

/// Validates the slug and the names of a new category, author or tag.
pub fn validate(chosen_slug: Option<&str>, names: &mut Names) -> Result<(), Vec<Fault>> {
    let mut faults = slug::validate(chosen_slug).err().unwrap_or_default();
    faults.extend(canonicalize(names));
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

/// Writes each language tag in its canonical form. A fault for each tag that is then there twice.
fn canonicalize(names: &mut Names) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (tag, name) in std::mem::take(names) {
        let canonical = language::canonical(&tag).unwrap_or_else(|_| tag.clone());
        if names.insert(canonical, name).is_some() {
            let detail = messages::language_respelt();
            faults.push(Fault::at(
                format!("/names/{tag}"),
                FaultCode::DuplicateItem,
                detail,
            ));
        }
    }
    faults
}

/// Translates a name into the preferred language. `name` itself is in the first language.
pub fn localize(
    name: &mut String,
    names: &Names,
    first_language: &str,
    locale: &LanguagePreference,
) {
    let available = names.keys().map(String::as_str);
    if let Some(tag) = locale.pick(available.chain(std::iter::once(first_language)))
        && tag != first_language
        && let Some(translated) = names.get(tag)
    {
        translated.clone_into(name);
    }
}

/// Translates the name of an embedded resource, whose `names` have the first language too.
pub fn localize_embedded(name: &mut String, names: &Names, locale: &LanguagePreference) {
    if let Some(translated) = locale.name(names) {
        translated.clone_into(name);
    }
}

/// The schema of `names`.
pub fn schema() -> RefOr<Schema> {
    let text = |format: &str, max_length| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom(format.into())))
            .max_length(Some(max_length))
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
