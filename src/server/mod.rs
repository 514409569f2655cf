//! Floor 7: sockets, connections, the order of the middleware, tasks, signals. It knows no
//! endpoint: it is handed a router and carries requests to it.

pub mod admission;
pub mod binding;
mod connection;
mod exchange;
#[cfg(test)]
mod harness;
pub mod health;
mod http1;
mod http2;
pub mod inherited;
mod layers;
mod limits;
mod listener;
pub mod manager;
pub mod operations;
mod quiet;
mod run;
pub mod shutdown;
pub mod signals;
mod stream;
mod waiting;
mod watch;

pub use layers::LayerContext;
pub use layers::layers;
pub use limits::Limits;
pub use run::Ended;
pub use run::Server;
pub use shutdown::Shutdown;
