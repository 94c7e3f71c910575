//! The query parameters that every list has.

use serde::Serialize;
use utoipa::openapi::{KnownFormat, Object, ObjectBuilder, SchemaFormat, Type};

use crate::http::messages;
use crate::http::parameter_types::string;
use crate::http::query_parameters::ParameterType;
use crate::problem::Text;
use crate::query_parameters;

query_parameters! {
    /// The parameters of every list.
    pub struct Paging {
        /// The maximum number of items on a page.
        #[example(20)]
        pub limit: Limit = Limit(20),
        /// The position to continue from: `page.next` or `page.prev` of the same list with the same filters.
        pub cursor: Option<CursorText>,
        /// Whether to count the items: adds `page.total`, exact up to 10,000.
        pub count: bool = false,
        /// The fields to return, separated by commas; by default all except whole bodies. A dot selects one level down
        /// (`category.slug`). `id` and `type` are always there, other fields of the response's type are left out; they are
        /// not read from the database either. A page with bodies ends after 4 MiB of them, but not before its first item;
        /// `page.next` continues.
        #[example("id")]
        pub fields: Option<FieldList>,
    }
}

/// The maximum number of items on a page.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Limit(pub u8);

impl ParameterType for Limit {
    fn parse(text: &str) -> Result<Self, Text> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let limit = text.parse().ok();
        limit
            .filter(|limit| digits && (1..=100).contains(limit))
            .map(Self)
            .ok_or_else(messages::page_limit)
    }

    fn schema() -> Object {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32)))
            .minimum(Some(1))
            .maximum(Some(100))
            .build()
    }
}

/// The text of a cursor; [`Cursor::read`](crate::http::cursor::Cursor::read) parses it for the list that it belongs to.
#[derive(Clone, Debug)]
pub struct CursorText(pub String);

impl ParameterType for CursorText {
    fn parse(text: &str) -> Result<Self, Text> {
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Object {
        let pattern = Some("^[A-Za-z0-9_-]+$");
        string().max_length(Some(600)).pattern(pattern).build()
    }
}

/// Names of fields; [`Fields::read`](crate::http::fields::Fields::read) parses them for a resource.
#[derive(Clone, Debug)]
pub struct FieldList(pub String);

impl ParameterType for FieldList {
    fn parse(text: &str) -> Result<Self, Text> {
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Object {
        string().max_length(Some(1000)).build()
    }
}
