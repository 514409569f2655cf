//! Floor 5: what every door shares. Nothing here knows an endpoint, the store or an operation.

pub mod access_log;
pub mod authority;
pub mod limits;
pub mod panics;
pub mod peer;
pub mod plain;
pub mod request_body;
pub mod request_id;
pub mod security;

pub use peer::Peer;
