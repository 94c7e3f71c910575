//! One resource: the parameters of a `GET` that answers with it.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use url::form_urlencoded;
use utoipa::IntoParams;

use super::fields::Fields;
use super::locale::{self, LanguagePreference};
use crate::http::language;
use crate::http::schema::HasFields;
use crate::problem::{Fault, Problem};

/// The language of a resource with names in several languages.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it describes the parameter; `One` reads the value"
)]
pub struct LanguageParameter {
    /// The language that names are wanted in (BCP 47). Without it, what `Accept-Language` prefers.
    #[param(format = "bcp47", max_length = 35, example = "ar")]
    language: Option<String>,
}

/// The header that names follow where `language` is absent.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "it describes the parameter; `locale::accepted` reads the value"
)]
pub struct AcceptLanguage {
    /// The preferred languages of names, where `language` is absent.
    #[param(rename = "Accept-Language", required = false, example = "ar, fr;q=0.5")]
    accept_language: String,
}

/// The language of content.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it describes the parameter; `One` reads the value"
)]
pub struct ContentLanguageParameter {
    /// The language wanted (BCP 47). Names of categories, authors and tags come in it, too; where they have none in it, or
    /// nothing is asked for, in the content's own.
    #[param(format = "bcp47", max_length = 35, example = "ar")]
    language: Option<String>,
}

/// The selection of fields.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "it describes the parameter; `One` reads the value"
)]
pub struct FieldsParameter {
    /// The fields wanted, by comma; without it, those that come by themselves. A point leads one level down
    /// (`category.slug`). What is not asked for is not read either.
    #[param(max_length = 1000, example = "id")]
    fields: Option<String>,
}

/// A type that one response carries alone.
pub trait Single: HasFields {
    /// Whether it has names in several languages.
    const TAKES_LANGUAGE: bool = true;
    /// Whether its content has a language of its own, which names follow by default.
    const IS_CONTENT: bool = false;
}

/// The parsed query parameters of a request for one resource.
#[derive(Debug)]
pub struct One<S> {
    pub locale: LanguagePreference,
    pub fields: Fields,
    of: PhantomData<fn() -> S>,
}

impl<S: Single> One<S> {
    fn read(query: &str, accepted: Vec<String>) -> Result<Self, Vec<Fault>> {
        let mut given: Vec<String> = Vec::new();
        let (mut asked, mut fields) = (None, Fields::default());
        let mut faults = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if given.iter().any(|known| *known == name) {
                let detail = "this parameter may be given once";
                faults.push(Fault::of(name, "duplicate_parameter", detail));
                continue;
            }
            let read = match name.as_ref() {
                "language" if S::TAKES_LANGUAGE => language::canonical(&value)
                    .map(|tag| asked = Some(tag))
                    .map_err(str::to_owned),
                "fields" => Fields::read::<S>(&value).map(|wanted| fields = wanted),
                _ => {
                    let detail = "there is no such parameter here";
                    faults.push(Fault::of(name, "unknown", detail));
                    continue;
                }
            };
            if let Err(detail) = read {
                faults.push(Fault::of(name.as_ref(), "invalid", detail));
            }
            given.push(name.into_owned());
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            locale: match (S::TAKES_LANGUAGE, S::IS_CONTENT) {
                (false, _) => LanguagePreference::none(),
                (true, true) => LanguagePreference::asked_for(asked),
                (true, false) => LanguagePreference::new(asked, accepted),
            },
            fields,
            of: PhantomData,
        })
    }
}

impl<S: Single> FromRequest for One<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let one = Self::read(request.query_string(), locale::accepted(request));
        ready(one.map_err(Problem::InvalidParameters))
    }
}
