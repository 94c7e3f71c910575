//! The codes of faults: a vocabulary for programs, listed at `/problems`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

macro_rules! fault_codes {
    ($($variant:ident = $code:literal, $explanation:literal, $example:literal;)*) => {
        /// The kind of a fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FaultCode {
            $(#[doc = $explanation] $variant),*
        }

        impl FaultCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code as responses have it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// What is wrong, in a sentence.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $explanation),* }
            }

            /// An input that has this fault.
            pub const fn example(self) -> &'static str {
                match self { $(Self::$variant => $example),* }
            }
        }
    };
}

fault_codes! {
    Required = "required", "A required field or parameter is missing.", "`GET /v1/search` without `q`";
    Unknown = "unknown", "There is no field or parameter of this name.", "`?colour=red`";
    DuplicateParameter = "duplicate_parameter", "A parameter occurs more than once.", "`?limit=5&limit=6`";
    DuplicateItem = "duplicate_item", "An item occurs more than once in a list.", "`\"scopes\": [\"read\", \"read\"]`";
    Invalid = "invalid", "The value does not have the form that `detail` describes.", "`?limit=many`";
    WrongType = "wrong_type", "The value has another JSON type.", "`\"title\": 7`";
    InvalidChoice = "invalid_choice", "The value is none of those that `detail` lists.", "`\"priority\": \"urgent\"`";
    InvalidFormat = "invalid_format", "The text does not match the pattern in the contract.", "`\"media_topic\": \"sport\"`";
    InvalidId = "invalid_id", "The text is not an id (a UUID).", "`\"article_id\": \"7\"`";
    InvalidSlug = "invalid_slug", "A slug has lower-case letters and digits, joined by single hyphens, and does not look like an id.", "`\"slug\": \"Le Port\"`";
    InvalidUrl = "invalid_url", "The text is not an absolute `http` or `https` URL.", "`\"url\": \"javascript:alert(1)\"`";
    InvalidLanguage = "invalid_language", "The text is not a language tag (BCP 47), or not one of the site's languages.", "`\"language\": \"french\"`";
    InvalidTimestamp = "invalid_timestamp", "The text is not a date and time with a zone (RFC 3339).", "`\"published_at\": \"14:00\"`";
    InvalidTimeZone = "invalid_time_zone", "There is no time zone of this name.", "`\"time_zone\": \"Rabat\"`";
    OutOfRange = "out_of_range", "The time is not in the years 1600 to 9999.", "`\"published_at\": \"0999-01-01T00:00:00Z\"`";
    TooPrecise = "too_precise", "The time has more than six digits after the second.", "`\"published_at\": \"2026-11-23T14:00:00.1234567Z\"`";
    Blank = "blank", "The text is empty, or shows nothing.", "`\"title\": \" \"`";
    ControlCharacter = "control_character", "The text has a control character, or a line break where it must be one line.", "`\"title\": \"a\\nb\"`";
    TooLong = "too_long", "The text is longer than `detail` allows.", "a title of 301 characters";
    TooSmall = "too_small", "The number is smaller than `detail` allows.", "`\"position\": -1`";
    TooLarge = "too_large", "The number is larger than `detail` allows.", "`\"overlap\": 10000000`";
    TooMany = "too_many", "The list or object has more entries than `detail` allows.", "21 links of an author";
    TooFew = "too_few", "The list has fewer entries than `detail` requires.", "`\"scopes\": []`";
    TooComplex = "too_complex", "The filters or words would cost too much together.", "a search for 40 words";
    TooDeep = "too_deep", "The tree of categories would have more levels than it may.", "a sixth level";
    Cycle = "cycle", "A category would stand below itself.", "`\"parent_id\"` of a descendant";
    NotFound = "not_found", "The value refers to something that does not exist, or that the caller may not see.", "`?category=nothing`";
    Taken = "taken", "Another resource has this value already.", "the slug of another article";
    Reserved = "reserved", "The value is reserved for the server.", "`\"slug\": \"search\"`";
    InThePast = "in_the_past", "The time has passed already.", "`\"expires_at\": \"2020-01-01T00:00:00Z\"`";
    TooEarly = "too_early", "The time is not later than the one that it must follow.", "`expires_at` before `published_at`";
    CursorMismatch = "cursor_mismatch", "The cursor belongs to another list, or to other filters.", "`?cursor=` of `/v1/articles` for `/v1/headlines`";
    NeedsCategory = "needs_category", "The parameter needs `category` beside it.", "`?direct=true`";
    NeedsLanguage = "needs_language", "The parameter needs `language` beside it.", "`?fallback=true`";
    IncompatibleWithIds = "incompatible_with_ids", "The parameter can't be combined with `ids`.", "`?ids=…&limit=5`";
    IncompatibleWithTree = "incompatible_with_tree", "The parameter can't be combined with `tree`.", "`?tree=true&limit=5`";
    IncompatibleWithBody = "incompatible_with_body", "The parameter contradicts the body.", "`?clear=source` with `{\"source\": \"Agence\"}`";
    HasArticles = "has_articles", "Articles refer to it: it can't be deleted.", "`DELETE` of a category with articles";
    HasHeadlines = "has_headlines", "Headlines refer to it: it can't be deleted.", "`DELETE` of a category with headlines";
    HasCategories = "has_categories", "Categories stand below it: it can't be deleted.", "`DELETE` of a category with subcategories";
    LastAdmin = "last_admin", "It is the last key with the scope `admin` and without expiry.", "`DELETE` of the only such key";
}

impl Ord for FaultCode {
    /// By name, so that the order of faults in a response doesn't depend on the order of this list.
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for FaultCode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for FaultCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl PartialSchema for FaultCode {
    fn schema() -> RefOr<Schema> {
        let codes = Self::ALL.iter().map(|code| code.as_str());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("The kind of a fault, for programs; each is explained at `/problems`. New values may be added: clients must accept ones that they do not know."))
            .enum_values(Some(codes))
            .into()
    }
}

impl ToSchema for FaultCode {
    fn name() -> Cow<'static, str> {
        "FaultCode".into()
    }
}
