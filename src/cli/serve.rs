//! `countersign serve`.

use crate::app::serve;
use crate::cli::args;
use crate::cli::args::SourceArgs;
use crate::cli::error::CliError;
use crate::cli::relay;
use crate::config;
use crate::config::Supervision;

/// Serve what the configuration says
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  countersign serve --config /etc/countersign/config.toml")]
pub(super) struct Args {
    #[command(flatten)]
    sources: SourceArgs,
    /// Addresses to listen on, with commas between them, in place of server.listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Accept that the issuer was changed; ends every MCP connection
    #[arg(long)]
    accept_new_issuer: bool,
}

pub(super) fn run(given: Args) -> Result<(), CliError> {
    let Args { sources, listen, accept_new_issuer } = given;
    let listen = listen.map(|listen| args::flag("--listen", "server.listen", &listen));
    let sources = sources.sources(listen.into_iter().collect());
    let settings = config::load(&sources)?.settings;
    let supervision = Supervision::of(&sources, std::process::id());
    let options = serve::Options { accept_new_issuer, supervision, sources };
    Ok(serve::run(settings, options, relay::commands())?)
}
