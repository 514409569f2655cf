//! The command line as a whole, and the arguments that commands share.

use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;

use crate::cli::app;
use crate::cli::audit;
use crate::cli::backup;
use crate::cli::compact;
use crate::cli::company;
use crate::cli::completions;
use crate::cli::config;
use crate::cli::connection;
use crate::cli::doctor;
use crate::cli::end_all_access;
use crate::cli::firm;
use crate::cli::init;
use crate::cli::key;
use crate::cli::restore;
use crate::cli::role;
use crate::cli::sandbox;
use crate::cli::serve;
use crate::cli::tls;
use crate::cli::token;
use crate::cli::user;
use crate::cli::webhook;
use crate::config::Flag;
use crate::config::Sources;

/// Decides which outside programs may act on a company's books: a self-hosted OAuth server.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  countersign sandbox                 try everything, with nothing set up
  countersign init                    the first owner and company
  countersign serve                   serve what the configuration says
  countersign doctor                  what is wrong, and how to mend it

Without --config, ./config.toml is read, else /etc/countersign/config.toml; variables
COUNTERSIGN__SECTION__KEY override the file, flags override both.
Exit status: 0 done, 1 failed, 2 wrong use, 78 faulty configuration."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Serve(serve::Args),
    Sandbox(sandbox::Args),
    Init(init::Args),
    Config(config::Args),
    /// Companies: sets of books
    #[command(after_help = "Example:\n  countersign company list")]
    Company(Noun<company::Act>),
    /// Accounting firms that look after several companies
    #[command(after_help = "Example:\n  countersign firm list")]
    Firm(Noun<firm::Act>),
    /// People who sign in
    #[command(after_help = "Example:\n  countersign user list")]
    User(Noun<user::Act>),
    /// Roles: what people may do in a company or firm
    #[command(after_help = "Example:\n  countersign role list")]
    Role(Noun<role::Act>),
    /// Apps: API credentials, OAuth apps and resource servers
    #[command(after_help = "Example:\n  countersign app list")]
    App(Noun<app::Act>),
    /// Connections: what people allowed OAuth apps to do
    #[command(after_help = "Example:\n  countersign connection list")]
    Connection(Noun<connection::Act>),
    /// Tokens that work now, and API tokens for a company's or firm's own use
    #[command(after_help = "Example:\n  countersign token list")]
    Token(Noun<token::Act>),
    /// Webhooks: what a company's or firm's own systems are told
    #[command(after_help = "Example:\n  countersign webhook list")]
    Webhook(Noun<webhook::Act>),
    /// The audit trail
    #[command(after_help = "Example:\n  countersign audit verify")]
    Audit(Noun<audit::Act>),
    /// Backups of all data
    #[command(after_help = "Example:\n  countersign backup create --output countersign.backup")]
    Backup(Noun<backup::Act>),
    Restore(restore::Args),
    /// Keys of this installation
    #[command(after_help = "Example:\n  countersign key rotate")]
    Key(Noun<key::Act>),
    /// The server's certificate
    #[command(after_help = "Example:\n  countersign tls show")]
    Tls(Noun<tls::Act>),
    EndAllAccess(end_all_access::Args),
    Compact(compact::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
}

/// What all commands take stands under this in their help, apart from their own.
const HEADING: &str = "Shared options";

/// What a command on the data of an installation takes.
#[derive(Debug, Args)]
pub(super) struct Noun<Act: Subcommand> {
    #[command(flatten)]
    pub(super) shared: Shared,
    #[command(subcommand)]
    pub(super) act: Act,
}

/// Where the installation is, and how to answer.
#[derive(Debug, Args)]
pub(super) struct Shared {
    #[command(flatten)]
    pub(super) sources: SourceArgs,
    /// Answer with one JSON value
    #[arg(long, global = true, help_heading = HEADING)]
    pub(super) json: bool,
}

/// Where the configuration comes from.
#[derive(Debug, Args)]
pub(super) struct SourceArgs {
    /// The configuration file [default: ./config.toml, else /etc/countersign/config.toml]
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING)]
    config: Option<PathBuf>,
    /// The data folder, in place of data.folder
    #[arg(long, value_name = "DIR", global = true, help_heading = HEADING)]
    data_dir: Option<String>,
    /// Any key of the configuration, such as server.listen=127.0.0.1:9443
    #[arg(long, value_name = "KEY=VALUE", global = true, help_heading = HEADING, value_parser = assignment)]
    set: Vec<(String, String)>,
}

impl SourceArgs {
    /// The sources, with what else the command line says.
    pub(super) fn sources(&self, more: Vec<Flag>) -> Sources {
        let folder = self.data_dir.iter().map(|folder| flag("--data-dir", "data.folder", folder));
        let set = self.set.iter().map(|(key, value)| flag("--set", key, value));
        Sources::of_this_process(self.config.clone(), folder.chain(set).chain(more).collect())
    }
}

/// A flag that sets a key.
pub(super) fn flag(name: &str, key: &str, value: &str) -> Flag {
    Flag { name: name.to_owned(), key: key.to_owned(), value: value.to_owned() }
}

fn assignment(text: &str) -> Result<(String, String), &'static str> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}
