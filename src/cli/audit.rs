//! `countersign audit`.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use crate::cli::args::Noun;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::names::Names;
use crate::cli::rows::audit::AuditRow;
use crate::cli::session::Session;
use crate::ops::administration::listings::Trail;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// List entries, newest first
    #[command(after_help = "Example:\n  countersign audit list --limit 20")]
    List {
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Only those before this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
    },
    /// Check that no entry was changed, moved or removed; exit status 1 if one was
    #[command(after_help = "Example:\n  countersign audit verify")]
    Verify,
    /// Write all entries, oldest first, one JSON object a line, as the chain's hashes cover them
    #[command(after_help = "Example:\n  countersign audit export --output activity.jsonl")]
    Export {
        /// A new file, in place of standard output
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Entries read at a time.
const PAGE: u64 = 1000;

/// What verifying found.
#[derive(Serialize)]
struct Verdict {
    intact: bool,
    entries: u64,
    /// The entries at which a backup was restored.
    restores: Vec<u64>,
    /// Checks the checkpoints in the log: an Ed25519 key.
    checkpoint_key: String,
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    let session = Session::existing(context, &noun.shared)?;
    match noun.act {
        Act::List { limit, before } => list(&session, before, limit),
        Act::Verify => verify(&session),
        Act::Export { output: Some(file) } => export_to_file(&session, &file),
        Act::Export { output: None } => export(&session, &mut |text| session.out.text(text)),
    }
}

fn list(session: &Session, before: Option<u64>, limit: usize) -> Result<(), CliError> {
    let names = Names::of(&session.ops)?;
    let entries = session.ops.audit_entries(before, limit)?;
    let rows: Vec<_> = entries.iter().map(|entry| AuditRow::of(entry, &names)).collect();
    session.out.list(&rows)
}

fn verify(session: &Session) -> Result<(), CliError> {
    let Trail { entries, restores } = session.ops.verify_trail()?.map_err(|broken| {
        CliError::failed(&format_args!("the audit trail does not verify: {broken}"))
    })?;
    let checkpoint_key = session.ops.checkpoint_key();
    let forks: String = restores.iter().map(fork).collect();
    session.out.answer(&Verdict { intact: true, entries, restores, checkpoint_key }, || {
        format!("The audit trail is intact: {entries} entries.\n{forks}")
    })
}

fn fork(entry: &u64) -> String {
    format!(
        "A backup was restored at entry {entry}: what followed the backup until then is in the former data file.\n"
    )
}

/// Never over a file that is there: an export may be the only copy.
fn export_to_file(session: &Session, path: &Path) -> Result<(), CliError> {
    let unwritten = |error: io::Error| {
        CliError::failed(&format_args!("{} cannot be written ({error})", path.display()))
    };
    let mut file = session.out.console.new_file(path).map_err(unwritten)?;
    export(session, &mut |text| file.write_all(text.as_bytes()).map_err(unwritten))?;
    file.finish().map_err(unwritten)
}

fn export(
    session: &Session,
    to: &mut dyn FnMut(&str) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let newest = session.ops.audit_entries(None, 1)?.first().map_or(0, |entry| entry.sequence);
    let mut next = 1;
    while next <= newest {
        let end = next.saturating_add(PAGE);
        let mut text = String::new();
        for line in session.ops.audit_lines(next..end)? {
            let _ = writeln!(text, "{line}");
        }
        to(&text)?;
        next = end;
    }
    Ok(())
}
