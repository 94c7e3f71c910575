//! The codes of faults: a vocabulary for programs, listed at `/problems`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde::{Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::text::StaticText;

macro_rules! fault_codes {
    ($($variant:ident = $code:literal, $explanation:literal | $explanation_fr:literal,
        $example:literal | $example_fr:literal;)*) => {
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
            pub const fn explanation(self) -> StaticText {
                match self { $(Self::$variant => StaticText::new($explanation, $explanation_fr)),* }
            }

            /// An input that has this fault.
            pub const fn example(self) -> StaticText {
                match self { $(Self::$variant => StaticText::new($example, $example_fr)),* }
            }
        }
    };
}

fault_codes! {
    Required = "required",
        "A required field or parameter is missing." | "Un champ ou un paramètre obligatoire manque.",
        "`GET /v1/search` without `q`" | "`GET /v1/search` sans `q`";
    Unknown = "unknown",
        "There is no field or parameter of this name." | "Aucun champ ni paramètre ne porte ce nom.",
        "`?colour=red`" | "`?colour=red`";
    DuplicateParameter = "duplicate_parameter",
        "A parameter occurs more than once." | "Un paramètre figure plus d’une fois.",
        "`?limit=5&limit=6`" | "`?limit=5&limit=6`";
    DuplicateItem = "duplicate_item",
        "An item occurs more than once in a list." | "Un élément figure plus d’une fois dans une liste.",
        "`\"scopes\": [\"read\", \"read\"]`" | "`\"scopes\": [\"read\", \"read\"]`";
    Invalid = "invalid",
        "The value does not have the form that `detail` describes." | "La valeur n’a pas la forme que décrit `detail`.",
        "`?limit=many`" | "`?limit=many`";
    WrongType = "wrong_type",
        "The value has another JSON type." | "La valeur est d’un autre type JSON.",
        "`\"title\": 7`" | "`\"title\": 7`";
    InvalidChoice = "invalid_choice",
        "The value is none of those that `detail` lists." | "La valeur n’est aucune de celles que `detail` énumère.",
        "`\"priority\": \"urgent\"`" | "`\"priority\": \"urgent\"`";
    InvalidFormat = "invalid_format",
        "The text does not match the pattern in the contract." | "Le texte ne correspond pas au motif du contrat.",
        "`\"media_topic\": \"sport\"`" | "`\"media_topic\": \"sport\"`";
    InvalidId = "invalid_id",
        "The text is not an id (a UUID)." | "Le texte n’est pas un identifiant (UUID).",
        "`\"article_id\": \"7\"`" | "`\"article_id\": \"7\"`";
    InvalidSlug = "invalid_slug",
        "A slug has lower-case letters and digits, joined by single hyphens, and does not look like an id." | "Un slug se compose de lettres minuscules et de chiffres, joints par des traits d’union simples, et ne ressemble pas à un identifiant.",
        "`\"slug\": \"Le Port\"`" | "`\"slug\": \"Le Port\"`";
    InvalidUrl = "invalid_url",
        "The text is not an absolute `http` or `https` URL." | "Le texte n’est pas une URL absolue en `http` ou `https`.",
        "`\"url\": \"javascript:alert(1)\"`" | "`\"url\": \"javascript:alert(1)\"`";
    InvalidLanguage = "invalid_language",
        "The text is not a language tag (BCP 47)." | "Le texte n’est pas un code de langue (BCP 47).",
        "`\"language\": \"french\"`" | "`\"language\": \"french\"`";
    InvalidTimestamp = "invalid_timestamp",
        "The text is not a date and time with a zone (RFC 3339)." | "Le texte n’est pas une date avec heure et fuseau (RFC 3339).",
        "`\"published_at\": \"14:00\"`" | "`\"published_at\": \"14:00\"`";
    InvalidTimeZone = "invalid_time_zone",
        "There is no time zone of this name." | "Aucun fuseau horaire ne porte ce nom.",
        "`\"time_zone\": \"Rabat\"`" | "`\"time_zone\": \"Rabat\"`";
    OutOfRange = "out_of_range",
        "The time is not in the years 1600 to 9999." | "La date n’est pas comprise entre les années 1600 et 9999.",
        "`\"published_at\": \"0999-01-01T00:00:00Z\"`" | "`\"published_at\": \"0999-01-01T00:00:00Z\"`";
    TooPrecise = "too_precise",
        "The time has more than six digits after the second." | "L’heure a plus de six chiffres après la seconde.",
        "`\"published_at\": \"2026-11-23T14:00:00.1234567Z\"`" | "`\"published_at\": \"2026-11-23T14:00:00.1234567Z\"`";
    Blank = "blank",
        "The text is empty, or shows nothing." | "Le texte est vide, ou n’affiche rien.",
        "`\"title\": \" \"`" | "`\"title\": \" \"`";
    ControlCharacter = "control_character",
        "The text has a control character, or a line break where it must be one line." | "Le texte contient un caractère de contrôle, ou un saut de ligne là où il doit tenir sur une ligne.",
        "`\"title\": \"a\\nb\"`" | "`\"title\": \"a\\nb\"`";
    TooLong = "too_long",
        "The text is longer than `detail` allows." | "Le texte est plus long que `detail` ne le permet.",
        "a title of 301 characters" | "un titre de 301 caractères";
    TooSmall = "too_small",
        "The number is smaller than `detail` allows." | "Le nombre est plus petit que `detail` ne le permet.",
        "`\"position\": -1`" | "`\"position\": -1`";
    TooLarge = "too_large",
        "The number is larger than `detail` allows." | "Le nombre est plus grand que `detail` ne le permet.",
        "`\"overlap\": 10000000`" | "`\"overlap\": 10000000`";
    TooMany = "too_many",
        "The list or object has more entries than `detail` allows." | "La liste ou l’objet a plus d’éléments que `detail` ne le permet.",
        "51 languages of a site" | "51 langues d’un site";
    TooFew = "too_few",
        "The list has fewer entries than `detail` requires." | "La liste a moins d’éléments que `detail` ne l’exige.",
        "`\"scopes\": []`" | "`\"scopes\": []`";
    TooComplex = "too_complex",
        "The body is too complex, or too long once it is rendered." | "Le corps est trop complexe ou trop long une fois mis en forme.",
        "a body of 200 nested elements" | "un corps de 200 éléments imbriqués";
    TooDeep = "too_deep",
        "The tree of categories would have more levels than it may." | "L’arborescence des rubriques aurait plus de niveaux que permis.",
        "a sixth level" | "un sixième niveau";
    Cycle = "cycle",
        "A category would stand below itself." | "Une rubrique serait placée sous elle-même.",
        "the `parent_id` of a category below it" | "le `parent_id` d’une sous-rubrique";
    NotFound = "not_found",
        "The value refers to something that does not exist, or that the caller may not see." | "La valeur renvoie à une ressource qui n’existe pas, ou que l’appelant ne peut pas voir.",
        "`?category=nothing`" | "`?category=nothing`";
    Taken = "taken",
        "Another resource has this value already." | "Une autre ressource a déjà cette valeur.",
        "the slug of another article" | "le slug d’un autre article";
    Reserved = "reserved",
        "The value is reserved for the server." | "La valeur est réservée au serveur.",
        "`\"slug\": \"search\"`" | "`\"slug\": \"search\"`";
    InThePast = "in_the_past",
        "The time has passed already." | "La date est déjà passée.",
        "`\"expires_at\": \"2020-01-01T00:00:00Z\"`" | "`\"expires_at\": \"2020-01-01T00:00:00Z\"`";
    TooEarly = "too_early",
        "The time is not later than the one that it must follow." | "La date n’est pas postérieure à celle qu’elle doit suivre.",
        "`expires_at` before `published_at`" | "un `expires_at` antérieur à `published_at`";
    CursorMismatch = "cursor_mismatch",
        "The cursor belongs to another list, or to other filters." | "Le curseur appartient à une autre liste, ou à d’autres filtres.",
        "the cursor of `/v1/articles`, sent to `/v1/headlines`" | "le curseur de `/v1/articles`, envoyé à `/v1/headlines`";
    NeedsCategory = "needs_category",
        "The parameter needs `category` beside it." | "Le paramètre exige `category`.",
        "`?direct=true`" | "`?direct=true`";
    NeedsLanguage = "needs_language",
        "The parameter needs `language` beside it." | "Le paramètre exige `language`.",
        "`?fallback=true`" | "`?fallback=true`";
    IncompatibleWithIds = "incompatible_with_ids",
        "The parameter can't be combined with `ids`." | "Le paramètre ne se combine pas avec `ids`.",
        "`?ids=…&limit=5`" | "`?ids=…&limit=5`";
    IncompatibleWithTree = "incompatible_with_tree",
        "The parameter can't be combined with `tree`." | "Le paramètre ne se combine pas avec `tree`.",
        "`?tree=true&limit=5`" | "`?tree=true&limit=5`";
    IncompatibleWithBody = "incompatible_with_body",
        "The parameter contradicts the body." | "Le paramètre contredit le corps.",
        "`?clear=source` with `{\"source\": \"Agence\"}`" | "`?clear=source` avec `{\"source\": \"Agence\"}`";
    HasArticles = "has_articles",
        "Articles refer to it: it can't be deleted." | "Des articles s’y rattachent : la suppression est impossible.",
        "`DELETE` of a category with articles" | "`DELETE` d’une rubrique qui a des articles";
    HasHeadlines = "has_headlines",
        "Headlines refer to it: it can't be deleted." | "Des titres s’y rattachent : la suppression est impossible.",
        "`DELETE` of a category with headlines" | "`DELETE` d’une rubrique qui a des titres";
    HasCategories = "has_categories",
        "Categories stand below it: it can't be deleted." | "Des rubriques se trouvent dessous : la suppression est impossible.",
        "`DELETE` of a category with subcategories" | "`DELETE` d’une rubrique qui a des sous-rubriques";
    LastAdmin = "last_admin",
        "It is the last key with the scope `admin` and without expiry." | "C’est la dernière clé avec le droit `admin` et sans expiration.",
        "`DELETE` of the only such key" | "`DELETE` de la seule clé de ce genre";
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
