//! The language that somebody wants to read names in, looked up as RFC 4647, section 3.4, has it. Of categories, authors,
//! tags and the site: the one asked for, or else what the browser says (RFC 9110, section 12.5.4). Of what stands in
//! content: the one asked for, or else the content's own, so that its answers don't depend on the browser.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use actix_web::HttpRequest;
use actix_web::http::header::{AcceptLanguage, Header, Preference, Quality};
use icu_locale::fallback::LocaleFallbacker;
use icu_locale::{DataLocale, LanguageIdentifier};

use crate::http::language;

/// Most languages that are heeded; a browser sends a handful.
const MOST: usize = 20;

/// A language that is wanted, and what it falls back to.
#[derive(Clone, Debug)]
struct Range {
    tag: String,
    /// Looked up once, where it is needed at all.
    wider: OnceLock<Vec<String>>,
}

impl Range {
    fn new(tag: String) -> Self {
        Self {
            tag,
            wider: OnceLock::new(),
        }
    }

    fn pick<'a>(&self, there: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
        if let Some(exact) = there.clone().find(|tag| *tag == self.tag) {
            return Some(exact);
        }
        let wider = self.wider.get_or_init(|| chain(&self.tag));
        let found = wider
            .iter()
            .find_map(|range| there.clone().find(|tag| tag == range));
        // Who asks for Arabic takes that of any country.
        found.or_else(|| {
            there.clone().find(|tag| {
                tag.strip_prefix(&self.tag)
                    .is_some_and(|rest| rest.starts_with('-'))
            })
        })
    }
}

/// One thing to ask of a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Whether it is this one.
    Is(String),
    /// Whether its tag begins so.
    Begins(String),
}

/// The languages wanted, the best first.
#[derive(Clone, Debug, Default)]
pub struct LanguagePreference {
    /// The one that a parameter asks for.
    pub asked: Option<String>,
    ranges: Vec<Range>,
    /// Whether the answer depends on the request's headers.
    negotiated: bool,
}

impl LanguagePreference {
    /// The one that a parameter asks for, or else what the request's headers prefer.
    pub fn new(asked: Option<impl Into<String>>, accepted: Vec<String>) -> Self {
        let asked: Option<String> = asked.map(Into::into);
        let ranges = match &asked {
            Some(tag) => vec![Range::new(tag.clone())],
            None => accepted.into_iter().map(Range::new).collect(),
        };
        Self {
            negotiated: asked.is_none(),
            asked,
            ranges,
        }
    }

    /// The one that a parameter asks for, whatever the headers say: for content, which has a language of its own.
    pub fn asked_for(asked: Option<impl Into<String>>) -> Self {
        Self {
            negotiated: false,
            ..Self::new(asked, Vec::new())
        }
    }

    /// Nobody's: names stay as they are written, those in content come in its own language.
    pub fn none() -> Self {
        Self::default()
    }

    /// The same and, behind all others, the language of the content that the names stand in.
    pub fn or_in(&self, language: &str) -> Self {
        let mut locale = self.clone();
        locale.ranges.push(Range::new(language.to_owned()));
        locale
    }

    /// Whether the answer depends on the request's headers.
    pub fn is_negotiated(&self) -> bool {
        self.negotiated
    }

    /// The same without what the headers say: for who writes back what was read.
    pub fn as_written(mut self) -> Self {
        if self.asked.is_none() {
            self.ranges.clear();
        }
        self
    }

    /// The best of the languages that there are; none where none of them is wanted.
    pub fn pick<'a>(&self, there: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
        self.ranges
            .iter()
            .find_map(|range| range.pick(there.clone()))
    }

    /// What [`LanguagePreference::pick`] asks of the languages that there are, one step after the other.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for range in &self.ranges {
            let wider = range.wider.get_or_init(|| chain(&range.tag));
            let exact = std::iter::once(&range.tag).chain(wider).cloned();
            let begins = Step::Begins(format!("{}-", range.tag));
            for step in exact.map(Step::Is).chain([begins]) {
                if !steps.contains(&step) {
                    steps.push(step);
                }
            }
        }
        steps
    }

    /// Whether this language is one that is wanted.
    pub fn has(&self, language: &str) -> bool {
        self.pick(std::iter::once(language)).is_some()
    }

    /// The best of some names by language.
    pub fn name<'a>(&self, names: &'a BTreeMap<String, String>) -> Option<&'a str> {
        let tag = self.pick(names.keys().map(String::as_str))?;
        names.get(tag).map(String::as_str)
    }
}

/// A tag and what it falls back to, as CLDR has it: `zh-Hant-TW`, `zh-Hant`; never another script.
fn chain(tag: &str) -> Vec<String> {
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

/// What the request's headers prefer, the best first. What can't be read counts as not sent.
pub fn accepted(request: &HttpRequest) -> Vec<String> {
    let Ok(header) = AcceptLanguage::parse(request) else {
        return Vec::new();
    };
    let mut items: Vec<_> = header
        .iter()
        .filter(|item| item.quality > Quality::ZERO)
        .collect();
    items.sort_by_key(|item| std::cmp::Reverse(item.quality));
    items
        .into_iter()
        .take(MOST)
        // Behind “any”, nothing is preferred.
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

    fn picked(header: &str, there: &[&str]) -> Option<String> {
        let request = TestRequest::default()
            .insert_header(("Accept-Language", header))
            .to_http_request();
        LanguagePreference::new(None::<String>, accepted(&request))
            .pick(there.iter().copied())
            .map(str::to_owned)
    }

    #[test]
    fn the_best_of_what_is_there_is_picked() {
        let there = ["fr", "ar", "en-GB", "pt-BR"];
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
            assert_eq!(picked(header, &there).as_deref(), best, "{header}");
        }
        let asked = LanguagePreference::new(Some("ar"), vec!["fr".into()]);
        assert_eq!(asked.pick(there.into_iter()), Some("ar"));
        assert_eq!(asked.pick(["fr"].into_iter()), None);
    }

    #[test]
    fn content_names_things_in_its_own_language_where_no_other_is_asked_for() {
        let there = ["fr", "ar", "en-GB"];
        let pick = |asked: Option<&str>, own| {
            let locale = LanguagePreference::asked_for(asked);
            assert!(!locale.is_negotiated());
            locale.or_in(own).pick(there.into_iter()).map(str::to_owned)
        };
        assert_eq!(pick(None, "ar-MA").as_deref(), Some("ar"));
        assert_eq!(pick(Some("en"), "ar").as_deref(), Some("en-GB"));
        assert_eq!(pick(Some("de"), "ar").as_deref(), Some("ar"));
        assert_eq!(pick(Some("de"), "es"), None);
    }

    #[test]
    fn the_steps_lead_to_the_language_that_is_picked() {
        let is = |tag: &str| Step::Is(tag.into());
        let begins = |tag: &str| Step::Begins(tag.into());
        let locale = LanguagePreference::asked_for(Some("ar-MA"));
        let locale = locale.or_in("fr").or_in("ar");
        assert_eq!(
            locale.steps(),
            [
                is("ar-MA"),
                is("ar"),
                begins("ar-MA-"),
                is("fr"),
                begins("fr-"),
                begins("ar-"),
            ]
        );
        for there in [
            vec!["fr", "ar"],
            vec!["ar", "ar-MA"],
            vec!["fr-CA", "ar-EG"],
            vec!["ar-EG", "es"],
            vec!["es", "de"],
        ] {
            let found = locale.steps().iter().find_map(|step| {
                there.iter().copied().find(|tag| match step {
                    Step::Is(step) => tag == step,
                    Step::Begins(step) => tag.starts_with(step.as_str()),
                })
            });
            assert_eq!(found, locale.pick(there.iter().copied()), "{there:?}");
        }
    }
}
