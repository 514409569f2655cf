//! A panic in a request path is a bug; it ends that request alone.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::Extensions;
use http::StatusCode;

use crate::base::id::RequestId;
use crate::http::plain;

/// Answers 500 when what lies below panics, and logs the cause with the request id.
pub async fn catch(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().copied();
    // Nothing of the broken request is used again: it cannot be seen half done.
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => failed(id, &*panic),
    }
}

fn failed(id: Option<RequestId>, panic: &(dyn Any + Send)) -> Response {
    let request = id.map(|id| id.to_string()).unwrap_or_default();
    tracing::error!(request, cause = cause(panic), "a request panicked");
    let mut extensions = Extensions::new();
    id.map(|id| extensions.insert(id));
    let sentence = "Something failed on our side. Try again, or give the reference to support.";
    plain::answer(StatusCode::INTERNAL_SERVER_ERROR, sentence, &extensions)
}

fn cause(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown")
}
