//! The types of query parameters that several resources share.

use std::net::IpAddr;
use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer, value};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{Object, ObjectBuilder, SchemaFormat, Type};
use uuid::Uuid;

use crate::http::id_or_slug::{self, IdOrSlug};
use crate::http::language::{self, LanguageTag};
use crate::http::messages;
use crate::http::query_parameters::ParameterType;
use crate::http::schema::TypeSchema;
use crate::http::values::{is_line, parse_timestamp};
use crate::problem;

/// How many ids a parameter may list, and how many ids or slugs.
const MOST_IDS: usize = 100;
const MOST_IDS_OR_SLUGS: usize = 20;

/// Characters of an id.
const ID_LENGTH: usize = 36;

/// A builder of a schema for text.
pub fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn format(name: &str) -> Option<SchemaFormat> {
    Some(SchemaFormat::Custom(name.to_owned()))
}

/// Names the schema that a parameter's schema refers to.
pub const NAMED: &str = "x-named";

/// An enum whose variants are words, as serde names them.
pub trait Word: DeserializeOwned + ToSchema + 'static {}

impl<T: Word> ParameterType for T {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        let word: StrDeserializer<'_, value::Error> = text.into_deserializer();
        T::deserialize(word).map_err(|_| {
            let words = TypeSchema::sent::<Self>().root()["enum"].as_array();
            let words = words.into_iter().flatten().filter_map(Value::as_str);
            messages::one_of(words.collect::<Vec<_>>().join(", "))
        })
    }

    fn schema() -> Object {
        // The document takes the schema from those that are known.
        let name = &TypeSchema::sent::<Self>().name;
        let named = ExtensionsBuilder::new().add(NAMED, name.as_str()).build();
        ObjectBuilder::new().extensions(Some(named)).build()
    }
}

impl ParameterType for bool {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        text.parse().map_err(|_| messages::true_or_false())
    }

    fn schema() -> Object {
        Object::with_type(Type::Boolean)
    }
}

impl ParameterType for Uuid {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        Self::try_parse(text).map_err(|_| messages::an_id())
    }

    fn schema() -> Object {
        string().format(format("uuid")).build()
    }
}

impl ParameterType for IpAddr {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        text.parse().map_err(|_| messages::ip_address())
    }

    fn schema() -> Object {
        string().max_length(Some(45)).build()
    }
}

impl ParameterType for DateTime<Utc> {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        parse_timestamp(text).map_err(|(_, detail)| match text.contains(' ') {
            true => messages::plus_in_url(detail),
            false => detail,
        })
    }

    fn schema() -> Object {
        string().format(format("date-time")).build()
    }
}

impl ParameterType for jiff::civil::Date {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        let date = text.parse::<Self>().ok();
        date.filter(|date| date.to_string() == text && (1600..=9998).contains(&date.year()))
            .ok_or_else(messages::day)
    }

    fn schema() -> Object {
        const DATE: &str =
            "^(1[6-9]|[2-8][0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]|29|30|31)$";
        string().format(format("date")).pattern(Some(DATE)).build()
    }
}

/// Text of 1 to `MAX` characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Deref for Text<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> ParameterType for Text<MAX> {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        if text.is_empty() {
            Err(messages::not_empty())
        } else if text.chars().count() > MAX {
            Err(messages::at_most_characters(MAX))
        } else if text.contains('\0') {
            Err(messages::no_nul())
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    fn schema() -> Object {
        string().min_length(Some(1)).max_length(Some(MAX)).build()
    }
}

/// One line of 1 to `MAX` characters that is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<const MAX: usize>(String);

impl<const MAX: usize> Deref for Line<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> ParameterType for Line<MAX> {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        match is_line(text, MAX) {
            true => Ok(Self(text.to_owned())),
            false => Err(messages::line(MAX)),
        }
    }

    fn schema() -> Object {
        Text::<MAX>::schema()
    }
}

impl ParameterType for LanguageTag {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        Self::new(text)
    }

    fn schema() -> Object {
        let pattern = Some(language::PATTERN);
        string()
            .format(format("bcp47"))
            .max_length(Some(35))
            .pattern(pattern)
            .build()
    }
}

impl ParameterType for IdOrSlug {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        Self::read(text).ok_or_else(messages::id_or_slug)
    }

    fn schema() -> Object {
        let longest = id_or_slug::LONGEST_SLUG;
        string().max_length(Some(longest)).build()
    }
}

/// Ids or slugs, separated by commas.
impl ParameterType for Vec<IdOrSlug> {
    const IS_OPTIONAL: bool = true;

    fn parse(text: &str) -> Result<Self, problem::Text> {
        let names: Option<Self> = text.split(',').map(IdOrSlug::read).collect();
        names
            .filter(|names| names.len() <= MOST_IDS_OR_SLUGS)
            .ok_or_else(|| messages::ids_or_slugs(MOST_IDS_OR_SLUGS))
    }

    fn schema() -> Object {
        let longest = 4100;
        string().max_length(Some(longest)).build()
    }
}

/// Different ids, separated by commas.
impl ParameterType for Vec<Uuid> {
    fn parse(text: &str) -> Result<Self, problem::Text> {
        let read = |text: &str| match IdOrSlug::read(text) {
            Some(IdOrSlug::Id(id)) => Some(id),
            _ => None,
        };
        let ids: Option<Self> = text.split(',').map(read).collect();
        let ids = ids
            .filter(|ids| ids.len() <= MOST_IDS)
            .ok_or_else(|| messages::ids(MOST_IDS))?;
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(messages::id_twice(pair[0].to_string())),
            None => Ok(ids),
        }
    }

    fn schema() -> Object {
        const IDS: &str = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(,[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})*$";
        let longest = MOST_IDS * (ID_LENGTH + 1) - 1;
        string()
            .max_length(Some(longest))
            .pattern(Some(IDS))
            .build()
    }
}
