//! Whether a host and port can be connected to from here: nothing is sent.

use std::time::Duration;

use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(3);

/// Connects and hangs up.
///
/// # Errors
/// Why not, as a person reads it.
pub async fn reach(host: &str, port: u16) -> Result<(), String> {
    match tokio::time::timeout(PATIENCE, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer for {} seconds", PATIENCE.as_secs())),
    }
}
