//! A JSON answer that nobody may keep.

use axum::body::Body;
use axum::response::Response;
use http::HeaderValue;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_TYPE;
use serde::Serialize;

use crate::http::security;

/// Bytes that most answers stay within.
const ROOM: usize = 512;

/// `what` under `status`, with `Cache-Control: no-store`.
#[must_use]
pub fn answer(status: StatusCode, what: &impl Serialize) -> Response {
    let mut bytes = Vec::with_capacity(ROOM);
    if let Err(error) = serde_json::to_writer(&mut bytes, what) {
        tracing::error!(%error, "an answer has no JSON form");
        return plain_failure();
    }
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // Room for those that the middleware adds: a map that grows is built anew.
    headers.reserve(security::HEADERS + 4);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn plain_failure() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
