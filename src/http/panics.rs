//! A panic in a request path is a bug; it ends that request alone.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::response::Response;
use futures_util::FutureExt as _;
use http::StatusCode;

use crate::base::id::RequestId;
use crate::http::plain;

/// Answers 500 when `answering` panics, and logs the cause with the request's reference.
pub async fn catch(id: RequestId, answering: impl Future<Output = Response>) -> Response {
    // Nothing of the broken request is used again: it cannot be seen half done.
    match AssertUnwindSafe(answering).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => failed(id, &*panic),
    }
}

fn failed(id: RequestId, panic: &(dyn Any + Send)) -> Response {
    tracing::error!(request = id.to_string(), cause = cause(panic), "a request panicked");
    let sentence = "Something failed on our side. Try again, or give the reference to support.";
    plain::answer(StatusCode::INTERNAL_SERVER_ERROR, sentence, Some(id))
}

fn cause(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("unknown")
}
