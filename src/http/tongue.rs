//! The language that somebody wants to read names in: the one asked for, or else what the browser says (RFC 9110,
//! section 12.5.4), looked up as RFC 4647, section 3.4, has it.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::http::header::{AcceptLanguage, Header, Preference, Quality};
use icu_locale::fallback::LocaleFallbacker;
use icu_locale::{DataLocale, LanguageIdentifier};

use crate::language;

/// Most languages that are heeded; a browser sends a handful.
const MOST: usize = 20;

/// The languages wanted, the best first.
#[derive(Clone, Debug, Default)]
pub struct Tongue {
    /// The one that a parameter asks for.
    pub asked: Option<String>,
    /// What the request's headers prefer.
    accepted: Vec<String>,
    /// Whether the answer depends on the request's headers.
    negotiated: bool,
}

impl Tongue {
    pub fn new(asked: Option<String>, accepted: Vec<String>) -> Self {
        Self {
            negotiated: asked.is_none(),
            asked,
            accepted,
        }
    }

    /// Nobody's: for what has no names in other languages.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether the answer depends on the request's headers.
    pub fn is_negotiated(&self) -> bool {
        self.negotiated
    }

    /// The same without what the headers say: for who writes back what was read.
    pub fn as_written(mut self) -> Self {
        self.accepted.clear();
        self
    }

    fn wanted(&self) -> impl Iterator<Item = &str> {
        let asked = self.asked.as_deref();
        let accepted = self.accepted.iter().map(String::as_str);
        asked
            .into_iter()
            .chain(accepted.filter(move |_| asked.is_none()))
    }

    /// The best of the languages that there are; none where none of them is wanted.
    pub fn pick<'a>(&self, there: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
        self.wanted().find_map(|wanted| {
            let exact = chain(wanted)
                .into_iter()
                .find_map(|range| there.clone().find(|tag| *tag == range));
            // Who asks for Arabic takes that of any country.
            exact.or_else(|| {
                there.clone().find(|tag| {
                    tag.strip_prefix(wanted)
                        .is_some_and(|rest| rest.starts_with('-'))
                })
            })
        })
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
        Tongue::new(None, accepted(&request))
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
        let asked = Tongue::new(Some("ar".into()), vec!["fr".into()]);
        assert_eq!(asked.pick(there.into_iter()), Some("ar"));
        assert_eq!(asked.pick(["fr"].into_iter()), None);
    }
}
