//! `/logos/{app}/{file}`: logos that people gave to OAuth apps, from this origin.
//!
//! The name of the file is a digest of its bytes, so it may be cached for good, and nobody finds one by
//! guessing. Whatever is in it, a browser takes it for a picture and for nothing else.

use axum::extract::Path;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_SECURITY_POLICY;
use http::header::CONTENT_TYPE;

use crate::base::id::AppId;
use crate::domain::app::App;
use crate::view::pages::ErrorKind;
use crate::web::visitor::Visitor;

/// The route.
pub(super) const PATH: &str = "/logos/{app}/{file}";

/// A picture loads nothing, runs nothing and stands in no frame.
const POLICY: &str =
    "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox";

/// Where the logo of `app` is served, if it has one. What a program says of itself is never shown.
pub(super) fn path_of(app: &App) -> Option<String> {
    let mark = app.logo.as_ref().filter(|_| !app.registration.is_by_itself())?;
    Some(format!("/logos/{}/{}", app.id, mark.file()))
}

/// Answers one logo.
pub(super) async fn answer(
    Path((app, file)): Path<(String, String)>,
    visitor: Visitor,
) -> Response {
    let Ok(app) = app.parse::<AppId>() else {
        return visitor.refuse(ErrorKind::NotFound);
    };
    match visitor.ops().logo(app, &file) {
        Ok(Some(logo)) => {
            let headers = [
                (CONTENT_TYPE, logo.format.media_type()),
                (CACHE_CONTROL, "public, max-age=31536000, immutable"),
                (CONTENT_SECURITY_POLICY, POLICY),
            ];
            (headers, logo.bytes).into_response()
        }
        Ok(None) => visitor.refuse(ErrorKind::NotFound),
        Err(fault) => visitor.fail(&fault),
    }
}
