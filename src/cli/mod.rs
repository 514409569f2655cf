//! Floor 9: the commands. They parse, call one operation, and write what came of it.
//!
//! Promises to scripts: exit status 0 done, 1 failed, 2 wrong use, 78 faulty configuration; with
//! `--json` exactly one JSON value on standard output, whose member names ([`rows`]) are kept;
//! what went wrong is one sentence on standard error that begins with `countersign: `.

mod app;
mod app_upkeep;
mod args;
mod audit;
mod compact;
mod company;
mod completions;
mod config;
mod connection;
mod end_all_access;
mod error;
mod firm;
mod init;
mod key;
mod man;
mod names;
mod output;
mod prompt;
mod registration_token;
mod role;
pub mod rows;
mod sandbox;
mod serve;
mod session;
mod table;
#[cfg(test)]
mod tests;
mod token;
mod user;
mod values;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::args::Cli;
use crate::cli::args::Command;
use crate::cli::error::CliError;

/// Runs the command that this process was started with.
#[must_use]
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return error::tell_parsed(&told),
    };
    match dispatch(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.tell(),
    }
}

fn dispatch(command: Command) -> Result<(), CliError> {
    match command {
        Command::Serve(args) => serve::run(args),
        Command::Sandbox(args) => sandbox::run(args),
        Command::Init(args) => init::run(&args),
        Command::Config(args) => config::run(args),
        Command::Company(noun) => company::run(noun),
        Command::Firm(noun) => firm::run(noun),
        Command::User(noun) => user::run(noun),
        Command::Role(noun) => role::run(noun),
        Command::App(noun) => app::run(noun),
        Command::Connection(noun) => connection::run(noun),
        Command::Token(noun) => token::run(noun),
        Command::Audit(noun) => audit::run(noun),
        Command::Key(noun) => key::run(&noun),
        Command::EndAllAccess(args) => end_all_access::run(&args),
        Command::Compact(args) => compact::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
    }
}
