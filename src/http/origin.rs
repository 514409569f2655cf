//! Where a request came from, for the audit trail.

use http::Extensions;

use crate::base::id::RequestId;
use crate::domain::audit::Origin;
use crate::http::Peer;

/// The request's reference and the peer's address.
#[must_use]
pub fn of(request: &Extensions) -> Origin {
    Origin {
        reference: request.get::<RequestId>().copied(),
        address: request.get::<Peer>().map(|peer| peer.0.ip()),
    }
}
