//! The introspection endpoint (RFC 7662).

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::http::json;
use crate::http::paths;
use crate::oauth::OauthState;
use crate::oauth::client::Asked;
use crate::oauth::error;
use crate::oauth::error::OauthError;
use crate::oauth::posted::Posted;
use crate::ops::introspect::Introspection;

/// Reads, authenticates, looks. Only callers that prove who they are may ask.
pub(super) async fn answer(State(state): State<OauthState>, posted: Posted) -> Response {
    let caller = match posted.client(&state.ops, Asked::at(paths::INTROSPECT)).await {
        Ok(caller) => caller,
        Err(response) => return *response,
    };
    if !caller.is_proven() {
        return posted.refuse(OauthError::INVALID_CLIENT);
    }
    let Ok(Some(token)) = posted.form.one("token") else {
        return OauthError::MALFORMED.respond();
    };
    match state.ops.introspect(&caller, token) {
        Ok(Some(active)) => describe(state.ops.settings().issuer.as_str(), &active),
        Ok(None) => json::answer(StatusCode::OK, &Inactive { active: false }),
        Err(fault) => error::failed(&fault),
    }
}

/// An active token (RFC 7662 section 2.2).
#[derive(Serialize)]
struct Active<'a> {
    active: bool,
    iss: &'a str,
    scope: &'a str,
    client_id: &'a str,
    sub: &'a str,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<u64>,
    iat: u64,
    aud: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    firm_id: Option<&'a str>,
}

/// Any other: nothing is told of it.
#[derive(Serialize)]
struct Inactive {
    active: bool,
}

fn describe(issuer: &str, token: &Introspection) -> Response {
    let body = Active {
        active: true,
        iss: issuer,
        scope: &token.scope,
        client_id: &token.client_id,
        sub: &token.subject,
        token_type: token.token_type,
        exp: token.expires_at.map(Timestamp::seconds),
        iat: token.issued_at.seconds(),
        aud: &token.audience,
        username: token.username.as_deref(),
        company_id: token.company.as_deref(),
        firm_id: token.firm.as_deref(),
    };
    json::answer(StatusCode::OK, &body)
}
