//! Query parameters, each declared once: the same lines parse it and publish it in the contract.

mod declaration;

use url::form_urlencoded;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::{Object, Required};

use crate::http::messages;
use crate::problem::{Fault, FaultCode, Text};

pub use declaration::{combine, declare, is_text_of, to_json};

/// The type of a query parameter: how its text is parsed, and its schema.
pub trait ParameterType: Sized {
    /// Whether a request may leave it out without a default.
    const IS_OPTIONAL: bool = false;

    /// # Errors
    /// A description of the form that the text should have.
    fn parse(text: &str) -> Result<Self, Text>;

    fn schema() -> Object;
}

impl<T: ParameterType> ParameterType for Option<T> {
    const IS_OPTIONAL: bool = true;

    fn parse(text: &str) -> Result<Self, Text> {
        T::parse(text).map(Some)
    }

    fn schema() -> Object {
        T::schema()
    }
}

/// A set of query parameters; [`query_parameters!`](crate::query_parameters) implements it.
pub trait QueryParameters: Default {
    /// Sets one parameter; `None` if there is none of this name.
    fn set(&mut self, name: &str, text: &str) -> Option<Result<(), Text>>;

    /// Whether this is the default of the parameter, as the contract states it.
    fn is_default(name: &str, text: &str) -> bool;

    /// The parameters as the contract publishes them.
    fn declarations() -> Vec<Parameter>;

    /// The parameters without which a request is refused.
    fn required() -> Vec<&'static str>;
}

impl<A: QueryParameters, B: QueryParameters> QueryParameters for (A, B) {
    fn set(&mut self, name: &str, text: &str) -> Option<Result<(), Text>> {
        self.0.set(name, text).or_else(|| self.1.set(name, text))
    }

    fn is_default(name: &str, text: &str) -> bool {
        A::is_default(name, text) || B::is_default(name, text)
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

/// The parameters of a request, as they were sent. One that was sent with its default counts as not sent: many generated
/// clients send every default.
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
            let detail = messages::once();
            faults.push(Fault::of(name, FaultCode::DuplicateParameter, detail));
            continue;
        }
        match parameters.set(&name, &text) {
            None => faults.push(Fault::of(
                &name,
                FaultCode::Unknown,
                messages::unknown_parameter(),
            )),
            Some(Err(detail)) => faults.push(Fault::of(&name, FaultCode::Invalid, detail)),
            Some(Ok(())) => {}
        }
        sent.0.push((name, text));
    }
    sent.0.retain(|(name, text)| !P::is_default(name, text));
    let missing = P::required()
        .into_iter()
        .filter(|name| !sent.contains(name));
    faults.extend(
        missing.map(|name| Fault::of(name, FaultCode::Required, messages::required_parameter())),
    );
    (parameters, sent, faults)
}
