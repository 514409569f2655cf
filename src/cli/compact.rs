//! `countersign compact`.

use serde::Serialize;

use crate::cli::args::Shared;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::ops::reclaim::Compacted;

/// Give space of the data file back that is no longer used
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  countersign compact

Requests to a running server wait meanwhile, about a second for each 50 MiB in use. It begins as soon as
nobody reads or writes, and gives up if that does not come for 30 seconds. Nothing is lost if it is
interrupted.
With --json: {\"before_bytes\", \"after_bytes\"}.")]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) shared: Shared,
}

/// How large the file was and is.
#[derive(Serialize)]
struct CompactRow {
    before_bytes: u64,
    after_bytes: u64,
}

pub(super) fn run(given: &Args, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &given.shared)?;
    if !session.out.json {
        session.out.text("Compacting; this takes about a second for each 50 MiB in use, and requests wait meanwhile…\n")?;
    }
    let Compacted { before, after } = session.wait(session.ops.compact())?;
    let row = CompactRow { before_bytes: before, after_bytes: after };
    session.out.answer(&row, || {
        format!("The data file was {} and is {} now.\n", size(before), size(after))
    })
}

/// In mebibytes with one decimal, rounded down.
fn size(bytes: u64) -> String {
    let tenths = bytes / (1024 * 1024 / 10);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
