//! `countersign token`.

use clap::Subcommand;

use crate::cli::args::Noun;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::rows::token::TokenRow;
use crate::cli::session::Session;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List the access tokens that work now: whose, where, until when; never the tokens
    #[command(after_help = "Example:\n  countersign token list --json")]
    List,
}

pub(super) fn run(noun: &Noun<Act>) -> Result<(), CliError> {
    let session = Session::existing(&noun.shared)?;
    let Act::List = noun.act;
    let names = Names::of(&session.ops)?;
    let tokens = session.ops.live_tokens()?;
    let rows: Vec<_> = tokens.iter().map(|token| TokenRow::of(token, &names)).collect();
    session.out.list(&rows)
}
