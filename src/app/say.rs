//! What a running server tells the console: the only standard output of this floor.

use std::io::Write as _;

use crate::app::stopped::Stopped;

/// Prints one line at once, so that whoever waits for it gets it.
///
/// # Errors
/// Nobody reads any more.
pub fn line(text: &str) -> Result<(), Stopped> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| Stopped::because(&format!("the console cannot be written to: {error}")))
}
