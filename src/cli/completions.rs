//! `countersign completions`.

use clap::CommandFactory as _;

use crate::cli::args::Cli;
use crate::cli::context::Context;
use crate::cli::error::CliError;

/// Write the completions for a shell
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  countersign completions bash > /etc/bash_completion.d/countersign"
)]
pub(super) struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(given: &Args, context: &Context) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(given.shell, &mut Cli::command(), "countersign", &mut script);
    context.out(false).text(&String::from_utf8_lossy(&script))
}
