//! Methods and query parameters, by the contract: `HEAD` for each `GET`, `OPTIONS` everywhere, 405 for other methods, 400 for
//! an unknown parameter. The framework's route macros do none of this.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::dev::{ResourceDef, ServiceRequest};
use actix_web::http::{Method, header};
use serde_json::Value;
use url::form_urlencoded;

use crate::http::messages;
use crate::problem::{Fault, FaultCode, Problem};
use crate::server::contract::{contract, resolve};
use crate::server::{docs, front_page};

struct Route {
    path: ResourceDef,
    /// Each method with its query parameters.
    methods: Vec<(Method, BTreeSet<String>)>,
}

impl Route {
    fn allow(&self) -> String {
        let mut methods: Vec<&str> = self
            .methods
            .iter()
            .map(|(method, _)| method.as_str())
            .collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.push("OPTIONS");
        methods.sort_unstable();
        methods.join(", ")
    }
}

static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let mut routes: Vec<Route> = contract()["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(path, operations)| Route {
            path: ResourceDef::new(path.as_str()),
            methods: operations
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(method, operation)| {
                    let method = method.to_uppercase().parse().ok()?;
                    Some((method, parameters(operation)))
                })
                .collect(),
        })
        .collect();
    let get = || vec![(Method::GET, BTreeSet::new())];
    let pages = docs::PAGES.into_iter().chain(front_page::PATHS);
    routes.extend(pages.map(|path| Route {
        path: ResourceDef::new(path),
        methods: get(),
    }));
    routes
});

fn parameters(operation: &'static Value) -> BTreeSet<String> {
    operation["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(resolve)
        .filter(|parameter| parameter["in"] == "query")
        .filter_map(|parameter| Some(parameter["name"].as_str()?.to_owned()))
        .collect()
}

fn route_of(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path.is_match(path))
}

/// The path without the slash at its end, and the query.
fn without_slash(request: &ServiceRequest) -> String {
    let path = request.uri().path().trim_end_matches('/');
    match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// Answers `OPTIONS`, and turns `HEAD` into `GET`: the connection sends no body for it.
///
/// # Errors
/// Where the path doesn't take the method, or the operation doesn't know a parameter; a redirect where the path has a slash
/// too many at its end.
pub fn check(request: &mut ServiceRequest) -> Result<Option<HttpResponse>, Problem> {
    let Some(route) = route_of(request.path()) else {
        return match request.path().strip_suffix('/') {
            Some(path) if route_of(path).is_some() => Err(Problem::Moved(without_slash(request))),
            _ => Ok(None),
        };
    };
    match *request.method() {
        Method::OPTIONS => {
            let allow = (header::ALLOW, route.allow());
            return Ok(Some(
                HttpResponse::NoContent().insert_header(allow).finish(),
            ));
        }
        Method::HEAD => request.head_mut().method = Method::GET,
        _ => {}
    }
    // Links to it from elsewhere have parameters of others (`utm_source`), which change nothing.
    if request.path() == front_page::ROOT && request.method() == Method::GET {
        return Ok(None);
    }
    let Some((_, known)) = route
        .methods
        .iter()
        .find(|(method, _)| method == request.method())
    else {
        return Err(Problem::MethodNotAllowed(route.allow()));
    };
    let faults: Vec<Fault> = form_urlencoded::parse(request.query_string().as_bytes())
        .filter(|(name, _)| !known.contains(name.as_ref()))
        .map(|(name, _)| Fault::of(name, FaultCode::Unknown, messages::unknown_parameter_here()))
        .collect();
    if known.is_empty() && !faults.is_empty() {
        // An operation with parameters reports unknown ones itself, together with every other fault.
        return Err(Problem::InvalidParameters(faults));
    }
    Ok(None)
}
