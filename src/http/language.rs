//! Languages: tags (BCP 47) and the direction of writing.

use icu_locale::{Direction, LanguageIdentifier, LocaleDirectionality};

use crate::http::messages;
use crate::problem::Text;

crate::text_enum! {
    /// The text direction of a language.
    #[schema(as = Direction)]
    Dir {
        /// Left to right.
        Ltr = "ltr",
        /// Right to left.
        Rtl = "rtl",
    }
}

/// A language with, where that matters, its script, region and variants (BCP 47, as Unicode has it).
pub const PATTERN: &str = "^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$";

/// The tag of a language in its usual spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageTag(String);

impl LanguageTag {
    /// # Errors
    /// When it is not a language tag.
    pub fn new(tag: &str) -> Result<Self, Text> {
        canonical(tag).map(Self)
    }
}

impl std::ops::Deref for LanguageTag {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<LanguageTag> for String {
    fn from(tag: LanguageTag) -> Self {
        tag.0
    }
}

/// The tag in its usual spelling (`AR-ma` is `ar-MA`).
///
/// # Errors
/// When it is not a language tag.
pub fn canonical(tag: &str) -> Result<String, Text> {
    let language = LanguageIdentifier::try_from_str(tag)
        .ok()
        .filter(|language| !language.language.is_unknown())
        .ok_or_else(messages::not_a_language_tag)?;
    Ok(language.to_string())
}

/// The direction that the language of this tag is written in.
pub fn dir(tag: &str) -> Dir {
    let Ok(language) = LanguageIdentifier::try_from_str(tag) else {
        return Dir::Ltr;
    };
    match LocaleDirectionality::new_common().get(&language) {
        Some(Direction::RightToLeft) => Dir::Rtl,
        _ => Dir::Ltr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_one_spelling() {
        assert_eq!(canonical("FR").as_deref(), Ok("fr"));
        assert_eq!(canonical("ar-ma").as_deref(), Ok("ar-MA"));
        assert_eq!(canonical("zgh-tfng-MA").as_deref(), Ok("zgh-Tfng-MA"));
        for wrong in [
            "",
            "f",
            "français",
            "fr_",
            "und",
            "en-",
            "x-private",
            "fr-\u{0}",
        ] {
            assert!(canonical(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_direction_follows_from_the_language_and_its_script() {
        for rtl in ["ar", "ar-MA", "he", "fa", "ur", "pa-Arab"] {
            assert_eq!(dir(rtl), Dir::Rtl, "{rtl}");
        }
        for ltr in ["fr", "en-GB", "zgh", "zh", "az", "ar-Latn"] {
            assert_eq!(dir(ltr), Dir::Ltr, "{ltr}");
        }
    }
}
