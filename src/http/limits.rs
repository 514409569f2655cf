//! How much of a request is read before it is refused: target, headers, body.

use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderValue;
use http::StatusCode;
use http::Version;
use http::header::CONNECTION;

use crate::base::id::RequestId;
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

impl RequestLimits {
    /// Answers 414 to a target that is too long, 431 to headers that are too long or too many.
    #[must_use]
    pub fn refuse_head(&self, request: &Request, id: RequestId) -> Option<Response> {
        let headers = request.headers();
        let (status, sentence) = if url_bytes(request.uri()) > self.url_bytes {
            (StatusCode::URI_TOO_LONG, LONG_TARGET)
        } else if headers.len() > self.header_lines || header_bytes(headers) > self.header_bytes {
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, LARGE_HEADERS)
        } else {
            return None;
        };
        Some(plain::answer(status, sentence, Some(id)))
    }

    /// Bounds the body's size and pace while whoever handles the request reads it.
    #[must_use]
    pub fn bound_body(&self, mut request: Request) -> (Request, BoundBody) {
        let (limit, version) = (BodyLimit::new(self.body_bytes), request.version());
        request.extensions_mut().insert(limit.clone());
        let bound = BoundBody { limit: limit.clone(), version };
        (request.map(|body| request_body::bounded(body, limit, self.body_stall, version)), bound)
    }
}

/// What is to be remembered of a request's body until its answer is there.
#[derive(Debug)]
pub struct BoundBody {
    limit: BodyLimit,
    version: Version,
}

impl BoundBody {
    /// The answer, or 413 or 408 if a bound was passed, whatever the reader made of its failed
    /// read. One that came before the body was read says that it is the last (RFC 9112 section 9.6): who
    /// is not told sends the next request where nobody listens.
    #[must_use]
    pub fn judge(&self, response: Response, id: RequestId) -> Response {
        let (status, sentence) = match self.limit.verdict() {
            Verdict::Fine if self.limit.is_left() => return closing(response, self.version),
            Verdict::Fine => return response,
            Verdict::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, LARGE_BODY),
            Verdict::Stalled => (StatusCode::REQUEST_TIMEOUT, LATE_BODY),
        };
        closing(plain::answer(status, sentence, Some(id)), self.version)
    }
}

const LONG_TARGET: &str = "The address of this request is too long.";
const LARGE_HEADERS: &str =
    "The headers of this request are too large. Clearing this site's cookies helps.";
const LARGE_BODY: &str = "The body of this request is too large.";
const LATE_BODY: &str = "The body of this request did not arrive in time.";

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
