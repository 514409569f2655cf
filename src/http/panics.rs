//! A panic in a request path is a bug; it ends that request alone.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;

use axum::response::Response;
use futures_util::FutureExt as _;
use http::StatusCode;

use crate::base::id::RequestId;
use crate::http::plain;

/// A request whose handling began, or panicked at once.
pub type Begun<F> = std::thread::Result<F>;

/// Begins to handle a request; a panic is kept for [`catch`].
pub fn begin<F>(handle: impl FnOnce() -> F) -> Begun<F> {
    // Nothing of the broken request is used again: it cannot be seen half done.
    std::panic::catch_unwind(AssertUnwindSafe(handle))
}

/// Answers 500 when `begun` has panicked or does, and logs the cause with the request's reference.
pub async fn catch<F>(id: RequestId, begun: Begun<F>) -> Response
where
    F: Future<Output = Result<Response, Infallible>>,
{
    let answered = match begun {
        Ok(answering) => AssertUnwindSafe(answering).catch_unwind().await,
        Err(panic) => Err(panic),
    };
    match answered {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
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
