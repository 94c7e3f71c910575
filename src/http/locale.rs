//! The preferred language of names, matched by lookup (RFC 4647, section 3.4). For categories, authors, tags and the site it is
//! the parameter `language` or else `Accept-Language` (RFC 9110, section 12.5.4). For names within content it is the parameter
//! or else the content's own language, so that responses with content don't depend on the browser.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, LanguageTag, Preference, Quality, QualityItem};
use icu_locale::fallback::LocaleFallbacker;
use icu_locale::{DataLocale, LanguageIdentifier};

use crate::http::language;
use crate::problem::Language;

/// How many languages of `Accept-Language` are used; a browser sends a handful.
const MOST_LANGUAGES: usize = 20;

/// A language range and its fallbacks.
#[derive(Clone, Debug)]
struct Range {
    tag: String,
    /// Looked up once, when first needed.
    fallbacks: OnceLock<Vec<String>>,
}

impl Range {
    fn new(tag: String) -> Self {
        Self {
            tag,
            fallbacks: OnceLock::new(),
        }
    }

    fn pick<'a>(&self, available: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
        if let Some(exact) = available.clone().find(|tag| *tag == self.tag) {
            return Some(exact);
        }
        let fallbacks = self.fallbacks.get_or_init(|| fallbacks_of(&self.tag));
        let found = fallbacks
            .iter()
            .find_map(|range| available.clone().find(|tag| tag == range));
        // `ar` accepts the Arabic of any country.
        found.or_else(|| {
            available.clone().find(|tag| {
                tag.strip_prefix(&self.tag)
                    .is_some_and(|rest| rest.starts_with('-'))
            })
        })
    }
}

/// One test of a language in a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Whether its tag is this one.
    Exact(String),
    /// Whether its tag begins with this.
    Prefix(String),
}

/// The preferred languages, the best first.
#[derive(Clone, Debug, Default)]
pub struct LanguagePreference {
    /// The language of the parameter.
    pub requested: Option<String>,
    ranges: Vec<Range>,
    /// Whether the response depends on `Accept-Language`.
    negotiated: bool,
}

impl LanguagePreference {
    /// The language of the parameter, or else those of `Accept-Language`.
    pub fn new(requested: Option<impl Into<String>>, accepted: Vec<String>) -> Self {
        let requested: Option<String> = requested.map(Into::into);
        let ranges = match &requested {
            Some(tag) => vec![Range::new(tag.clone())],
            None => accepted.into_iter().map(Range::new).collect(),
        };
        Self {
            negotiated: requested.is_none(),
            requested,
            ranges,
        }
    }

    /// The language of the parameter alone: for content, which has a language of its own.
    pub fn for_content(requested: Option<impl Into<String>>) -> Self {
        Self {
            negotiated: false,
            ..Self::new(requested, Vec::new())
        }
    }

    /// No preference: names stay as they are written, those within content come in its language.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same and, last, the language of the content that contains the names.
    pub fn or_in(&self, language: &str) -> Self {
        let mut locale = self.clone();
        locale.ranges.push(Range::new(language.to_owned()));
        locale
    }

    /// Whether the response depends on `Accept-Language`.
    pub fn is_negotiated(&self) -> bool {
        self.negotiated
    }

    /// The same without `Accept-Language`: for editors, who send back what they read.
    pub fn as_written(mut self) -> Self {
        if self.requested.is_none() {
            self.ranges.clear();
        }
        self
    }

    /// The best of the available languages; none if none of them matches.
    pub fn pick<'a>(&self, available: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
        self.ranges
            .iter()
            .find_map(|range| range.pick(available.clone()))
    }

    /// The tests of [`LanguagePreference::pick`] in their order, for a lookup in SQL.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for range in &self.ranges {
            let fallbacks = range.fallbacks.get_or_init(|| fallbacks_of(&range.tag));
            let exact = std::iter::once(&range.tag).chain(fallbacks).cloned();
            let prefix = Step::Prefix(format!("{}-", range.tag));
            for step in exact.map(Step::Exact).chain([prefix]) {
                if !steps.contains(&step) {
                    steps.push(step);
                }
            }
        }
        steps
    }

    /// Whether this language matches.
    pub fn has(&self, language: &str) -> bool {
        self.pick(std::iter::once(language)).is_some()
    }

    /// The best of the names by language.
    pub fn name<'a>(&self, names: &'a BTreeMap<String, String>) -> Option<&'a str> {
        let tag = self.pick(names.keys().map(String::as_str))?;
        names.get(tag).map(String::as_str)
    }
}

/// A tag and its fallbacks in CLDR, such as `zh-Hant-TW` and `zh-Hant`; never another script.
fn fallbacks_of(tag: &str) -> Vec<String> {
    let Ok(language) = LanguageIdentifier::try_from_str(tag) else {
        return Vec::new();
    };
    let mut steps = LocaleFallbacker::new()
        .for_config(Default::default())
        .fallback_for(DataLocale::from(language));
    let mut found = vec![tag.to_owned()];
    while !steps.get().is_unknown() {
        let step = steps.get().to_string();
        if !found.contains(&step) {
            found.push(step);
        }
        steps.step();
    }
    found
}

/// The languages of `Accept-Language`, the best first; none if it is malformed.
pub fn accepted(request: &HttpRequest) -> Vec<String> {
    accepted_in(request.headers())
}

/// The language for the text of problems and their pages: the best of those that they are written in, or English.
pub fn problem_language(headers: &HeaderMap) -> Language {
    let preference = LanguagePreference::new(None::<String>, accepted_in(headers));
    Language::of_tag(preference.pick(Language::TAGS.into_iter()))
}

fn accepted_in(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(header::ACCEPT_LANGUAGE);
    let Ok(header) =
        header::from_comma_delimited::<_, QualityItem<Preference<LanguageTag>>>(values)
    else {
        return Vec::new();
    };
    let mut items: Vec<_> = header
        .iter()
        .filter(|item| item.quality > Quality::ZERO)
        .collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.quality));
    items
        .into_iter()
        .take(MOST_LANGUAGES)
        // Languages after `*` are not preferred to others.
        .map_while(|item| match &item.item {
            Preference::Any => None,
            Preference::Specific(tag) => Some(tag.to_string()),
        })
        .filter_map(|tag| language::canonical(&tag).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn picked(header: &str, available: &[&str]) -> Option<String> {
        let request = TestRequest::default()
            .insert_header(("Accept-Language", header))
            .to_http_request();
        LanguagePreference::new(None::<String>, accepted(&request))
            .pick(available.iter().copied())
            .map(str::to_owned)
    }

    #[test]
    fn the_best_of_the_available_languages_is_picked() {
        let available = ["fr", "ar", "en-GB", "pt-BR"];
        for (header, best) in [
            ("ar", Some("ar")),
            ("ar-MA", Some("ar")),
            ("de, ar-MA;q=0.5, fr;q=0.8", Some("fr")),
            ("pt", Some("pt-BR")),
            ("ar;q=0, fr;q=0.1", Some("fr")),
            ("de", None),
            ("*", None),
            ("*, ar;q=0.5", None),
            ("", None),
            ("nonsense!", None),
        ] {
            assert_eq!(picked(header, &available).as_deref(), best, "{header}");
        }
        let requested = LanguagePreference::new(Some("ar"), vec!["fr".into()]);
        assert_eq!(requested.pick(available.into_iter()), Some("ar"));
        assert_eq!(requested.pick(["fr"].into_iter()), None);
    }

    #[test]
    fn names_within_content_come_in_its_language_by_default() {
        let available = ["fr", "ar", "en-GB"];
        let pick = |requested: Option<&str>, own| {
            let locale = LanguagePreference::for_content(requested);
            assert!(!locale.is_negotiated());
            locale
                .or_in(own)
                .pick(available.into_iter())
                .map(str::to_owned)
        };
        assert_eq!(pick(None, "ar-MA").as_deref(), Some("ar"));
        assert_eq!(pick(Some("en"), "ar").as_deref(), Some("en-GB"));
        assert_eq!(pick(Some("de"), "ar").as_deref(), Some("ar"));
        assert_eq!(pick(Some("de"), "es"), None);
    }

    #[test]
    fn the_steps_lead_to_the_language_that_is_picked() {
        let exact = |tag: &str| Step::Exact(tag.into());
        let prefix = |tag: &str| Step::Prefix(tag.into());
        let locale = LanguagePreference::for_content(Some("ar-MA"));
        let locale = locale.or_in("fr").or_in("ar");
        assert_eq!(
            locale.steps(),
            [
                exact("ar-MA"),
                exact("ar"),
                prefix("ar-MA-"),
                exact("fr"),
                prefix("fr-"),
                prefix("ar-"),
            ]
        );
        for available in [
            vec!["fr", "ar"],
            vec!["ar", "ar-MA"],
            vec!["fr-CA", "ar-EG"],
            vec!["ar-EG", "es"],
            vec!["es", "de"],
        ] {
            let found = locale.steps().iter().find_map(|step| {
                available.iter().copied().find(|tag| match step {
                    Step::Exact(step) => tag == step,
                    Step::Prefix(step) => tag.starts_with(step.as_str()),
                })
            });
            assert_eq!(
                found,
                locale.pick(available.iter().copied()),
                "{available:?}"
            );
        }
    }
}
