//! Floor 6: the admin socket. While the server runs it holds the data file, so the command line hands
//! its arguments to the server and does here what only it can do: write to its terminal, ask the
//! person at it, read and write the files that the person named.
//!
//! Promises: only root and the server's own user are heard (the kernel says who calls); the server
//! touches no file that a caller names; a caller that hangs up ends no act in the middle; every wait
//! and every length is bounded.

pub mod bind;
pub mod call;
pub mod console;
mod frame;
pub mod line;
pub mod listen;
pub mod peer;

/// The version that both sides must have.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
