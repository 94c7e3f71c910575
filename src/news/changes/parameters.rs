//! The query parameters of streams and changes.

use utoipa::openapi::Object;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::ResourceKind;
use crate::http::id_or_slug::IdOrSlug;
use crate::http::language::LanguageTag;
use crate::http::paging::Limit;
use crate::http::parameter_types::string;
use crate::http::query_parameters::ParameterType;
use crate::news::listing::filter::TimelineFilter;
use crate::news::messages;
use crate::problem::Text;
use crate::query_parameters;

query_parameters! {
    /// The filters of content.
    pub struct ContentFilter {
        /// Content in one of these categories or their descendants (slugs or ids, separated by commas, at most 20). What is
        /// not content, such as an author, is there in any case.
        #[name("category")]
        #[example("economie")]
        pub categories: Vec<IdOrSlug>,
        /// Content in exactly this language (BCP 47).
        #[example("fr")]
        pub language: Option<LanguageTag>,
        /// Content with this tag (slug or id). A headline has the tags of the article that it links to.
        #[example("larache")]
        pub tag: Option<IdOrSlug>,
    }
}

impl ContentFilter {
    /// The same as the filter of a list.
    pub fn timeline(&self) -> TimelineFilter {
        TimelineFilter {
            categories: self.categories.clone(),
            language: self.language.clone(),
            tag: self.tag.clone(),
            ..TimelineFilter::default()
        }
    }
}

query_parameters! {
    /// The kinds of resources to follow.
    pub struct KindsParameter {
        /// Only resources of these kinds, separated by commas.
        #[name("resource")]
        #[example("headline,article")]
        pub kinds: Kinds,
    }
}

query_parameters! {
    /// The parameters of changes.
    pub struct ChangesParameters {
        ..kinds: KindsParameter,
        ..filter: ContentFilter,

        /// The place to go on from: `page.next` of the page before; or `now`, for a place without items.
        #[example("now")]
        pub since: Option<Since>,
        /// Begins with everything that the caller may see now, as a request without `since` does. The pages end with the place
        /// to go on from.
        #[example(true)]
        pub snapshot: Option<bool>,
        /// The maximum number of items on a page.
        pub limit: Limit = Limit(100),
        /// Seconds to hold the request until there is something to send.
        #[example(30)]
        pub wait: Wait = Wait(0),
    }
}

/// A place in the log of changes, as text.
#[derive(Clone, Debug)]
pub struct Since(pub String);

impl ParameterType for Since {
    fn parse(text: &str) -> Result<Self, Text> {
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Object {
        let pattern = Some("^[A-Za-z0-9_-]+$");
        string().max_length(Some(4000)).pattern(pattern).build()
    }
}

/// Kinds of resources; empty for all.
#[derive(Clone, Debug, Default)]
pub struct Kinds(pub Vec<ResourceKind>);

impl ParameterType for Kinds {
    const IS_OPTIONAL: bool = true;

    fn parse(text: &str) -> Result<Self, Text> {
        let kinds: Option<Vec<ResourceKind>> =
            text.split(',').map(|word| word.parse().ok()).collect();
        let kinds = kinds.filter(|kinds| kinds.len() <= ResourceKind::ALL.len());
        kinds.map(Self).ok_or_else(|| {
            let words: Vec<&str> = ResourceKind::ALL.iter().map(|kind| kind.as_str()).collect();
            messages::words_of(words.join(", "))
        })
    }

    fn schema() -> Object {
        let words: Vec<&str> = ResourceKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let word = words.join("|");
        let pattern = format!("^({word})(,({word}))*$");
        string().max_length(Some(53)).pattern(Some(pattern)).build()
    }
}

/// How long a request is held, in seconds.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Wait(pub u8);

/// The longest wait.
const LONGEST_WAIT: u8 = 30;

impl ParameterType for Wait {
    fn parse(text: &str) -> Result<Self, Text> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = text.parse().ok();
        seconds
            .filter(|seconds| digits && *seconds <= LONGEST_WAIT)
            .map(Self)
            .ok_or_else(|| messages::seconds_to_wait(u32::from(LONGEST_WAIT)))
    }

    fn schema() -> Object {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(0))
            .maximum(Some(f64::from(LONGEST_WAIT)))
            .build()
    }
}
