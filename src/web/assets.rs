//! Style, script and mark: embedded, named by their content, kept for ever.

use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_TYPE;

use crate::view::assets::Asset;

/// Answers one file.
pub(super) async fn answer(asset: &'static Asset) -> Response {
    let headers = [
        (CONTENT_TYPE, asset.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.body).into_response()
}
