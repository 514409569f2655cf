//! Floor 3: certificates. Where they come from, whether they are good, and what the handshake
//! shows. No routing.

pub mod acceptor;
mod durable;
mod fault;
pub mod inspect;
pub mod material;
pub mod private_ca;

pub use fault::TlsFault;
