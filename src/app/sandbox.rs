//! `countersign sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::app::stopped::Stopped;

/// What the command line says.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder; none: a temporary one.
    pub data_dir: Option<PathBuf>,
    /// Where to listen; a loopback address, port 0 for any.
    pub listen: SocketAddr,
    /// Whether the guide is one line of JSON.
    pub json: bool,
}

/// Serves the sandbox until the process is told to stop.
///
/// # Errors
/// Why it could not start, or had to stop.
pub fn run(_options: Options) -> Result<(), Stopped> {
    Err(Stopped::because(&"not wired yet"))
}
