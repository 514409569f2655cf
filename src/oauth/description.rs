//! `/openapi.json`: the endpoints of this server, as programs read them (OpenAPI 3.1). Names only what
//! answers today.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::CACHE_CONTROL;

use crate::oauth::OauthState;
use crate::view::guide::api::ApiFacts;

/// Answers the description.
pub(super) async fn answer(State(state): State<OauthState>) -> Response {
    let settings = state.ops.settings();
    let facts = ApiFacts {
        issuer: settings.issuer.to_string(),
        api: state.surfaces.api.is_some(),
        mcp: state.surfaces.mcp.is_some(),
        registration: settings.registration.is_on(),
    };
    let description = state.views.api().openapi(&facts);
    ([(CACHE_CONTROL, "public, max-age=300")], Json(description)).into_response()
}
