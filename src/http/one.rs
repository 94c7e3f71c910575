//! One resource: the parameters of a `GET` that answers with it.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::http::fields::Fields;
use crate::http::language::LanguageTag;
use crate::http::locale::{self, LanguagePreference};
use crate::http::paging::FieldList;
use crate::http::query_parameters::{QueryParameters, parse};
use crate::http::schema::HasFields;
use crate::problem::{Fault, FaultCode, Problem};
use crate::query_parameters;

query_parameters! {
    /// The parameter of a resource with names in several languages.
    pub struct LanguageParameter {
        /// The language of names (BCP 47). By default, the one that `Accept-Language` prefers.
        #[example("ar")]
        pub language: Option<LanguageTag>,
    }
}

/// The header that names follow where `language` is absent.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "it describes the parameter; `locale::accepted` reads the value"
)]
pub struct AcceptLanguage {
    /// The preferred languages of names, where `language` is absent. For example: `ar, fr;q=0.5`.
    #[param(rename = "Accept-Language", required = false)]
    accept_language: String,
}

query_parameters! {
    /// The parameter of content, which has a language of its own.
    pub struct ContentLanguageParameter {
        /// The preferred language (BCP 47), also for the names of categories, authors and tags. By default, and for
        /// names without a translation, the content's own.
        #[example("ar")]
        pub language: Option<LanguageTag>,
    }
}

query_parameters! {
    /// The parameter of every resource.
    pub struct FieldsParameter {
        /// The fields to return, separated by commas; by default all that this response includes. A dot selects one
        /// level down (`category.slug`). `id` and `type` are always there, other fields of the response's type are left
        /// out; they are not read from the database either.
        #[example("id")]
        pub fields: Option<FieldList>,
    }
}

/// A resource that `GET` answers with.
pub trait Gettable: HasFields {
    /// Whether it contains names that come in several languages.
    const TAKES_LANGUAGE: bool = true;
    /// Whether it has a language of its own, in which names come by default.
    const IS_CONTENT: bool = false;
}

/// The parsed query parameters of a request for one resource.
#[derive(Debug)]
pub struct GetParameters<S> {
    pub locale: LanguagePreference,
    pub fields: Fields,
    of: PhantomData<fn() -> S>,
}

impl<S: Gettable> IntoParams for GetParameters<S> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = match (S::TAKES_LANGUAGE, S::IS_CONTENT) {
            (false, _) => Vec::new(),
            (true, true) => ContentLanguageParameter::declarations(),
            (true, false) => LanguageParameter::declarations(),
        };
        parameters.extend(FieldsParameter::declarations());
        if S::TAKES_LANGUAGE && !S::IS_CONTENT {
            parameters.extend(AcceptLanguage::into_params(|| None));
        }
        parameters
    }
}

impl<S: Gettable> GetParameters<S> {
    fn read(query: &str, accepted: Vec<String>) -> Result<Self, Vec<Fault>> {
        let (language, names, mut faults) = match (S::TAKES_LANGUAGE, S::IS_CONTENT) {
            (false, _) => {
                let (names, _, faults) = parse::<FieldsParameter>(query);
                (None, names, faults)
            }
            (true, true) => {
                let ((own, names), _, faults) =
                    parse::<(ContentLanguageParameter, FieldsParameter)>(query);
                (own.language, names, faults)
            }
            (true, false) => {
                let ((own, names), _, faults) =
                    parse::<(LanguageParameter, FieldsParameter)>(query);
                (own.language, names, faults)
            }
        };
        let fields = names.read::<S>(&mut faults);
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            locale: match (S::TAKES_LANGUAGE, S::IS_CONTENT) {
                (false, _) => LanguagePreference::none(),
                (true, true) => LanguagePreference::for_content(language),
                (true, false) => LanguagePreference::new(language, accepted),
            },
            fields,
            of: PhantomData,
        })
    }
}

impl FieldsParameter {
    /// The fields of a type that a response has; a fault if the type has no such fields.
    pub fn read<T: HasFields>(&self, faults: &mut Vec<Fault>) -> Fields {
        let Some(names) = &self.fields else {
            return Fields::default();
        };
        Fields::read::<T>(&names.0).unwrap_or_else(|detail| {
            faults.push(Fault::of("fields", FaultCode::Invalid, detail));
            Fields::default()
        })
    }
}

impl<S: Gettable> FromRequest for GetParameters<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let one = Self::read(request.query_string(), locale::accepted(request));
        ready(one.map_err(Problem::InvalidParameters))
    }
}
