//! Strict JSON: no duplicate fields, no deep nesting.

use std::cell::RefCell;

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How deep arrays and objects may be nested.
pub const MAX_DEPTH: usize = 32;

/// What is wrong with a JSON text, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct JsonError {
    pub kind: JsonErrorKind,
    pub line: usize,
    pub column: usize,
}

/// What is wrong with a JSON text.
#[derive(Debug, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// It is not JSON, as the parser says.
    Syntax(String),
    /// It is JSON, but an object has this field twice: which one is meant is unknown.
    FieldTwice(String),
    /// It is JSON, but nested deeper than [`MAX_DEPTH`].
    TooDeep,
}

/// Parses a complete JSON text.
///
/// # Errors
/// Where it is not JSON, has an object with duplicate fields, or is nested too deep.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let refusal = RefCell::default();
    let seed = StrictJson {
        depth: 0,
        refusal: &refusal,
    };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let parsed = seed
        .deserialize(&mut json)
        .and_then(|value| json.end().map(|()| value));
    parsed.map_err(|error| JsonError {
        line: error.line(),
        column: error.column(),
        kind: refusal
            .take()
            .unwrap_or_else(|| JsonErrorKind::Syntax(error.to_string())),
    })
}

/// Deserializes JSON without duplicate fields, of which the intended one is unknown, and without nesting so deep that
/// recursive code could overflow the stack.
#[derive(Clone, Copy)]
struct StrictJson<'a> {
    /// How many arrays and objects surround the value.
    depth: usize,
    /// Why JSON is refused: serde's own errors carry no more than a text.
    refusal: &'a RefCell<Option<JsonErrorKind>>,
}

impl StrictJson<'_> {
    /// For the members of an array or object.
    fn nested<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(JsonErrorKind::TooDeep));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }

    fn refuse<E: serde::de::Error>(self, kind: JsonErrorKind) -> E {
        self.refusal.replace(Some(kind));
        E::custom("refused")
    }
}

impl<'de> DeserializeSeed<'de> for StrictJson<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictJson<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let nested = self.nested()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(nested)? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let nested = self.nested()?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(nested)?;
            if object.contains_key(&name) {
                return Err(self.refuse(JsonErrorKind::FieldTwice(name)));
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }
}
