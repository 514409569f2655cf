//! Authorization server metadata (RFC 8414). Names only what answers today; no null, no empty
//! string, no empty array.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use serde_json::json;

use crate::domain::catalogue::Access;
use crate::domain::scope::OFFLINE_ACCESS;
use crate::http::paths;
use crate::oauth::OauthState;

/// Answers the document.
pub(super) async fn answer(State(state): State<OauthState>) -> Response {
    let issuer = &state.ops.settings().issuer;
    let url = |path: &str| format!("{issuer}{path}");
    let signs = state.ops.takes_assertions();
    let secrets = ["client_secret_basic", "client_secret_post"];
    let by_assertion = signs.then_some("private_key_jwt");
    let proven: Vec<_> = secrets.into_iter().chain(by_assertion).collect();
    let or_none: Vec<_> = ["none"].into_iter().chain(proven.iter().copied()).collect();
    let mut document = json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": url(paths::AUTHORIZE),
        "token_endpoint": url(paths::TOKEN),
        "token_endpoint_auth_methods_supported": or_none,
        "revocation_endpoint": url(paths::REVOKE),
        "revocation_endpoint_auth_methods_supported": or_none,
        "introspection_endpoint": url(paths::INTROSPECT),
        "introspection_endpoint_auth_methods_supported": proven,
        "pushed_authorization_request_endpoint": url(paths::PAR),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "scopes_supported": scopes(&state),
        "authorization_response_iss_parameter_supported": true,
    });
    if let Some(members) = document.as_object_mut() {
        if signs {
            for endpoint in ["token", "revocation", "introspection"] {
                let name = format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
                members.insert(name, json!(["RS256", "ES256"]));
            }
        }
        if state.ops.takes_client_documents() {
            members.insert("client_id_metadata_document_supported".to_owned(), json!(true));
        }
        if state.ops.settings().registration.is_on() {
            members.insert("registration_endpoint".to_owned(), url(paths::REGISTER).into());
        }
    }
    ([(CACHE_CONTROL, "public, max-age=300")], Json(document)).into_response()
}

/// Minimal: what only reads, so that a client which asks for all of it asks for little.
fn scopes(state: &OauthState) -> Vec<String> {
    let permissions = state.ops.catalogue().permissions().iter();
    permissions
        .filter(|permission| permission.access == Access::Read)
        .map(|permission| permission.name.to_string())
        .chain([OFFLINE_ACCESS.to_owned()])
        .collect()
}
