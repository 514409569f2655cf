//! Floor 2: the rules. Pure: no I/O, no async, no HTTP, no store, no ambient time.

pub mod catalogue;
pub mod issuer;
pub mod role;
pub mod scope;
