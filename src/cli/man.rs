//! `countersign man`: the man pages. Hidden, since packages bring them; a command, so that whoever
//! packs the binary gets the pages of that very binary and needs no sources.

use std::path::PathBuf;

use clap::CommandFactory as _;

use crate::cli::args::Cli;
use crate::cli::error::CliError;

/// Write the man pages of all commands into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  countersign man /usr/local/share/man/man1")]
pub(super) struct Args {
    /// The folder, which must be there
    folder: PathBuf,
}

pub(super) fn run(given: &Args) -> Result<(), CliError> {
    clap_mangen::generate_to(Cli::command(), &given.folder).map_err(|error| {
        CliError::failed(&format!("{} cannot be written to: {error}", given.folder.display()))
    })
}
