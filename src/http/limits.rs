//! How much of a request is read before it is refused: target, headers, body.

use std::time::Duration;

use axum::extract::Request;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::Version;
use http::header::CONNECTION;

use crate::http::plain;
use crate::http::request_body;
use crate::http::request_body::BodyLimit;
use crate::http::request_body::Verdict;

/// The bounds of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLimits {
    /// Bytes of the target, query included; beyond that 414.
    pub url_bytes: usize,
    /// Bytes of all header lines; beyond that 431.
    pub header_bytes: usize,
    /// Header lines; beyond that 431.
    pub header_lines: usize,
    /// Bytes of the body; beyond that 413. A route may raise or lower it with
    /// [`request_body::limit_body`].
    pub body_bytes: u64,
    /// How long a body may stand still; beyond that 408.
    pub body_stall: Duration,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            url_bytes: 8 * 1024,
            header_bytes: 16 * 1024,
            header_lines: 100,
            body_bytes: 64 * 1024,
            body_stall: Duration::from_secs(30),
        }
    }
}

/// Answers 414 to a target that is too long.
pub async fn url(State(limits): State<RequestLimits>, request: Request, next: Next) -> Response {
    if url_bytes(request.uri()) <= limits.url_bytes {
        return next.run(request).await;
    }
    let sentence = "The address of this request is too long.";
    plain::answer(StatusCode::URI_TOO_LONG, sentence, request.extensions())
}

/// Answers 431 to headers that are too long or too many.
pub async fn headers(
    State(limits): State<RequestLimits>,
    request: Request,
    next: Next,
) -> Response {
    let within = request.headers().len() <= limits.header_lines
        && header_bytes(request.headers()) <= limits.header_bytes;
    if within {
        return next.run(request).await;
    }
    let sentence = "The headers of this request are too large. Clearing this site's cookies helps.";
    plain::answer(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, sentence, request.extensions())
}

/// Bounds the body's size and pace while whoever handles the request reads it. When a bound was
/// passed the answer is 413 or 408, whatever the reader made of its failed read.
pub async fn body(
    State(limits): State<RequestLimits>,
    mut request: Request,
    next: Next,
) -> Response {
    let limit = BodyLimit::new(limits.body_bytes);
    request.extensions_mut().insert(limit.clone());
    let extensions = request.extensions().clone();
    let version = request.version();
    let request =
        request.map(|body| request_body::bounded(body, limit.clone(), limits.body_stall, version));
    let response = next.run(request).await;
    let refusal = match limit.verdict() {
        Verdict::Fine => return response,
        Verdict::TooLarge => plain::answer(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body of this request is too large.",
            &extensions,
        ),
        Verdict::Stalled => plain::answer(
            StatusCode::REQUEST_TIMEOUT,
            "The body of this request did not arrive in time.",
            &extensions,
        ),
    };
    closing(refusal, version)
}

/// HTTP/1 cannot go on behind a body that was not read.
fn closing(mut response: Response, version: Version) -> Response {
    if version < Version::HTTP_2 {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The target as it was sent, without scheme and authority.
fn url_bytes(uri: &http::Uri) -> usize {
    uri.path_and_query().map_or(0, |target| target.as_str().len())
}

/// Name, value, and the four bytes around them in HTTP/1.
fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}
