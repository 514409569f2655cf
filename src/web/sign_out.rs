//! `/sign-out`: ends the session here and in the browser.

use axum::body::Bytes;
use axum::response::Response;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header::SET_COOKIE;

use crate::http::cookies;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::view::pages::ErrorKind;
use crate::web::visitor;
use crate::web::visitor::Visitor;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// Ends the session. The browser's own mark stays: it is how a known browser is told from a
/// stranger's, and a request that waits is sealed for it.
pub(super) async fn submit(visitor: Visitor, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(sent) = Parameters::of_form(&headers, &body) else {
        return visitor.refuse(ErrorKind::FormBroken);
    };
    let resume = visitor::resume_of(&sent);
    // Without a session there is nothing to end; a form from another site comes without one, and
    // must not take anything from the browser.
    let Some(live) = &visitor.session else {
        return visitor.go(&paths::resuming(paths::SIGN_IN, resume.as_deref()));
    };
    if !visitor.sent(&sent, "sign-out", "") {
        return visitor.refuse(ErrorKind::FormExpired);
    }
    if let Err(fault) = visitor.ops().sign_out(live, visitor.origin()).await {
        return visitor.fail(&fault);
    }
    let next = match resume {
        Some(handle) => paths::resuming(paths::SIGN_IN, Some(&handle)),
        None => format!("{}?notice=signed-out", paths::SIGN_IN),
    };
    let mut response = visitor.go(&next);
    let headers = response.headers_mut();
    if let Some(gone) = cookies::gone(cookies::SESSION) {
        headers.append(SET_COOKIE, gone);
    }
    headers.insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\", \"storage\""));
    response
}
