//! The plainest answer: one sentence and a reference, for refusals that no page stands behind.

use axum::response::IntoResponse;
use axum::response::Response;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::base::id::RequestId;

/// `sentence` as plain text under `status`, with the request's `reference` if it has one. The
/// sentence is a constant: nothing that the caller sent is echoed.
#[must_use]
pub fn answer(
    status: StatusCode,
    sentence: &'static str,
    reference: Option<RequestId>,
) -> Response {
    let mut body = format!("{sentence}\n");
    if let Some(id) = reference {
        body.push_str(&format!("Reference: {id}\n"));
    }
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}
