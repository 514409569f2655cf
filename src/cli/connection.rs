//! `countersign connection`.

use clap::Subcommand;

use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::rows::connection::ConnectionRow;
use crate::cli::session::Session;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List all connections; ended ones too
    #[command(after_help = "Example:\n  countersign connection list --json")]
    List,
    /// Show one connection
    #[command(after_help = "Example:\n  countersign connection show cs_conn_0…")]
    Show {
        /// Its id
        connection: String,
    },
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    let names = Names::of(&session.ops)?;
    match noun.act {
        Act::List => {
            let connections = session.ops.connections()?;
            let rows: Vec<_> = connections.iter().map(|c| ConnectionRow::of(c, &names)).collect();
            session.out.list(&rows)
        }
        Act::Show { connection } => {
            let connection = session.ops.find_connection(&connection)?;
            session.out.show(&ConnectionRow::of(&connection, &names))
        }
    }
}
