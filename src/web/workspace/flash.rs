//! What was just done, told once on the next page: carried by a cookie that only this session's
//! pages can have written.

use axum::response::Response;
use http::HeaderMap;
use http::header::SET_COOKIE;

use crate::base::encoding;
use crate::crypto::digest;
use crate::http::cookies;
use crate::view::pages::workspace::Flash;
use crate::web::visitor::Visitor;
use crate::web::workspace::inside::Inside;

const FORM: &str = "flash";
/// A tag of 32 bytes in base64url.
const TAG_LENGTH: usize = 43;

impl Inside {
    /// Goes on to `location`, where the page tells what was done.
    #[must_use]
    pub fn done(&self, location: &str, flash: &Flash) -> Response {
        let mut response = self.visitor.go(location);
        let told = serde_json::to_vec(flash).unwrap_or_default();
        let told = encoding::base64url(&told);
        let value = format!("{}{told}", self.visitor.form_tag(FORM, &told));
        if let Some(cookie) = cookies::for_session(cookies::TOLD, &value) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }
}

/// What the page is to tell.
pub(super) fn read(visitor: &Visitor, headers: &HeaderMap) -> Option<Flash> {
    let (tag, told) = cookies::get(headers, cookies::TOLD)?.split_at_checked(TAG_LENGTH)?;
    let expected = visitor.form_tag(FORM, told);
    if !digest::equal(expected.as_bytes(), tag.as_bytes()) {
        return None;
    }
    serde_json::from_slice(&encoding::base64url_decode(told)?).ok()
}

/// Tells it once.
pub(super) fn told(mut response: Response) -> Response {
    if let Some(gone) = cookies::gone(cookies::TOLD) {
        response.headers_mut().append(SET_COOKIE, gone);
    }
    response
}
