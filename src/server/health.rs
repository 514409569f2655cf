//! Whether the process lives, and whether it can serve. Answered under any host name, so that a
//! supervisor can ask by address.

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::StatusCode;

/// The process lives.
pub const HEALTHZ: &str = "/healthz";
/// The process can serve.
pub const READYZ: &str = "/readyz";
/// Both, as the middleware exempts them from the host check.
pub const PATHS: &[&str] = &[HEALTHZ, READYZ];

/// Whether requests can be served now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// They can.
    Yes,
    /// They can, with something that an operator should know.
    But(&'static str),
    /// They cannot.
    No,
}

/// Tells it.
pub type Readiness = Arc<dyn Fn() -> Ready + Send + Sync>;

/// Both routes. `/readyz` answers 503 while `ready` says no.
pub fn routes(ready: Readiness) -> Router {
    Router::new()
        .route(HEALTHZ, get(|| async { "ok\n" }))
        .route(READYZ, get(move || std::future::ready(readiness(ready()))))
}

fn readiness(ready: Ready) -> impl IntoResponse {
    match ready {
        Ready::Yes => (StatusCode::OK, "ready\n".to_owned()),
        Ready::But(note) => (StatusCode::OK, format!("ready {note}\n")),
        Ready::No => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()),
    }
}
