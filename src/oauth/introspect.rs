//! The introspection endpoint (RFC 7662).

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::oauth::OauthState;
use crate::oauth::error;
use crate::oauth::error::OauthError;
use crate::oauth::posted::Posted;
use crate::ops::introspect::Introspection;

/// Reads, authenticates, looks. Only callers with a secret may ask.
pub(super) async fn answer(State(state): State<OauthState>, posted: Posted) -> Response {
    let caller = match posted.client(&state.ops).await {
        Ok(caller) => caller,
        Err(response) => return *response,
    };
    if caller.secret().is_none() {
        return posted.refuse(OauthError::INVALID_CLIENT);
    }
    let Ok(Some(token)) = posted.form.one("token") else {
        return OauthError::MALFORMED.respond();
    };
    match state.ops.introspect(&caller, token) {
        Ok(Some(active)) => respond(describe(state.ops.settings().issuer.as_str(), active)),
        Ok(None) => respond(json!({"active": false})),
        Err(fault) => error::failed(&fault),
    }
}

fn respond(body: Value) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn describe(issuer: &str, token: Introspection) -> Value {
    let mut body = Map::new();
    let mut say = |name: &str, value: Value| body.insert(name.to_owned(), value);
    say("active", true.into());
    say("iss", issuer.into());
    say("scope", token.scope.into());
    say("client_id", token.client_id.into());
    say("sub", token.subject.into());
    say("token_type", token.token_type.into());
    say("exp", token.expires_at.seconds().into());
    say("iat", token.issued_at.seconds().into());
    say("aud", token.audience.into());
    let optional =
        [("username", token.username), ("company_id", token.company), ("firm_id", token.firm)];
    for (name, value) in optional {
        if let Some(value) = value {
            say(name, value.into());
        }
    }
    Value::Object(body)
}
