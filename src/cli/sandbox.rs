//! `countersign sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::app::sandbox;
use crate::cli::error::CliError;
use crate::cli::relay;

/// Try everything, with nothing set up: companies, users, apps, and a sample API
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  countersign sandbox --data-dir ./sandbox --json")]
pub(super) struct Args {
    /// The folder that keeps its data [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The loopback address to listen on; port 0 chooses a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443", value_parser = loopback)]
    listen: SocketAddr,
    /// Say what there is in one line of JSON
    #[arg(long)]
    json: bool,
    /// How many days its clock stands ahead, to see what expires, goes idle or is due; it never goes back
    #[arg(long, value_name = "DAYS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=365))]
    days_ahead: u16,
}

pub(super) fn run(given: Args) -> Result<(), CliError> {
    let Args { data_dir, listen, json, days_ahead } = given;
    let ahead = Duration::from_secs(u64::from(days_ahead) * 24 * 60 * 60);
    Ok(sandbox::run(sandbox::Options { data_dir, listen, json, ahead }, relay::commands())?)
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| String::from("write an address and a port: 127.0.0.1:8443"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(String::from("the sandbox's secrets lie open, so it listens on loopback only"))
    }
}
