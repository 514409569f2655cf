//! `countersign config`.

use clap::Subcommand;

use crate::cli::args::SourceArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::config;
use crate::config::Loaded;

/// Check the configuration, or print what is in effect
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  countersign config check --config ./config.toml")]
pub(super) struct Args {
    #[command(flatten)]
    sources: SourceArgs,
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Find every fault; exit status 78 if there is one
    #[command(after_help = "Example:\n  countersign config check --config ./config.toml")]
    Check,
    /// Print what is in effect as TOML, and where it was given
    #[command(after_help = "Example:\n  countersign config print")]
    Print,
}

pub(super) fn run(given: Args, context: &Context) -> Result<(), CliError> {
    let Args { sources, act } = given;
    let loaded = config::load(&sources.sources(Vec::new()))?;
    let out = context.out(false);
    match act {
        Act::Check => out.text(&verdict(&loaded)),
        Act::Print => out.text(&loaded.print()),
    }
}

fn verdict(loaded: &Loaded) -> String {
    match loaded.file() {
        Some(file) => format!("The configuration is good ({}).\n", file.display()),
        None => String::from("The configuration is good (no file was found; defaults apply).\n"),
    }
}
