//! A request's body: read with a bound in size and in time, as JSON and nothing else.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::http::header::{self, Header};
use actix_web::{FromRequest, HttpRequest, dev};
use futures_util::StreamExt;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// What is still read, and thrown away, of a body that is too large: so that a client that only listens once it has
/// sent everything gets to hear why.
const MAX_DRAINED: usize = 16 << 20;

/// How long a body may take to arrive.
pub const SLOWEST: Duration = Duration::from_secs(30);

/// The SHA-256 of a body.
pub type Digest = [u8; 32];

/// A request's body before it is read. It is an argument of a handler, and read there: after the key was checked, and
/// while no connection is held.
pub struct Body {
    request: HttpRequest,
    payload: dev::Payload,
}

impl FromRequest for Body {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        ready(Ok(Self {
            request: request.clone(),
            payload: payload.take(),
        }))
    }
}

/// The names under which JSON is taken.
pub const JSON: &[&str] = &["application/json"];
pub const MERGE_PATCH: &[&str] = &["application/merge-patch+json", "application/json"];

impl Body {
    /// Reads the body as JSON.
    pub async fn json(self, types: &'static [&'static str]) -> Result<Value, Problem> {
        Ok(self.read(types).await?.0)
    }

    /// Reads the body as JSON, and what tells whether the very same was sent before.
    pub async fn read(
        mut self,
        types: &'static [&'static str],
    ) -> Result<(Value, Digest), Problem> {
        let bytes = self.bytes().await?;
        self.check_type(types)?;
        let value = serde_json::from_slice(&bytes)
            .map(|Unique(value)| value)
            .map_err(|error| {
                Problem::Malformed(match error.classify() {
                    serde_json::error::Category::Eof if bytes.is_empty() => {
                        "the body is empty".into()
                    }
                    _ => format!("the body is not JSON: {error}"),
                })
            })?;
        Ok((value, Sha256::digest(&bytes).into()))
    }

    fn check_type(&self, types: &'static [&'static str]) -> Result<(), Problem> {
        let coded = self
            .request
            .headers()
            .get_all(header::CONTENT_ENCODING)
            .any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
        if coded {
            return Err(Problem::UnsupportedMediaType(
                "a body is taken as it is, without a `Content-Encoding`",
            ));
        }
        let sent = header::ContentType::parse(&self.request).ok();
        let charset = |mime: &actix_web::mime::Mime| {
            mime.get_param("charset").is_none_or(|set| set == "utf-8")
        };
        match sent {
            Some(sent) if types.contains(&sent.0.essence_str()) && charset(&sent.0) => Ok(()),
            _ if types.len() == 1 => Err(Problem::UnsupportedMediaType(
                "the body must be `application/json`",
            )),
            _ => Err(Problem::UnsupportedMediaType(
                "the body must be `application/merge-patch+json` or `application/json`",
            )),
        }
    }

    async fn bytes(&mut self) -> Result<Vec<u8>, Problem> {
        tokio::time::timeout(SLOWEST, self.all_bytes())
            .await
            .unwrap_or(Err(Problem::TooSlow(SLOWEST.as_secs())))
    }

    async fn all_bytes(&mut self) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let mut received = 0;
        while let Some(chunk) = self.payload.next().await {
            let chunk = chunk
                .map_err(|error| Problem::Malformed(format!("the body broke off: {error}")))?;
            received += chunk.len();
            if received > MAX_DRAINED {
                break;
            } else if received > MAX_BODY {
                bytes.clear();
            } else {
                bytes.extend_from_slice(&chunk);
            }
        }
        if received > MAX_BODY {
            return Err(Problem::TooLarge(MAX_BODY));
        }
        Ok(bytes)
    }
}

/// JSON in which no object has two fields of one name: which of them was meant, nobody knows.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
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
        let mut array = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unique(value))) = fields.next_entry::<String, Unique>()? {
            if object.contains_key(&name) {
                return Err(serde::de::Error::custom(format_args!(
                    "the field {name:?} stands there twice"
                )));
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }
}
