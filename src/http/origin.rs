//! Where a request came from, for the audit trail.

use http::Extensions;
use http::HeaderMap;
use http::header::USER_AGENT;

use crate::base::id::RequestId;
use crate::domain::audit::Origin;
use crate::domain::browser::BrowserKind;
use crate::http::Peer;

/// The request's reference and the peer's address.
#[must_use]
pub fn of(request: &Extensions) -> Origin {
    Origin {
        reference: request.get::<RequestId>().copied(),
        address: request.get::<Peer>().map(|peer| peer.0.ip()),
        browser: BrowserKind::UNKNOWN,
        command_line: None,
    }
}

/// What the browser says it is.
#[must_use]
pub fn browser(headers: &HeaderMap) -> BrowserKind {
    let told = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    BrowserKind::of(told.unwrap_or_default())
}
