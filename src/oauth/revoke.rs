//! The revocation endpoint (RFC 7009): 200 and an empty body, whatever the token was.

use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::StatusCode;

use crate::http::paths;
use crate::oauth::OauthState;
use crate::oauth::client::Asked;
use crate::oauth::error;
use crate::oauth::error::OauthError;
use crate::oauth::posted::Posted;

/// Reads, authenticates, revokes. A hint is only a hint: tokens tell their kind themselves.
pub(super) async fn answer(State(state): State<OauthState>, posted: Posted) -> Response {
    let client = match posted.client(&state.ops, Asked::at(paths::REVOKE)).await {
        Ok(client) => client,
        Err(response) => return *response,
    };
    let Ok(Some(token)) = posted.form.one("token") else {
        return OauthError::MALFORMED.respond();
    };
    match state.ops.revoke(&client, token, posted.origin).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(fault) => error::failed(&fault),
    }
}
