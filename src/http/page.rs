//! Pages as responses: rendered, with their status; and redirects, always 303.

use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::Extensions;
use http::HeaderValue;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::header::LOCATION;
use http::header::RETRY_AFTER;

use crate::base::id::RequestId;
use crate::http::plain;
use crate::view::language::Language;
use crate::view::pages::ErrorKind;
use crate::view::pages::ErrorPage;
use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::renderer::Views;

/// Renders `page`. A page that cannot be rendered is a defect, told plainly.
#[must_use]
pub fn show(
    (views, language): (&Views, Language),
    page: &impl Page,
    status: StatusCode,
    request: &Extensions,
) -> Response {
    match views.render_in(language, page) {
        Ok(html) => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(fault) => {
            tracing::error!(%fault, "a page could not be rendered");
            let sentence = "Something went wrong on our side. Please try again.";
            plain::answer(StatusCode::INTERNAL_SERVER_ERROR, sentence, request.get().copied())
        }
    }
}

/// The page that explains an error, under its status.
#[must_use]
pub fn error(
    (views, language): (&Views, Language),
    frame: Frame,
    kind: ErrorKind,
    request: &Extensions,
) -> Response {
    let reference = request.get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let page = ErrorPage::new(frame, kind, reference);
    let mut response = show((views, language), &page, status_of(kind), request);
    if matches!(kind, ErrorKind::Busy | ErrorKind::Unavailable | ErrorKind::TooManyRequests) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

const fn status_of(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::UnknownClient
        | ErrorKind::ClientDocument
        | ErrorKind::RedirectMismatch
        | ErrorKind::RequestBroken
        | ErrorKind::RequestExpired
        | ErrorKind::RequestUsed
        | ErrorKind::OtherBrowser
        | ErrorKind::FormBroken
        | ErrorKind::ListPage => StatusCode::BAD_REQUEST,
        ErrorKind::CompanyNotReachable
        | ErrorKind::NothingToGrant
        | ErrorKind::ClientBlocked
        | ErrorKind::SecondFactorNeeded
        | ErrorKind::NotAllowed
        | ErrorKind::FormExpired => StatusCode::FORBIDDEN,
        ErrorKind::NotFound | ErrorKind::LinkUsed => StatusCode::NOT_FOUND,
        ErrorKind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Busy | ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A redirect: 303, so that a POST is never repeated elsewhere (RFC 9700 section 4.12).
#[must_use]
pub fn see_other(location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    match HeaderValue::from_str(location) {
        Ok(location) => {
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Body::empty()).into_response(),
    }
}
