//! Backups as files: making one, reading it back, making them by the clock, and restoring one.

pub mod make;
pub mod restore;
pub mod schedule;

use std::path::Path;
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::app::open_error::OpenError;
use crate::app::stopped::Stopped;
use crate::base::secret::Secret;
use crate::ops::backup::LEAST_PASSPHRASE;
use crate::ops::backup::Unreadable;
use crate::ops::backup::Unwritten;
use crate::store::fault::Fault;

/// A backup could not be made or restored: each one sentence that names the fix.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder.
    #[error("{} cannot be used ({error}); {hint}", path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
        /// What to do.
        hint: &'static str,
    },
    /// There is one of that name.
    #[error("{} exists already, and a backup never replaces a file; name another one", .0.display())]
    Exists(PathBuf),
    /// It could not be written.
    #[error("the backup {} was not made: {why}", file.display())]
    Unwritten {
        /// Its file.
        file: PathBuf,
        /// Why.
        why: Unwritten,
    },
    /// It was written, and reading it back failed.
    #[error("the backup {} was not kept: it was written and read back, and {why}", file.display())]
    Unverified {
        /// Its file.
        file: PathBuf,
        /// Why.
        why: Unreadable,
    },
    /// It cannot be read.
    #[error("the backup {} cannot be used: {why}", file.display())]
    Unreadable {
        /// Its file.
        file: PathBuf,
        /// Why.
        why: Unreadable,
    },
    /// A passphrase that would be guessed.
    #[error("the passphrase has fewer than {LEAST_PASSPHRASE} characters; take a longer one")]
    ShortPassphrase,
    /// The installation or its key.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The backup is of another kind of installation.
    #[error("the backup {} is of a sandbox, and is not restored over real data", .0.display())]
    OfSandbox(PathBuf),
    /// The key in the backup has no place here.
    #[error(
        "the master key {} is missing; it is in the backup, but is provided by something else here: put it back there first, or leave data.master_key_file out of the configuration",
        .0.display()
    )]
    KeyElsewhere(PathBuf),
    /// What was put together does not verify.
    #[error("the restored data does not verify: {0}; nothing was changed")]
    Broken(String),
    /// The data file.
    #[error(transparent)]
    Data(#[from] Fault),
}

impl From<BackupError> for Stopped {
    fn from(error: BackupError) -> Self {
        Self::because(&error)
    }
}

fn unusable(path: &Path, hint: &'static str) -> impl FnOnce(std::io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| BackupError::Unusable { path, error, hint }
}

/// The passphrase in the first line of a file.
///
/// # Errors
/// The file cannot be read.
pub fn read_passphrase(file: &Path) -> Result<Secret, BackupError> {
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(unusable(file, "it holds the passphrase of backups"))?;
    Ok(Secret::from(text.lines().next().unwrap_or_default()))
}

/// A passphrase to seal with.
///
/// # Errors
/// It is too short.
pub fn good_passphrase(passphrase: Secret) -> Result<Secret, BackupError> {
    if passphrase.expose().chars().count() < LEAST_PASSPHRASE {
        return Err(BackupError::ShortPassphrase);
    }
    Ok(passphrase)
}
