//! A request that passed every check: the only thing that is forwarded.

use std::sync::Arc;

use axum::extract::Request;

use crate::base::id::RequestId;
use crate::domain::company::Company;
use crate::gateway::identity::Identity;
use crate::gateway::untrusted;

/// A permitted request, without what must not go on: the token, cookies, and headers that only a
/// gateway may set. Who calls stands in it.
pub struct Permitted {
    request: Request,
    company: Arc<Company>,
    path: String,
    identity: Identity,
}

impl Permitted {
    /// Only the guard makes one.
    pub(in crate::gateway) fn new(
        mut request: Request,
        company: Arc<Company>,
        path: String,
        identity: Identity,
    ) -> Self {
        untrusted::strip(request.headers_mut());
        identity.write(request.headers_mut());
        Self { request, company, path, identity }
    }

    /// Who calls.
    pub(in crate::gateway) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The company that the call is about.
    #[must_use]
    pub fn company(&self) -> &Company {
        &self.company
    }

    /// The path below the surface, and below the company if it was named there.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.request.uri().query()
    }

    /// What callers put before that path: the surface, and the company if it was named there.
    #[must_use]
    pub fn base(&self) -> &str {
        let path = self.request.uri().path();
        path.strip_suffix(self.path.as_str()).unwrap_or(path)
    }

    /// The reference that its answer carries.
    #[must_use]
    pub fn reference(&self) -> Option<RequestId> {
        self.request.extensions().get().copied()
    }

    /// The request.
    #[must_use]
    pub fn into_request(self) -> Request {
        self.request
    }
}
