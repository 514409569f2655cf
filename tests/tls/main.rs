//! The certificate of a server that runs: the real program, real sockets, real files.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod authority;
mod client;
mod commands;
mod program;
mod reload;
