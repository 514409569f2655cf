//! Webhooks: who is told what, what is due, and how it is delivered.
//!
//! What is told is in the outbox with the commit of what happened. It leaves it when it arrived or was
//! given up: a restart loses nothing, and may deliver something twice, under the same id.

pub mod deliver;
pub mod due;
pub mod ended;
pub mod manage;

use crate::base::id::RawId;
use crate::domain::webhook::Endpoint;

/// Of how a secret is sealed.
const SEAL: &str = "webhooks";

/// An endpoint with its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedEndpoint {
    /// Its id.
    pub id: RawId,
    /// The endpoint.
    pub endpoint: Endpoint,
}
