//! A request that passed every check: the only thing that is forwarded.

use std::sync::Arc;

use axum::extract::Request;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::header::COOKIE;

use crate::domain::company::Company;
use crate::gateway::identity::Identity;

/// A permitted request, without what must not go on: the token, cookies, and headers that only a
/// gateway may set. Who calls stands in it.
pub struct Permitted {
    request: Request,
    company: Arc<Company>,
    path: String,
    identity: Identity,
}

/// Headers that say who somebody is or where they came from. From outside they are lies.
const PREFIXES: [&str; 3] = ["x-forwarded-", "x-countersign-", "x-original-"];

/// Headers of ours that some servers also read when they are written with underscores.
const OURS: [&str; 2] = ["x-company-id", "x-request-id"];

impl Permitted {
    /// Only the guard makes one.
    pub(in crate::gateway) fn new(
        mut request: Request,
        company: Arc<Company>,
        path: String,
        identity: Identity,
    ) -> Self {
        strip(request.headers_mut());
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

    /// The request.
    #[must_use]
    pub fn into_request(self) -> Request {
        self.request
    }
}

fn strip(headers: &mut HeaderMap) {
    headers.remove(AUTHORIZATION);
    headers.remove(COOKIE);
    headers.remove("forwarded");
    let forged = |given: &str| {
        let name = given.replace('_', "-");
        PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || (name != given && OURS.contains(&name.as_str()))
    };
    let names: Vec<_> = headers.keys().filter(|name| forged(name.as_str())).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}
