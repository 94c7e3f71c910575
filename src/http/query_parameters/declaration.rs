//! The macro that declares query parameters, and the declarations for the contract.

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};

use crate::http::query_parameters::ParameterType;

/// The declaration of a parameter of type `T`, for [`query_parameters!`](crate::query_parameters). The example of an optional
/// one stands in its description: tools that try an operation out would send it.
pub fn declare<T: ParameterType>(
    name: &str,
    description: &str,
    example: Option<Value>,
    default: Option<Value>,
) -> Parameter {
    let is_required = !T::IS_OPTIONAL && default.is_none();
    let lines: Vec<&str> = description.lines().map(str::trim).collect();
    let mut description = lines.join("\n");
    let example = match example {
        Some(example) if !is_required => {
            let text = example
                .as_str()
                .map_or_else(|| example.to_string(), str::to_owned);
            description.push_str(&format!(" For example: `{text}`."));
            None
        }
        example => example,
    };
    let mut schema = T::schema();
    schema.default = default;
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .description(Some(description))
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

/// Whether a query string has this text for a value.
pub fn is_text_of(value: Option<Value>, text: &str) -> bool {
    value.is_some_and(|value| match value {
        Value::String(word) => word == text,
        other => text.parse::<Value>().is_ok_and(|sent| sent == other),
    })
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
            fn set(&mut self, name: &str, text: &str) -> Option<Result<(), $crate::problem::Text>> {
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

            fn is_default(name: &str, text: &str) -> bool {
                $(if name == $crate::query_parameters!(@name $field $($name)?) {
                    let default = $crate::query_parameters!(@json $($default)?);
                    return $crate::http::query_parameters::is_text_of(default, text);
                })*
                false $(|| <$group_type>::is_default(name, text))*
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::parameter_types::Text;
    use crate::http::query_parameters::{QueryParameters, parse};

    crate::query_parameters! {
        struct Inner {
            /// Shared.
            pub limit: Option<Text<3>>,
            /// Shared.
            pub hidden: bool = false,
        }
    }

    crate::query_parameters! {
        struct Outer {
            ..inner: Inner without ["hidden"],

            /// Two lines
            /// of text.
            #[name("type")]
            #[example("x")]
            pub kind: Text<1>,
            /// With a default.
            pub count: bool = true,
        }
    }

    #[test]
    fn every_fault_of_a_query_is_listed() {
        let query = "limit=long&hidden=true&count=1&count=2&limit=abc";
        let (_, _, faults) = parse::<Outer>(query);
        let codes: Vec<&str> = faults.iter().map(|fault| fault.code.as_str()).collect();
        assert_eq!(
            codes,
            [
                "invalid",
                "unknown",
                "invalid",
                "duplicate_parameter",
                "duplicate_parameter",
                "required",
            ]
        );
    }

    #[test]
    fn parameters_are_set_by_their_published_names() {
        let (outer, sent, faults) = parse::<Outer>("type=a&limit=abc");
        assert_eq!(faults, []);
        assert!(sent.contains("type") && !sent.contains("count"));
        let (_, sent, _) = parse::<Outer>("type=a&count=true&limit=a");
        assert!(
            sent.contains("limit") && !sent.contains("count"),
            "a default counts as not sent"
        );
        assert_eq!((&*outer.kind, outer.count), ("a", true));
        assert_eq!(outer.inner.limit.as_deref(), Some("abc"));
    }

    #[test]
    fn declarations_follow_from_the_same_lines() {
        let declared = serde_json::to_value(Outer::declarations()).expect("it is JSON");
        let names: Vec<&Value> = declared
            .as_array()
            .expect("a list")
            .iter()
            .map(|p| &p["name"])
            .collect();
        assert_eq!(names, ["type", "count", "limit"]);
        assert_eq!(declared[0]["description"], "Two lines\nof text.");
        assert_eq!(declared[0]["required"], true);
        assert_eq!(declared[0]["example"], "x");
        assert_eq!(declared[0]["schema"]["maxLength"], 1);
        assert_eq!(declared[1]["schema"]["default"], true);
        assert_eq!(declared[1]["required"], false);
    }
}
