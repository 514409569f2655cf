//! The revocation endpoint (RFC 7009): 200 and an empty body, whatever the token was.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::Extensions;
use http::HeaderMap;
use http::StatusCode;

use crate::http::origin;
use crate::http::parameters::Parameters;
use crate::oauth::OauthState;
use crate::oauth::client;
use crate::oauth::error;
use crate::oauth::error::OauthError;

/// Reads, authenticates, revokes. A hint is only a hint: tokens tell their kind themselves.
pub(super) async fn answer(
    State(state): State<OauthState>,
    extensions: Extensions,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let origin = origin::of(&extensions);
    let Ok(form) = Parameters::of_form(&headers, &body) else {
        return OauthError::MALFORMED.respond();
    };
    if form.repeats_any_but(&[]) {
        return OauthError::MALFORMED.respond();
    }
    let client = match client::authenticate(&state.ops, &headers, &form, origin).await {
        Ok(client) => client,
        Err(response) => return *response,
    };
    let Ok(Some(token)) = form.one("token") else {
        return OauthError::MALFORMED.respond();
    };
    match state.ops.revoke(&client, token, origin).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(fault) => error::failed(&fault),
    }
}
