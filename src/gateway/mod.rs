//! The gateway door: each request is checked for token, audience, company and scope, and only a
//! [`Permitted`] one goes on. Checked per request, never per connection: a revocation counts at
//! once.

mod answer;
mod challenge;
pub mod forward;
mod forward_auth;
mod guard;
mod identify;
mod identity;
pub mod mcp;
mod overlay;
mod own;
mod path;
mod permitted;
mod rates;
mod untrusted;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::any;
use axum::routing::get;

pub use crate::gateway::forward_auth::ForwardAuth;
pub use crate::gateway::identity::Identities;
pub use crate::gateway::mcp::McpLimits;
pub use crate::gateway::mcp::McpState;
pub use crate::gateway::mcp::routes as mcp_routes;
pub use crate::gateway::own::ROUTES as OWN_ROUTES;
pub use crate::gateway::permitted::Permitted;
pub use crate::gateway::rates::Rates;

use crate::domain::resource::API_PATH;
use crate::domain::surface::Surface;
use crate::http::cors;
use crate::http::paths;
use crate::http::request_body;
use crate::ops::Ops;

/// What serves the permitted requests.
pub type Upstream =
    Arc<dyn Fn(Permitted) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// What the gateway needs.
#[derive(Clone)]
pub struct GatewayState {
    /// The operations.
    pub ops: Ops,
    /// The routes and their scopes.
    pub surface: Arc<Surface>,
    /// Where permitted requests go.
    pub upstream: Upstream,
    /// How often a token may call, if that is limited.
    pub rates: Option<Arc<Rates>>,
    /// Bytes of a request's body.
    pub max_body: u64,
    /// The origins of web pages that may call; empty: all.
    pub origins: Arc<[String]>,
    /// Who calls, as upstreams are told.
    pub identities: Arc<Identities>,
    /// Whom `/forward-auth` answers.
    pub forward_auth: Arc<ForwardAuth>,
}

/// The question of a proxy whether a request to the API may proceed.
pub fn questions(state: GatewayState) -> Router {
    Router::new().route(paths::FORWARD_AUTH, get(forward_auth::answer)).with_state(state)
}

/// The API surface, and `/connections` beside it.
pub fn routes(state: GatewayState) -> Router {
    let body = from_fn_with_state(state.max_body, request_body::limit_body);
    Router::new()
        .route(API_PATH, any(call))
        .route(&format!("{API_PATH}/"), any(call))
        .route(&format!("{API_PATH}/{{*path}}"), any(call))
        .route(paths::CONNECTIONS, any(call))
        .layer(body)
        .layer(cors::Open)
        .with_state(state)
}

async fn call(State(state): State<GatewayState>, request: Request) -> Response {
    let mut allowance = None;
    let mut response = match guard::check(&state, request, &mut allowance).await {
        Ok(guard::Checked::Own(response)) => response,
        Ok(guard::Checked::Permitted(permitted)) => (state.upstream)(*permitted).await,
        Err(refused) => *refused,
    };
    if let Some(allowance) = allowance {
        rates::tell(allowance, state.ops.now(), response.headers_mut());
    }
    response
}
