//! What is acknowledged survives: the real store on a disk that loses power or fails at any moment.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, tells how to repeat it, and is steered from outside"
)]

mod chance;
mod cuts;
mod disk;
mod failures;
mod migration;
mod real_file;
mod site;
mod witness;
