//! `countersign end-all-access`.

use serde::Serialize;

use crate::cli::args::Shared;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::domain::company::Place;
use crate::ops::administration::end_all_access::EndedAccess;

/// End every token, connection and secret at once, of one company or of all
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  countersign end-all-access --company acme
  countersign end-all-access

Nothing is deleted, but nothing works again by itself: apps are restored with a new secret, and
connections ask for consent. Everybody is signed out.
With --json: {\"apps\", \"connections\", \"blocked\", \"sessions\"}, each how many ended.")]
pub(super) struct Args {
    /// One company: its slug or id [default: the whole installation]
    #[arg(long)]
    company: Option<String>,
    #[command(flatten)]
    pub(super) shared: Shared,
}

/// How much access there was.
#[derive(Serialize)]
struct EndedRow {
    apps: u64,
    connections: u64,
    blocked: u64,
    sessions: u64,
}

pub(super) fn run(given: &Args, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &given.shared)?;
    let company = given.company.as_deref().map(|company| session.ops.find_company(company));
    let place = company.transpose()?.map(|company| Place::Company(company.id));
    let EndedAccess { apps, connections, blocked, sessions } =
        session.wait(session.ops.end_all_access(place, session.origin))?;
    let row = EndedRow { apps, connections, blocked, sessions };
    session.out.answer(&row, || {
        format!(
            "All access was ended: {apps} apps, {connections} connections, {sessions} sessions; \
             {blocked} of the firm's blocked.\n"
        )
    })
}
