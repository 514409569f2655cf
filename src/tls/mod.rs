//! Floor 3: certificates. Where they come from, whether they are good, and what the handshake
//! shows. No routing.

pub mod acceptor;
mod durable;
pub mod expiry;
pub mod facts;
mod fault;
pub mod material;
pub mod private_ca;
pub mod standing;
pub mod watched;

pub use fault::TlsFault;
