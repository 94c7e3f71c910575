//! Responses, with the checks that tests make of them.

use reqwest::header::HeaderMap;
use serde_json::Value;

use super::JsonPath;

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Response {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, whatever the status.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The body of a 200 as JSON.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// The body of a 201 as JSON.
    #[track_caller]
    pub fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{}", self.text());
        self.json()
    }

    /// A problem of this type, checked for the fields that every problem has.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{kind}"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        let request_id = self.header("x-request-id");
        assert_eq!(problem["request_id"], request_id, "{problem}");
        for field in ["/detail", "/title", "/instance"] {
            problem.text(field);
        }
        problem
    }

    /// Checks that this is a permanent redirect.
    #[track_caller]
    pub fn assert_redirects_to(&self, location: &str) {
        assert_eq!(self.status, 308, "{}", self.text());
        assert_eq!(self.header("location"), location);
        // Responses to `HEAD` have no body.
        if !self.body.is_empty() {
            self.problem(308, "moved");
        }
    }

    /// The faults of an invalid document, each as `pointer code`.
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        faults(&self.problem(422, "invalid"), "pointer")
    }

    /// The faults of invalid parameters, each as `parameter code`.
    #[track_caller]
    pub fn parameter_faults(&self) -> Vec<String> {
        faults(&self.problem(400, "invalid-parameters"), "parameter")
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        match self.headers.get(name) {
            Some(value) => value.to_str().expect("header values are text"),
            None => panic!("no {name} in {self:?}"),
        }
    }

    /// The entity tag.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").to_owned()
    }

    pub fn has(&self, header: &str) -> bool {
        self.headers.contains_key(header)
    }
}

fn faults(problem: &Value, location: &str) -> Vec<String> {
    problem
        .list("/errors")
        .iter()
        .map(|fault| {
            let text = |name: &str| fault[name].as_str().unwrap_or("-").to_owned();
            format!("{} {}", text(location), text("code"))
        })
        .collect()
}
