//! Floor 8: wiring, the only place that knows all parts. No rules.

mod durable;
pub mod installation;
mod master_key;
pub mod open_error;
pub mod router;
pub mod sandbox;
pub mod sandbox_guide;
pub mod sandbox_seed;
pub mod say;
pub mod serve;
pub mod serving;
pub mod stopped;
mod supervised;
pub mod upstreams;
pub mod wire;
