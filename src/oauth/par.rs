//! Pushed authorization requests (RFC 9126).

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use serde_json::json;

use crate::domain::audit::EventKind;
use crate::http::paths;
use crate::oauth::OauthState;
use crate::oauth::authorize;
use crate::oauth::client::Asked;
use crate::oauth::error;
use crate::oauth::error::OauthError;
use crate::oauth::posted::Posted;
use crate::ops::authorization::AuthorizationParameters;
use crate::ops::authorization::AuthorizationRefusal;
use crate::ops::authorization::PageRefusal;
use crate::ops::explain;
use crate::ops::failure::Failure;

/// Reads, authenticates, checks as the authorization endpoint does, keeps.
pub(super) async fn answer(State(state): State<OauthState>, posted: Posted) -> Response {
    let Ok(parameters) = authorize::read(&posted.form) else {
        return OauthError::MALFORMED.respond();
    };
    // A pushed request cannot point at another one (RFC 9126 section 2.1).
    if parameters.request_uri.is_some() {
        return OauthError::MALFORMED.respond();
    }
    let asked = Asked { path: paths::PAR, unkept: true };
    let client = match posted.client(&state.ops, asked).await {
        Ok(client) => client,
        Err(response) => return *response,
    };
    if !client.app().kind.uses_consent() {
        return OauthError::from(crate::ops::token_refusal::TokenRefusal::GrantNotForClient)
            .respond();
    }
    let app = client.app().id;
    let parameters =
        AuthorizationParameters { client_id: Some(client.app().client_id()), ..parameters };
    match state.ops.push_authorization(&state.surfaces, &client, &parameters).await {
        Ok((request_uri, lifetime)) => {
            let body = json!({"request_uri": request_uri, "expires_in": lifetime.as_secs()});
            let headers = [(CACHE_CONTROL, "no-store")];
            (StatusCode::CREATED, headers, Json(body)).into_response()
        }
        Err(Failure::Refused(refusal)) => {
            let event = state.ops.event(EventKind::AuthorizationRefused, posted.origin);
            let mismatch =
                matches!(refusal, AuthorizationRefusal::Page(PageRefusal::RedirectMismatch, _));
            let detail = mismatch.then(|| explain::redirect(parameters.redirect_uri.as_deref()));
            let event = event.app(app).cause(cause(&refusal)).detail(detail);
            state.ops.note_refusal(event).await;
            wire(&refusal).respond()
        }
        Err(Failure::Fault(fault)) => error::failed(&fault),
    }
}

/// The class of the refusal; nothing that the caller sent.
fn cause(refusal: &AuthorizationRefusal) -> String {
    match refusal {
        AuthorizationRefusal::Page(why, _) => format!("pushed: {why:?}"),
        AuthorizationRefusal::Redirect { why, .. } => format!("pushed: {why:?}"),
    }
}

fn wire(refusal: &AuthorizationRefusal) -> OauthError {
    match refusal {
        AuthorizationRefusal::Page(..) => OauthError::MALFORMED,
        AuthorizationRefusal::Redirect { why, .. } => (*why).into(),
    }
}
