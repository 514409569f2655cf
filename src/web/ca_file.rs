//! `/ca.pem`: the certificate of our own authority, for those who are to trust it. Whoever fetches it
//! compares its fingerprint with what the operator gave them: a connection that is not trusted yet may
//! bring another.

use axum::Router;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_DISPOSITION;
use http::header::CONTENT_TYPE;

use crate::http::paths;

/// The route; 404 while there is no authority.
#[must_use]
pub fn ca_file(pem: Option<Bytes>) -> Router {
    Router::new().route(paths::CA_FILE, get(move || std::future::ready(answer(pem.clone()))))
}

fn answer(pem: Option<Bytes>) -> Response {
    let Some(pem) = pem else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (CONTENT_TYPE, "application/x-x509-ca-cert"),
        (CONTENT_DISPOSITION, "attachment; filename=\"ca.pem\""),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, pem).into_response()
}
