//! Bounded however much was issued: the real operations on a real file, with as many tokens as the
//! script `million` asks for. And ten thousand changes to the audit trail.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, tells what it measured, and is steered from outside"
)]

mod cache;
mod chain;
mod metered;
mod million;
mod site;
