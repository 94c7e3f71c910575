//! Bounds the answers that wait to be sent, for each client and altogether (see [`crate::connection::unsent`]).

use actix_web::body::BoxBody;
use actix_web::web::Bytes;

use super::context::RequestContext;
use crate::connection::unsent::{CountedBody, UNCOUNTED, UnsentPermit};
use crate::problem::Problem;

/// Counts a body as unsent; none where it is small.
///
/// # Errors
/// Where this client, or all together, have too many unsent bytes.
pub fn permit(context: &RequestContext, bytes: usize) -> Result<Option<UnsentPermit>, Problem> {
    if bytes <= UNCOUNTED {
        return Ok(None);
    }
    let permit = context
        .app
        .unsent
        .permit(context.network, bytes, !context.is_read())?;
    Ok(Some(permit))
}

/// A body that gives its permit back when it was sent, or its connection is closed.
pub fn count(body: Bytes, permit: Option<UnsentPermit>) -> BoxBody {
    match permit {
        Some(mut permit) => {
            permit.shrink_to(body.len());
            BoxBody::new(CountedBody::new(body, permit))
        }
        None => BoxBody::new(body),
    }
}
