//! The certificate of a server that runs: the real program, real sockets, real files.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "certificates are good by the machine's clock, and how long they take to be served is what is tested"
)]

mod acme;
mod acme_server;
mod authority;
mod client;
mod commands;
mod pebble;
mod program;
mod reload;
