//! Validation of the site: languages, URL and time zone.

use jiff::tz::TimeZone;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, SchemaFormat, Type};

use crate::http::language;
use crate::news::messages;
use crate::problem::{Fault, FaultCode};

use super::NewSite;

/// Validates the site. Languages and time zone get their canonical names.
pub fn validate(new: &mut NewSite) -> Result<(), Vec<Fault>> {
    let mut faults = canonicalize_languages(&mut new.languages);
    if new.url.as_ref().is_some_and(|url| url.contains(['?', '#'])) {
        let detail = messages::site_url();
        faults.push(Fault::at("/url", FaultCode::InvalidUrl, detail));
    }
    match canonical_time_zone(&new.time_zone) {
        Some(name) => new.time_zone = name,
        None => faults.push(invalid_time_zone()),
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults)
    }
}

fn canonicalize_languages(languages: &mut Vec<String>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (n, tag) in std::mem::take(languages).iter().enumerate() {
        let pointer = format!("/languages/{n}");
        match language::canonical(tag) {
            Ok(tag) if languages.contains(&tag) => {
                faults.push(Fault::at(
                    pointer,
                    FaultCode::DuplicateItem,
                    messages::language_twice(),
                ));
            }
            Ok(tag) => languages.push(tag),
            Err(detail) => faults.push(Fault::at(pointer, FaultCode::InvalidLanguage, detail)),
        }
    }
    faults
}

fn canonical_time_zone(name: &str) -> Option<String> {
    // `Factory` is the time zone of a system on which none was set.
    let zone = TimeZone::get(name)
        .ok()
        .filter(|zone| !zone.is_unknown() && zone.iana_name() != Some("Factory"))?;
    zone.iana_name().map(str::to_owned)
}

/// The name is not in the IANA database.
pub fn invalid_time_zone() -> Fault {
    Fault::at(
        "/time_zone",
        FaultCode::InvalidTimeZone,
        messages::time_zone(),
    )
}

/// The schema of `languages`.
pub fn languages_schema() -> Array {
    let tag = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("bcp47".into())))
        .max_length(Some(35));
    ArrayBuilder::new()
        .description(Some(
            "Its languages (BCP 47), in order of preference, each once. The names of categories, authors and tags are in the first.",
        ))
        .items(tag)
        .min_items(Some(1))
        .max_items(Some(50))
        .unique_items(true)
        .build()
}
