//! The challenge of a protected address (RFC 6750 section 3, RFC 9728 section 5.1): where its metadata
//! is, and the scopes that the operation takes.

use http::HeaderValue;
use http::header::WWW_AUTHENTICATE;

use axum::response::Response;

use crate::domain::scope::ScopeSet;

/// What a refusal tells a client about the way in.
#[derive(Clone, Debug, Default)]
pub(super) struct Challenge {
    /// The absolute URL of the protected-resource metadata.
    pub metadata: String,
    /// All that the operation needs; empty: any live token will do.
    pub scopes: ScopeSet,
}

impl Challenge {
    /// Adds the challenge to a refusal; without `error` it carries no error code.
    pub(super) fn on(&self, mut response: Response, error: Option<&str>) -> Response {
        let mut text = String::from("Bearer ");
        if let Some(error) = error {
            text.push_str(&format!("error=\"{error}\", "));
        }
        text.push_str(&format!("resource_metadata=\"{}\"", self.metadata));
        if !self.scopes.is_empty() {
            text.push_str(&format!(", scope=\"{}\"", self.scopes));
        }
        if let Ok(text) = HeaderValue::from_str(&text) {
            response.headers_mut().insert(WWW_AUTHENTICATE, text);
        }
        response
    }
}
