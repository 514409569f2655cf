//! `countersign backup`.

use std::path::Path;
use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use crate::app::backup::make;
use crate::app::backup::make::Stage;
use crate::app::backup::make::Verified;
use crate::base::secret::Secret;
use crate::cli::args::Noun;
use crate::cli::args::Shared;
use crate::cli::error::CliError;
use crate::cli::output::Output;
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

pub(super) fn run(noun: Noun<Act>) -> Result<(), CliError> {
    match noun.act {
        Act::Create { output, with_key, passphrase_file } => {
            create(&noun.shared, output, with_key, passphrase_file.as_deref())
        }
        Act::Verify { file, passphrase_file } => {
            verify(&noun.shared, &file, passphrase_file.as_deref())
        }
    }
}

fn create(
    shared: &Shared,
    output: Option<PathBuf>,
    with_key: bool,
    passphrase_file: Option<&Path>,
) -> Result<(), CliError> {
    let settings = config::load(&shared.sources.sources(Vec::new()))?.settings;
    let passphrase = passphrase(passphrase_file)?;
    let protection = make::protection(&settings, passphrase, with_key)?;
    if with_key && protection.passphrase.is_none() {
        return Err(CliError::WrongUse(
            "--with-key needs a passphrase: give --passphrase-file".to_owned(),
        ));
    }
    let session = Session::existing(shared)?;
    let file = match (output, &settings.backup.folder) {
        (Some(file), _) => file,
        (None, Some(folder)) => make::name(folder, &session.ops),
        (None, None) => {
            return Err(CliError::WrongUse("give --output, or configure backup.folder".to_owned()));
        }
    };
    let mut line = Line::new();
    let verified = make::make(&session.ops, &file, &protection, &mut |stage| match stage {
        Stage::Writing(progress) => line.show("Writing", progress),
        Stage::Verifying(progress) => line.show("Reading back", progress),
    })?;
    drop(line);
    let row = BackupRow::of(&file, &verified);
    session.out.answer(&row, || row.told("Made the backup"))
}

fn verify(shared: &Shared, file: &Path, passphrase_file: Option<&Path>) -> Result<(), CliError> {
    let passphrase = passphrase(passphrase_file)?;
    let mut line = Line::new();
    let verified = make::verify(file, passphrase.as_ref(), &mut |progress| {
        line.show("Reading", progress);
    })?;
    drop(line);
    let row = BackupRow::of(file, &verified);
    Output { json: shared.json }.answer(&row, || row.told("Can be restored:"))
}

/// The passphrase in a file, if one is named.
pub(super) fn passphrase(file: Option<&Path>) -> Result<Option<Secret>, CliError> {
    file.map(prompt::passphrase_file).transpose()
}
