//! Floor 9: the commands. They parse, call one operation, and write what came of it.
//!
//! Promises to scripts: exit status 0 done, 1 failed, 2 wrong use, 78 faulty configuration; with
//! `--json` exactly one JSON value on standard output, whose member names ([`rows`]) are kept;
//! what went wrong is one sentence on standard error that begins with `countersign: `.

mod app;
mod app_upkeep;
mod args;
mod audit;
mod backup;
mod compact;
mod company;
mod completions;
mod config;
mod connection;
mod context;
mod doctor;
mod end_all_access;
mod error;
mod firm;
mod init;
mod key;
mod man;
mod names;
mod output;
mod progress;
mod prompt;
mod registration_token;
mod relay;
mod restore;
mod role;
pub mod rows;
mod sandbox;
mod serve;
mod session;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod tls;
mod token;
mod user;
mod values;
mod webhook;

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;

use crate::admin::console::Console;
use crate::admin::peer;
use crate::app::memory;
use crate::cli::args::Cli;
use crate::cli::args::Command;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::relay::Relayed;
use crate::cli::terminal::Terminal;

/// Runs the command that this process was started with.
#[must_use]
pub fn run() -> ExitCode {
    if let Err(fault) = memory::keep_private() {
        let sentence = format!("the memory of this process cannot be kept private: {fault}");
        return CliError::failed(&sentence).tell(&Terminal);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(told) => return error::tell_parsed(&told),
    };
    let console: Arc<dyn Console> = Arc::new(Terminal);
    let unreached = match relay::relay(&cli.command, console.as_ref()) {
        Relayed::Done(status) => return status,
        Relayed::NoServer(why) => why,
    };
    let context = Context { console, running: None, user: peer::own(), unreached };
    match dispatch(cli.command, &context) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.tell(context.console.as_ref()),
    }
}

fn dispatch(command: Command, context: &Context) -> Result<(), CliError> {
    match command {
        Command::Serve(args) => serve::run(args),
        Command::Sandbox(args) => sandbox::run(args),
        Command::Init(args) => init::run(&args, context),
        Command::Config(args) => config::run(args, context),
        Command::Company(noun) => company::run(noun, context),
        Command::Firm(noun) => firm::run(noun, context),
        Command::User(noun) => user::run(noun, context),
        Command::Role(noun) => role::run(noun, context),
        Command::App(noun) => app::run(noun, context),
        Command::Connection(noun) => connection::run(noun, context),
        Command::Token(noun) => token::run(noun, context),
        Command::Webhook(noun) => webhook::run(noun, context),
        Command::Audit(noun) => audit::run(noun, context),
        Command::Backup(noun) => backup::run(noun, context),
        Command::Restore(args) => restore::run(&args, context),
        Command::Key(noun) => key::run(&noun, context),
        Command::Tls(noun) => tls::run(noun, context),
        Command::EndAllAccess(args) => end_all_access::run(&args, context),
        Command::Compact(args) => compact::run(&args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Completions(args) => completions::run(&args, context),
        Command::Man(args) => man::run(&args),
    }
}
