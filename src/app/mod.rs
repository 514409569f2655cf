//! Floor 8: wiring, the only place that knows all parts. No rules.

mod acme;
pub mod backup;
pub mod certificates;
pub mod checkup;
mod durable;
mod housekeeping;
pub mod installation;
mod master_key;
pub mod memory;
pub mod open_error;
pub mod operations;
pub mod reload;
pub mod router;
pub mod running;
pub mod sandbox;
pub mod sandbox_guide;
pub mod sandbox_seed;
pub mod say;
pub mod serve;
pub mod serving;
pub mod shipping;
pub mod stopped;
pub mod supervised;
pub mod upstreams;
mod webhooks;
pub mod wire;
