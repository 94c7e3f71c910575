//! An answer, and what a test wants to know of it.

use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON, whatever the status.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    #[track_caller]
    pub fn created(&self) -> Value {
        assert_eq!(self.status, 201, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// The problem of this kind, checked for what every problem has.
    #[track_caller]
    pub fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["type"], format!("/problems/{kind}"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(
            problem["request_id"],
            self.header("x-request-id"),
            "{problem}"
        );
        assert!(
            problem["detail"].is_string()
                && problem["title"].is_string()
                && problem["instance"].is_string()
        );
        problem
    }

    /// The faults of bad content, as `pointer code`.
    #[track_caller]
    pub fn faults(&self) -> Vec<String> {
        faults(&self.problem(422, "invalid"), "pointer")
    }

    /// The faults of bad parameters, as `parameter code`.
    #[track_caller]
    pub fn parameter_faults(&self) -> Vec<String> {
        faults(&self.problem(400, "invalid-parameters"), "parameter")
    }

    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        match self.headers.get(name) {
            Some(value) => value.to_str().expect("a header is text"),
            None => panic!("no {name} in {self:?}"),
        }
    }

    pub fn has(&self, header: &str) -> bool {
        self.headers.contains_key(header)
    }
}

fn faults(problem: &Value, place: &str) -> Vec<String> {
    problem["errors"]
        .as_array()
        .expect("there is a list of faults")
        .iter()
        .map(|fault| {
            format!(
                "{} {}",
                fault[place].as_str().unwrap_or("-"),
                fault["code"].as_str().unwrap_or("-")
            )
        })
        .collect()
}

/// One field of each item of a page.
pub fn items(page: &Value, field: &str) -> Vec<String> {
    page["items"]
        .as_array()
        .expect("a page has items")
        .iter()
        .map(|item| item[field].as_str().unwrap_or("null").to_owned())
        .collect()
}
