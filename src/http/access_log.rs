//! One line a request: method, path, route, status, time taken, peer, request id.
//!
//! Never the query (it holds codes and state), never a header.

use std::sync::Arc;

use axum::extract::MatchedPath;
use axum::extract::Request;
use axum::extract::State;
use axum::middleware::Next;
use axum::response::Response;
use http::Method;
use http::StatusCode;

use crate::base::clock::Clock;
use crate::base::clock::Timestamp;
use crate::base::id::RequestId;
use crate::http::Peer;

/// What the lines are made with.
#[derive(Clone)]
pub struct AccessLog {
    /// Tells how long a request took.
    pub clock: Arc<dyn Clock>,
    /// Paths that monitors ask for all day: written at debug level while they answer well.
    pub quiet: &'static [&'static str],
}

/// Writes the line when the response begins, or when the client left before that.
pub async fn record(State(log): State<AccessLog>, request: Request, next: Next) -> Response {
    let mut line = Line::begin(log, &request);
    let response = next.run(request).await;
    line.status = Some(response.status());
    response
}

struct Line {
    log: AccessLog,
    begun: Timestamp,
    method: Method,
    path: String,
    route: Option<MatchedPath>,
    peer: Option<Peer>,
    request: Option<RequestId>,
    status: Option<StatusCode>,
}

impl Line {
    fn begin(log: AccessLog, request: &Request) -> Self {
        Self {
            begun: log.clock.now(),
            log,
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            route: request.extensions().get().cloned(),
            peer: request.extensions().get().copied(),
            request: request.extensions().get().copied(),
            status: None,
        }
    }

    fn is_quiet(&self) -> bool {
        self.log.quiet.contains(&self.path.as_str())
            && self.status.is_some_and(|status| status.is_success())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let ms = self.log.clock.now().since(self.begun).as_millis();
        let (method, path) = (self.method.as_str(), self.path.as_str());
        let route = self.route.as_ref().map_or("-", MatchedPath::as_str);
        let peer = self.peer.map(|peer| peer.0.to_string()).unwrap_or_default();
        let request = self.request.map(|id| id.to_string()).unwrap_or_default();
        match self.status.map(|status| status.as_u16()) {
            Some(status) if self.is_quiet() => {
                tracing::debug!(method, path, route, status, ms, peer, request, "answered");
            }
            Some(status) => {
                tracing::info!(method, path, route, status, ms, peer, request, "answered");
            }
            None => tracing::info!(method, path, route, ms, peer, request, "client left"),
        }
    }
}
