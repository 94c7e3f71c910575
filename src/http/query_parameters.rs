//! Query parameters, each declared once: the same lines parse it and publish it in the contract.

use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Object, Required};

use crate::problem::Fault;

/// The type of a query parameter: how its text is parsed, and its schema.
pub trait ParameterType: Sized {
    /// Whether a request may leave it out without a default.
    const IS_OPTIONAL: bool = false;

    /// # Errors
    /// A description of the form that the text should have.
    fn parse(text: &str) -> Result<Self, String>;

    fn schema() -> Object;
}

impl<T: ParameterType> ParameterType for Option<T> {
    const IS_OPTIONAL: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        T::parse(text).map(Some)
    }

    fn schema() -> Object {
        T::schema()
    }
}

/// A set of query parameters; [`query_parameters!`](crate::query_parameters) implements it.
pub trait QueryParameters: Default {
    /// Sets one parameter; `None` if there is none of this name.
    fn set(&mut self, name: &str, text: &str) -> Option<Result<(), String>>;

    /// The parameters as the contract publishes them.
    fn declarations() -> Vec<Parameter>;

    /// The parameters without which a request is refused.
    fn required() -> Vec<&'static str>;
}

impl<A: QueryParameters, B: QueryParameters> QueryParameters for (A, B) {
    fn set(&mut self, name: &str, text: &str) -> Option<Result<(), String>> {
        self.0.set(name, text).or_else(|| self.1.set(name, text))
    }

    fn declarations() -> Vec<Parameter> {
        let mut all = A::declarations();
        all.extend(B::declarations());
        // A client that reads no further meets those that it must send.
        all.sort_by_key(|parameter| parameter.required == Required::False);
        all
    }

    fn required() -> Vec<&'static str> {
        [A::required(), B::required()].concat()
    }
}

/// The parameters of a request, as they were sent.
#[derive(Debug, Default)]
pub struct SentParameters(pub Vec<(String, String)>);

impl SentParameters {
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(sent, _)| sent == name)
    }
}

/// Parses a query string, and lists its faults: parameters that are unknown, sent twice, malformed or missing.
pub fn parse<P: QueryParameters>(query: &str) -> (P, SentParameters, Vec<Fault>) {
    let mut parameters = P::default();
    let mut sent = SentParameters::default();
    let mut faults = Vec::new();
    for (name, text) in form_urlencoded::parse(query.as_bytes()).into_owned() {
        if sent.contains(&name) {
            let detail = "this parameter may be given once";
            faults.push(Fault::of(name, "duplicate_parameter", detail));
            continue;
        }
        match parameters.set(&name, &text) {
            None => faults.push(Fault::of(&name, "unknown", "there is no such parameter")),
            Some(Err(detail)) => faults.push(Fault::of(&name, "invalid", detail)),
            Some(Ok(())) => {}
        }
        sent.0.push((name, text));
    }
    let missing = P::required()
        .into_iter()
        .filter(|name| !sent.contains(name));
    faults.extend(missing.map(|name| Fault::of(name, "required", "this parameter is required")));
    (parameters, sent, faults)
}

/// The declaration of a parameter of type `T`, for [`query_parameters!`](crate::query_parameters).
pub fn declare<T: ParameterType>(
    name: &str,
    description: &str,
    example: Option<Value>,
    default: Option<Value>,
) -> Parameter {
    let is_required = !T::IS_OPTIONAL && default.is_none();
    let lines: Vec<&str> = description.lines().map(str::trim).collect();
    let mut schema = T::schema();
    schema.default = default;
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .description(Some(lines.join("\n")))
        .required(if is_required {
            Required::True
        } else {
            Required::False
        })
        .schema(Some(schema))
        .example(example)
        .build()
}

/// The declarations of a set: its own, and those of other sets without some names.
pub fn combine(mut own: Vec<Parameter>, groups: Vec<(Vec<Parameter>, &[&str])>) -> Vec<Parameter> {
    for (group, without) in groups {
        for parameter in group {
            let known = own.iter().any(|known| known.name == parameter.name);
            if !known && !without.contains(&parameter.name.as_str()) {
                own.push(parameter);
            }
        }
    }
    own
}

/// A default or an example as JSON.
pub fn to_json(value: impl Serialize) -> Option<Value> {
    serde_json::to_value(value).ok()
}

/// Declares a struct of query parameters and implements [`QueryParameters`](crate::http::query_parameters::QueryParameters)
/// and utoipa's `IntoParams` for it, so that each parameter is parsed and published from the same lines:
///
/// ```ignore
/// query_parameters! {
///     /// Filters of a list of headlines.
///     pub struct HeadlineFilter {
///         // Another set of parameters, without some of its names. A parameter declared below takes precedence.
///         ..timeline: TimelineFilter without ["author"],
///         /// Published: pinned headlines only, or those that are not.
///         #[example(true)]
///         pub pinned: Option<bool>,
///         /// Published under another name than the field's, with a default.
///         #[name("type")]
///         pub kind: Kind = Kind::All,
///     }
/// }
/// ```
///
/// A parameter is optional if its type is (`Option`, lists) or if it has a default. The doc comment is its description.
#[macro_export]
macro_rules! query_parameters {
    (
        $(#[$meta:meta])* $vis:vis struct $set:ident {
            $(.. $group:ident : $group_type:ident $(without [$($without:literal),*])?,)*
            $(
                $(#[doc = $doc:literal])* $(#[name($name:literal)])? $(#[example($example:expr)])?
                pub $field:ident : $type:ty $(= $default:expr)?,
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $vis struct $set {
            $(pub $group: $group_type,)*
            $($(#[doc = $doc])* pub $field: $type,)*
        }

        impl Default for $set {
            fn default() -> Self {
                Self {
                    $($group: Default::default(),)*
                    $($field: $crate::query_parameters!(@default $($default)?),)*
                }
            }
        }

        impl $crate::http::query_parameters::QueryParameters for $set {
            fn set(&mut self, name: &str, text: &str) -> Option<Result<(), String>> {
                $(if name == $crate::query_parameters!(@name $field $($name)?) {
                    let value = <$type as $crate::http::query_parameters::ParameterType>::parse(text);
                    return Some(value.map(|value| self.$field = value));
                })*
                $(if ![$($($without),*)?].contains(&name)
                    && let Some(result) = self.$group.set(name, text) {
                    return Some(result);
                })*
                None
            }

            fn declarations() -> Vec<::utoipa::openapi::path::Parameter> {
                let own = vec![$($crate::http::query_parameters::declare::<$type>(
                    $crate::query_parameters!(@name $field $($name)?),
                    concat!($($doc, "\n"),*).trim(),
                    $crate::query_parameters!(@json $($example)?),
                    $crate::query_parameters!(@json $($default)?),
                )),*];
                $crate::http::query_parameters::combine(own, vec![$((<$group_type>::declarations(), &[$($($without),*)?] as &[&str])),*])
            }

            fn required() -> Vec<&'static str> {
                let own: &[(&'static str, bool)] = &[$((
                    $crate::query_parameters!(@name $field $($name)?),
                    $crate::query_parameters!(@required $type $(, $default)?),
                )),*];
                let own = own.iter().filter(|(_, is_required)| *is_required);
                let groups: &[Vec<&'static str>] = &[$(<$group_type>::required()),*];
                own.map(|(name, _)| *name).chain(groups.concat()).collect()
            }
        }

        impl ::utoipa::IntoParams for $set {
            fn into_params(
                _: impl Fn() -> Option<::utoipa::openapi::path::ParameterIn>,
            ) -> Vec<::utoipa::openapi::path::Parameter> {
                <Self as $crate::http::query_parameters::QueryParameters>::declarations()
            }
        }
    };
    (@default) => { Default::default() };
    (@default $default:expr) => { $default };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (@json) => { None };
    (@json $value:expr) => { $crate::http::query_parameters::to_json($value) };
    (@required $type:ty) => { !<$type as $crate::http::query_parameters::ParameterType>::IS_OPTIONAL };
    (@required $type:ty, $default:expr) => { false };
}
