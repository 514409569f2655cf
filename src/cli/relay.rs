//! The one way to a running server: the same arguments, parsed and run there over its own operations.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;

use crate::admin::call;
use crate::admin::call::CallFault;
use crate::admin::console::Console;
use crate::admin::listen::Call;
use crate::app::running::Commands;
use crate::app::running::Running;
use crate::cli::args::Cli;
use crate::cli::args::Command;
use crate::cli::args::SourceArgs;
use crate::cli::context::Context;
use crate::cli::dispatch;
use crate::cli::error::CliError;
use crate::config;

const SILENT: &str = "the server holds its admin socket and does not answer; its log may say why, and systemctl restart countersign starts it anew";
const TOO_LONG: &str = "the command line is longer than the 64 KiB that a running server takes; put less into it, or stop the server first";

/// What became of the attempt to have a server run the command.
pub(super) enum Relayed {
    /// It did.
    Done(ExitCode),
    /// None answers; and why, if one was looked for.
    NoServer(Option<String>),
}

/// Has the running server run the command, if it is one for a server and one answers.
pub(super) fn relay(command: &Command, console: &dyn Console) -> Relayed {
    let Some(sources) = command.sources() else { return Relayed::NoServer(None) };
    // Faults of the configuration are told by the command itself.
    let Ok(loaded) = config::load(&sources.sources(Vec::new())) else {
        return Relayed::NoServer(None);
    };
    let socket = loaded.settings.admin_socket();
    let stream = match call::connect(&socket) {
        Ok(stream) => stream,
        Err(why) => return Relayed::NoServer(Some(format!("{}: {why}", socket.display()))),
    };
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    Relayed::Done(match call::run(stream, &args, console) {
        Ok(status) => ExitCode::from(status),
        Err(CallFault::NobodyReads) => CliError::NobodyReads.tell(console),
        // Who looks for what is wrong has found it, and looks on from here.
        Err(CallFault::Silent) if matches!(command, Command::Doctor(_)) => {
            return Relayed::NoServer(Some(SILENT.to_owned()));
        }
        Err(CallFault::Silent) => CliError::failed(&SILENT).tell(console),
        Err(CallFault::TooLong) => CliError::failed(&TOO_LONG).tell(console),
        Err(CallFault::Broken(error)) => broken(&error).tell(console),
    })
}

fn broken(error: &io::Error) -> CliError {
    CliError::failed(&format_args!(
        "the server stopped answering ({error}); see its log, and look whether it was done before you try again"
    ))
}

/// What runs the commands of others inside the server.
pub(super) fn commands() -> Commands {
    Arc::new(|running: Running, called: Call| {
        let Call { args, by, line } = called;
        let console: Arc<dyn Console> = line;
        let name = std::iter::once(OsString::from("countersign"));
        let cli = match Cli::try_parse_from(name.chain(args)) {
            Ok(cli) => cli,
            Err(told) => {
                let told = told.render().to_string();
                return CliError::WrongUse(told).tell_status(console.as_ref());
            }
        };
        let context = Context { console, running: Some(running), user: by, unreached: None };
        if cli.command.sources().is_none() {
            let sentence = "this command runs on its own, not in the server";
            return CliError::failed(&sentence).tell_status(context.console.as_ref());
        }
        match dispatch(cli.command, &context) {
            Ok(()) => 0,
            Err(error) => error.tell_status(context.console.as_ref()),
        }
    })
}

impl Command {
    /// Where the installation of a command is that a running server may run; none for those that run
    /// on their own always.
    fn sources(&self) -> Option<&SourceArgs> {
        let shared = match self {
            Self::Serve(_)
            | Self::Sandbox(_)
            | Self::Config(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Restore(_) => return None,
            Self::Backup(noun) if !noun.act.needs_data() => return None,
            Self::Backup(noun) => &noun.shared,
            Self::Tls(noun) if !noun.act.writes() => return None,
            Self::Tls(noun) => &noun.shared,
            Self::Init(args) => &args.shared,
            Self::Company(noun) => &noun.shared,
            Self::Firm(noun) => &noun.shared,
            Self::User(noun) => &noun.shared,
            Self::Role(noun) => &noun.shared,
            Self::App(noun) => &noun.shared,
            Self::Connection(noun) => &noun.shared,
            Self::Token(noun) => &noun.shared,
            Self::Webhook(noun) => &noun.shared,
            Self::Audit(noun) => &noun.shared,
            Self::Key(noun) => &noun.shared,
            Self::EndAllAccess(args) => &args.shared,
            Self::Compact(args) => &args.shared,
            Self::Doctor(args) => &args.shared,
        };
        Some(&shared.sources)
    }
}
