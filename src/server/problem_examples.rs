//! An example of each problem, for its page.

use crate::http::messages;
use crate::news::messages as of_content;
use crate::problem::{
    Current, Fault, FaultCode, GoneReason, KINDS, Problem, RateExceeded, Unauthenticated,
    messages as general,
};

/// A problem of each kind, in the order of the kinds.
pub fn examples() -> Vec<Problem> {
    let mut examples = of_requests();
    examples.extend(of_resources());
    examples.extend(of_limits());
    let place = |problem: &Problem| {
        KINDS
            .iter()
            .position(|kind| kind.name == problem.kind().name)
    };
    examples.sort_by_key(place);
    examples
}

fn of_requests() -> Vec<Problem> {
    let limit = Fault::of("limit", FaultCode::Invalid, messages::page_limit());
    let title = messages::at_most_characters(300_u32);
    let title = Fault::at("/title", FaultCode::TooLong, title);
    vec![
        Problem::CrossOrigin(messages::origin_not_allowed()),
        Problem::Malformed(messages::json_field_twice("title", 1_usize, 32_usize)),
        Problem::InvalidParameters(vec![limit]),
        Problem::Unauthorized(Unauthenticated::Invalid),
        Problem::Forbidden("publish"),
        Problem::MethodNotAllowed("GET, HEAD, OPTIONS".to_owned()),
        Problem::InProgress,
        Problem::KeyReused,
        Problem::UnsupportedMediaType(messages::must_be_json()),
        Problem::Invalid(vec![title]),
    ]
}

fn of_resources() -> Vec<Problem> {
    let taken = Fault::at("/slug", FaultCode::Taken, of_content::slug_of_other());
    vec![
        Problem::NotFound,
        Problem::Moved("/v1/articles/le-nouveau-port".to_owned()),
        Problem::Conflict(of_content::slug_taken(), vec![taken]),
        Problem::Gone(GoneReason::Withdrawn),
        Problem::CursorExpired,
        Problem::Outdated(Current {
            version: 3,
            etag: "\"3-5f0c2b7a9e1d-6d1f0a2c4b7e8f9012345678\"".to_owned(),
        }),
        Problem::PreconditionRequired,
    ]
}

fn of_limits() -> Vec<Problem> {
    let exceeded = RateExceeded {
        policy: "reads",
        requests: 1000,
        seconds: 10,
        wait: 1,
    };
    vec![
        Problem::TooLarge(1 << 20),
        Problem::TooSlow(30),
        Problem::UriTooLong(8 << 10),
        Problem::HeadersTooLarge(crate::connection::messages::too_many_header_lines(64_usize)),
        Problem::TooManyRequests(Box::new(exceeded)),
        Problem::internal("an example"),
        Problem::Overloaded(general::about_to_stop()),
        Problem::StorageFull("an example".into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_problem_has_an_example() {
        let names: Vec<&str> = examples()
            .iter()
            .map(|problem| problem.kind().name)
            .collect();
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        assert_eq!(names, kinds);
    }
}
