//! `countersign backup`.

use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use serde::Serialize;

use crate::app::backup::BackupError;
use crate::app::backup::make;
use crate::app::backup::make::Stage;
use crate::app::backup::make::Verified;
use crate::base::secret::Secret;
use crate::cli::args::Noun;
use crate::cli::args::Shared;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::progress::Line;
use crate::cli::prompt;
use crate::cli::session::Session;
use crate::config;

#[derive(Debug, Subcommand)]
pub(super) enum Act {
    /// Make a backup in a new file, and read it back
    #[command(after_help = "\
Examples:
  countersign backup create --output /mnt/backups/countersign.backup
  countersign backup create --output all.backup --with-key --passphrase-file /root/passphrase

Without --output it is made in backup.folder, named for its time. The master key is not in it unless
--with-key says so, and then only under a passphrase: keep a copy of the key elsewhere.
With --json: the members of `backup verify`, with \"file\".")]
    Create {
        /// The new file
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Put the master key into it too
        #[arg(long)]
        with_key: bool,
        /// A file whose first line is the passphrase to seal it with, in place of
        /// backup.passphrase_file; - reads standard input
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Read a backup from its first byte to its last; exit status 1 if it cannot be restored
    #[command(after_help = "\
Example:
  countersign backup verify /mnt/backups/countersign.backup

It needs neither the server nor its data.
With --json: {\"file\", \"created_at\", \"installation\", \"program\", \"sealed\", \"has_key\", \"rows\", \"entries\", \"bytes\"}.")]
    Verify {
        /// The backup
        file: PathBuf,
        /// A file whose first line is its passphrase; - reads standard input
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
}

/// A backup.
#[derive(Serialize)]
pub(super) struct BackupRow {
    file: String,
    created_at: String,
    installation: String,
    program: String,
    sealed: bool,
    has_key: bool,
    rows: u64,
    entries: u64,
    bytes: u64,
}

impl BackupRow {
    fn of(file: &Path, verified: &Verified) -> Self {
        let Verified { header, sealed, rows, bytes } = verified;
        Self {
            file: file.display().to_string(),
            created_at: header.created_at.rfc3339(),
            installation: header.installation.clone(),
            program: header.program.clone(),
            sealed: *sealed,
            has_key: header.has_key,
            rows: *rows,
            entries: header.entries,
            bytes: *bytes,
        }
    }

    fn told(&self, done: &str) -> String {
        let sealed = if self.sealed { "sealed with a passphrase" } else { "not sealed" };
        let key = match self.has_key {
            true => "the master key is in it",
            false => "the master key is not in it: keep a copy of that elsewhere",
        };
        format!(
            "{done} {}\n  of {}, {} rows, {} bytes; {sealed}; {key}\n  its audit trail is intact: {} entries\n",
            self.file, self.created_at, self.rows, self.bytes, self.entries
        )
    }
}

impl Act {
    /// Whether it is about the data of an installation, and not about a file alone.
    pub(super) const fn needs_data(&self) -> bool {
        matches!(self, Self::Create { .. })
    }
}

pub(super) fn run(noun: Noun<Act>, context: &Context) -> Result<(), CliError> {
    match noun.act {
        Act::Create { output, with_key, passphrase_file } => {
            let create = Create { output, with_key, passphrase_file };
            create.run(&noun.shared, context)
        }
        Act::Verify { file, passphrase_file } => {
            let passphrase = passphrase(context, passphrase_file.as_deref())?;
            let mut line = Line::new(context);
            let mut tell = |progress| line.show("Reading", progress);
            let verified = make::verify(&file, passphrase.as_ref(), &mut tell)?;
            drop(line);
            let row = BackupRow::of(&file, &verified);
            context.out(noun.shared.json).answer(&row, || row.told("Can be restored:"))
        }
    }
}

struct Create {
    output: Option<PathBuf>,
    with_key: bool,
    passphrase_file: Option<PathBuf>,
}

impl Create {
    fn run(self, shared: &Shared, context: &Context) -> Result<(), CliError> {
        let settings = match &context.running {
            Some(running) => Arc::clone(&running.settings),
            None => Arc::new(config::load(&shared.sources.sources(Vec::new()))?.settings),
        };
        let passphrase = passphrase(context, self.passphrase_file.as_deref())?;
        let protection = make::protection(&settings, passphrase, self.with_key)?;
        if self.with_key && protection.passphrase.is_none() {
            let told = "--with-key needs a passphrase: give --passphrase-file";
            return Err(CliError::WrongUse(told.to_owned()));
        }
        if self.output.is_none() && settings.backup.folder.is_none() {
            let told = "give --output, or configure backup.folder";
            return Err(CliError::WrongUse(told.to_owned()));
        }
        let session = Session::existing(context, shared)?;
        let mut line = Line::new(context);
        let mut tell = |stage| match stage {
            Stage::Writing(progress) => line.show("Writing", progress),
            Stage::Verifying(progress) => line.show("Reading back", progress),
        };
        let mut make =
            |file: &Path| make::make(&session.ops, file, &protection, session.origin, &mut tell);
        let (file, verified) = match (self.output, &settings.backup.folder) {
            (Some(file), _) if context.running.is_some() => {
                let verified = handed_over(&settings.data.folder, &session, &file, &mut make)?;
                (file, verified)
            }
            (Some(file), _) => {
                let verified = make(&file)?;
                (file, verified)
            }
            (None, folder) => {
                let folder = folder.as_deref().unwrap_or(&settings.data.folder);
                make::make_in(folder, &session.ops, &protection, session.origin, &mut tell)?
            }
        };
        drop(line);
        let row = BackupRow::of(&file, &verified);
        session.out.answer(&row, || row.told("Made the backup"))
    }
}

/// The caller's file is the caller's to write: the server makes the backup in its own folder, reads it
/// back, and hands it over.
fn handed_over(
    folder: &Path,
    session: &Session,
    file: &Path,
    make: &mut dyn FnMut(&Path) -> Result<Verified, BackupError>,
) -> Result<Verified, CliError> {
    let unwritten = |error: io::Error| {
        CliError::failed(&format_args!("{} cannot be written ({error})", file.display()))
    };
    let here = make::room(folder)?;
    let verified = make(&here.path().join("made.backup"))?;
    let mut to = session.out.console.new_file(file).map_err(unwritten)?;
    let mut from = File::open(here.path().join("made.backup")).map_err(unwritten)?;
    io::copy(&mut from, &mut to).map_err(unwritten)?;
    to.finish().map_err(unwritten)?;
    Ok(verified)
}

/// The passphrase in a file, if one is named.
pub(super) fn passphrase(
    context: &Context,
    file: Option<&Path>,
) -> Result<Option<Secret>, CliError> {
    file.map(|file| prompt::passphrase_file(context.console.as_ref(), file)).transpose()
}
