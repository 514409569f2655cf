//! Floor 5: what every door shares. Nothing here knows an endpoint, the store or an operation.

pub mod access_log;
pub mod authority;
pub mod cookies;
pub mod cors;
pub mod forwarded;
pub mod json;
pub mod language;
pub mod limits;
pub mod multipart;
pub mod origin;
pub mod page;
pub mod panics;
pub mod parameters;
pub mod paths;
pub mod peer;
pub mod plain;
pub mod request_body;
pub mod request_id;
pub mod security;

pub use peer::Peer;
