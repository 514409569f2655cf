//! The gateway door: each request is checked for token, audience, company and scope, and only a
//! [`Permitted`] one goes on. Checked per request, never per connection: a revocation counts at
//! once.

mod answer;
mod guard;
mod own;
mod path;
mod permitted;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::extract::State;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::any;

pub use crate::gateway::permitted::Permitted;

use crate::domain::resource::API_PATH;
use crate::domain::surface::Surface;
use crate::http::cors;
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
}

/// The API surface.
pub fn routes(state: GatewayState) -> Router {
    Router::new()
        .route(API_PATH, any(call))
        .route(&format!("{API_PATH}/"), any(call))
        .route(&format!("{API_PATH}/{{*path}}"), any(call))
        .layer(from_fn(cors::open))
        .with_state(state)
}

async fn call(State(state): State<GatewayState>, request: Request) -> Response {
    match guard::check(&state, request).await {
        Ok(guard::Checked::Own(response)) => response,
        Ok(guard::Checked::Permitted(permitted)) => (state.upstream)(*permitted).await,
        Err(refused) => *refused,
    }
}
