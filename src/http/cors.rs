//! Cross-origin access for what programs in browsers may call: discovery, token, revocation and
//! the protected surfaces. Any origin, never with credentials. No page has it.

use std::future::Ready;
use std::future::ready;
use std::task::Context;
use std::task::Poll;

use axum::extract::Request;
use axum::response::IntoResponse as _;
use axum::response::Response;
use futures_util::TryFutureExt as _;
use futures_util::future::Either;
use futures_util::future::MapOk;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::StatusCode;
use http::header::ACCESS_CONTROL_ALLOW_HEADERS;
use http::header::ACCESS_CONTROL_ALLOW_METHODS;
use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use http::header::ACCESS_CONTROL_EXPOSE_HEADERS;
use http::header::ACCESS_CONTROL_MAX_AGE;
use http::header::ACCESS_CONTROL_REQUEST_HEADERS;
use http::header::VARY;
use tower::Layer;
use tower::Service;

use crate::http::security::Relaxed;

/// Answers preflight requests without authentication, and opens every other answer, refusals
/// included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Open;

impl<S> Layer<S> for Open {
    type Service = Opened<S>;

    fn layer(&self, inner: S) -> Opened<S> {
        Opened { inner }
    }
}

/// What is inside, for all origins.
#[derive(Clone, Debug)]
pub struct Opened<S> {
    inner: S,
}

impl<S> Service<Request> for Opened<S>
where
    S: Service<Request, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<Ready<Result<Response, S::Error>>, Opening<S::Future>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        if request.method() != Method::OPTIONS {
            return Either::Right(self.inner.call(request).map_ok(open));
        }
        let mut response = open(StatusCode::NO_CONTENT.into_response());
        if let Some(asked) = request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS) {
            allow_headers(response.headers_mut(), asked.clone());
        }
        Either::Left(ready(Ok(response)))
    }
}

type Opening<F> = MapOk<F, fn(Response) -> Response>;

fn open(mut response: Response) -> Response {
    allow(response.headers_mut());
    let relaxed = response.extensions().get::<Relaxed>().copied().unwrap_or_default();
    response.extensions_mut().insert(Relaxed { cross_origin: true, ..relaxed });
    response
}

fn allow(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS"),
    );
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "WWW-Authenticate, X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Mcp-Session-Id",
        ),
    );
}

fn allow_headers(headers: &mut HeaderMap, asked: HeaderValue) {
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    headers.append(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
}
