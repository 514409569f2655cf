//! Every request gets an identifier of ours, and every response shows it.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::Response;
use http::HeaderName;
use http::HeaderValue;

use crate::base::clock::Clock;
use crate::base::entropy::Entropy;
use crate::base::id::RequestId;

/// Carries the identifier out. What a client sends under this name is ignored.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Makes the identifiers.
#[derive(Clone)]
pub struct RequestIds {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl RequestIds {
    /// Identifiers from this clock and this randomness.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy }
    }

    /// Puts a new identifier into the request's extensions.
    pub fn assign(&self, request: &mut Request) -> RequestId {
        let id = RequestId::make(self.clock.now(), &*self.entropy);
        request.headers_mut().remove(&X_REQUEST_ID);
        request.extensions_mut().insert(id);
        id
    }
}

/// Puts the identifier onto the response.
pub fn show(id: RequestId, response: &mut Response) {
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
}
