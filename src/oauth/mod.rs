//! The OAuth door: discovery, registration, authorization, token, revocation, introspection, pushed
//! requests.
//!
//! Each endpoint reads, identifies its client, acts, maps and answers. Names on the wire are those
//! of the RFCs; descriptions are constants. Below `/.well-known/` everything else is a plain 404 that
//! programs in browsers can read.

mod authorize;
pub mod client;
mod description;
mod error;
mod introspect;
mod keys;
mod metadata;
mod par;
mod posted;
mod protected_resource;
mod register;
mod registration_error;
mod revoke;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::any;
use axum::routing::get;
use axum::routing::post;
use http::Extensions;
use http::StatusCode;

use crate::domain::resource::API_PATH;
use crate::domain::resource::METADATA_PREFIX;
use crate::domain::surfaces::Surfaces;
use crate::http::cors;
use crate::http::paths;
use crate::http::plain;
use crate::oauth::error::OauthError;
use crate::ops::Ops;
use crate::view::renderer::Views;

/// What the endpoints need.
#[derive(Clone)]
pub struct OauthState {
    /// The operations.
    pub ops: Ops,
    /// The pages, for refusals that can only be shown here.
    pub views: Arc<Views>,
    /// The protected surfaces.
    pub surfaces: Arc<Surfaces>,
}

/// The endpoints. Clients of the 2025-03-26 MCP revision guess `/authorize`, `/token` and
/// `/register`.
pub fn routes(state: OauthState) -> Router {
    let open = resources(&state.surfaces)
        .route(paths::METADATA, get(metadata::answer))
        .route(paths::KEYS, get(keys::answer))
        .route(paths::OPENAPI, get(description::answer))
        .route("/.well-known/", any(nothing_known))
        .route("/.well-known/{*name}", any(nothing_known))
        .route(paths::TOKEN, post(token::answer))
        .route("/token", post(token::answer))
        .route(paths::REVOKE, post(revoke::answer))
        .route(paths::REGISTER, post(register::create))
        .route("/register", post(register::create))
        .route(
            &paths::registration("{client_id}"),
            get(register::read).put(register::update).delete(register::delete),
        )
        .method_not_allowed_fallback(method_not_allowed)
        .layer(cors::Open);
    Router::new()
        .route(paths::AUTHORIZE, get(authorize::answer))
        .route("/authorize", get(authorize::answer))
        .route(paths::INTROSPECT, post(introspect::answer))
        .route(paths::PAR, post(par::answer))
        .merge(open)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(state)
}

/// The documents of the surfaces that are there.
fn resources(surfaces: &Surfaces) -> Router<OauthState> {
    let mut router = Router::new();
    if surfaces.api.is_some() {
        let path = format!("{METADATA_PREFIX}{API_PATH}");
        router = router.route(&path, get(protected_resource::answer));
    }
    if surfaces.mcp.is_some() {
        let path = format!("{METADATA_PREFIX}/companies/{{slug}}/mcp");
        router = router.route(&path, get(protected_resource::answer));
    }
    router
}

/// A client that looks for a document which does not exist here is told so, and not with a page.
async fn nothing_known(request: Extensions) -> Response {
    let reference = request.get().copied();
    plain::answer(StatusCode::NOT_FOUND, "There is no such document.", reference)
}

async fn method_not_allowed() -> Response {
    OauthError::METHOD.respond()
}
