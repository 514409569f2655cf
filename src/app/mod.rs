//! Floor 8: wiring, the only place that knows all parts. No rules.

mod durable;
pub mod installation;
mod master_key;
pub mod open_error;
pub mod sandbox;
pub mod serve;
pub mod stopped;
pub mod wire;
