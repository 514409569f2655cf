//! The public keys of the assertions that upstreams get (RFC 7517, RFC 8037). They are no affair of
//! clients: a client verifies nothing of ours, so the metadata (RFC 8414) does not name them.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use serde_json::Value;
use serde_json::json;

use crate::base::encoding;
use crate::domain::signing_key::PUBLISHED_CACHE;
use crate::oauth::OauthState;
use crate::oauth::error;
use crate::ops::signing_keys::PublicKey;

/// Answers the set.
pub(super) async fn answer(State(state): State<OauthState>) -> Response {
    let keys = match state.ops.public_keys().await {
        Ok(keys) => keys,
        Err(fault) => return error::failed(&fault),
    };
    let keys: Vec<Value> = keys.iter().map(jwk).collect();
    let cached = format!("public, max-age={}", PUBLISHED_CACHE.as_secs());
    ([(CACHE_CONTROL, cached)], Json(json!({"keys": keys}))).into_response()
}

fn jwk(key: &PublicKey) -> Value {
    json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "use": "sig",
        "alg": "EdDSA",
        "kid": key.id,
        "x": encoding::base64url(&key.bytes),
    })
}
