//! `countersign serve`.

use crate::app::stopped::Stopped;
use crate::config::Settings;

/// What the command line says beside the settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether another issuer than the recorded one is accepted.
    pub accept_new_issuer: bool,
}

/// Serves until the process is told to stop.
///
/// # Errors
/// Why it could not start, or had to stop.
pub fn run(_settings: Settings, _options: Options) -> Result<(), Stopped> {
    Err(Stopped::because(&"not wired yet"))
}
