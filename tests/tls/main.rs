//! The certificate of a server that runs: the real program, real sockets, real files.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod acme;
mod acme_server;
mod authority;
mod client;
mod commands;
mod pebble;
mod program;
mod reload;
