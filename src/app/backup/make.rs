//! Making a backup: written beside its place under another name, synced, read back from its first byte
//! to its last, and only then named. Whenever that is interrupted, there is a whole backup or none.

use std::fs;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use tempfile::NamedTempFile;
use tempfile::TempDir;

use crate::app::backup::BackupError;
use crate::app::backup::good_passphrase;
use crate::app::backup::read_passphrase;
use crate::app::backup::schedule::name;
use crate::app::backup::schedule::stamp;
use crate::app::backup::unusable;
use crate::app::durable;
use crate::app::master_key;
use crate::app::open_error::OpenError;
use crate::base::clock::Timestamp;
use crate::base::secret::Secret;
use crate::config::Settings;
use crate::crypto::password::Cost;
use crate::domain::audit::Origin;
use crate::ops::Ops;
use crate::ops::backup;
use crate::ops::backup::Backup;
use crate::ops::backup::Header;
use crate::ops::backup::KeyInside;
use crate::ops::backup::Made;
use crate::ops::backup::Progress;
use crate::ops::backup::Protection;
use crate::ops::backup::Unreadable;
use crate::ops::backup::Unwritten;
use crate::store::engine::Read;

/// How far making one has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Rows are written.
    Writing(Progress),
    /// They are read back.
    Verifying(Progress),
}

/// What a backup file holds.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What it says of itself.
    pub header: Header,
    /// Whether it is sealed.
    pub sealed: bool,
    /// Rows in all.
    pub rows: u64,
    /// Its length.
    pub bytes: u64,
}

/// Makes a backup in the new file `file`, and notes it in the audit trail. Slow: never on an executor's
/// thread.
///
/// # Errors
/// Each in one sentence; there is no file then.
pub fn make(
    ops: &Ops,
    file: &Path,
    protection: &Protection,
    origin: Origin,
    tell: &mut dyn FnMut(Stage),
) -> Result<Verified, BackupError> {
    let verified = write(ops, file, protection, tell)?;
    let sealed = if verified.sealed { "sealed" } else { "plain" };
    let key = if verified.header.has_key { " with master key" } else { "" };
    if let Err(fault) = ops.record_backup(&format!("{sealed}{key}"), origin) {
        // No entry, no effect.
        let _ = fs::remove_file(file);
        return Err(fault.into());
    }
    Ok(verified)
}

/// As [`make`], in the folder of backups: the server knows of it, whoever asked for it.
///
/// # Errors
/// As [`make`].
pub fn make_in(
    folder: &Path,
    ops: &Ops,
    protection: &Protection,
    origin: Origin,
    tell: &mut dyn FnMut(Stage),
) -> Result<(PathBuf, Verified), BackupError> {
    let file = name(folder, ops.now());
    let verified = make(ops, &file, protection, origin, tell)?;
    let at = verified.header.created_at;
    ops.note_backup(Made { at, file: file.display().to_string(), bytes: verified.bytes });
    Ok((file, verified))
}

fn write(
    ops: &Ops,
    file: &Path,
    protection: &Protection,
    tell: &mut dyn FnMut(Stage),
) -> Result<Verified, BackupError> {
    let beside = written(file, &mut |to| {
        ops.write_backup(protection, to, &mut |progress| tell(Stage::Writing(progress)))
    })?;
    let mut verifying = |progress| {
        tell(Stage::Verifying(progress));
        if ops.gives_up_backups() { Err(io::Error::other("the server stops")) } else { Ok(()) }
    };
    named(beside, file, protection.passphrase.as_ref(), &mut verifying)
}

/// Makes a backup of a data file that is about to be migrated, in the data folder. It is as readable as
/// the data file beside it.
///
/// # Errors
/// As [`make`].
pub fn before_migration(
    folder: &Path,
    (state, format): (&dyn Read, u32),
    now: Timestamp,
) -> Result<PathBuf, BackupError> {
    let name = format!("countersign-before-upgrade-of-format-{format}-{}.backup", stamp(now));
    let file = folder.join(name);
    let beside = written(&file, &mut |to| backup::write_before_migration(state, now, to))?;
    named(beside, &file, None, &mut |_| Ok(()))?;
    tracing::warn!(file = %file.display(), "a backup was made before the data file is migrated");
    Ok(file)
}

/// What a backup is called until it is whole.
const UNFINISHED: &str = ".countersign-backup-";
const HINT: &str = "name a folder that exists and can be written to";

/// Writes and syncs a file that has no name yet; gone again if anything fails.
fn written(
    file: &Path,
    write: &mut dyn FnMut(&mut dyn io::Write) -> Result<Header, Unwritten>,
) -> Result<NamedTempFile, BackupError> {
    if file.try_exists().map_err(unusable(file, HINT))? {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let folder = durable::folder_of(file);
    // 0600 from its first moment.
    let mut beside = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempfile_in(folder)
        .map_err(unusable(folder, HINT))?;
    let mut to = BufWriter::new(beside.as_file_mut());
    write(&mut to).map_err(|why| BackupError::Unwritten { file: file.to_owned(), why })?;
    to.flush().map_err(unusable(file, HINT))?;
    drop(to);
    beside.as_file().sync_all().map_err(unusable(file, HINT))?;
    Ok(beside)
}

/// Reads it back and gives it its name.
fn named(
    beside: NamedTempFile,
    file: &Path,
    passphrase: Option<&Secret>,
    tell: &mut dyn FnMut(Progress) -> io::Result<()>,
) -> Result<Verified, BackupError> {
    let verified = read(beside.path(), passphrase, tell)
        .map_err(|why| BackupError::Unverified { file: file.to_owned(), why })?;
    beside.persist_noclobber(file).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => unusable(file, HINT)(error.error),
    })?;
    let folder = durable::folder_of(file);
    durable::sync_folder(folder).map_err(unusable(folder, HINT))?;
    Ok(verified)
}

/// Reads a backup from its first byte to its last.
///
/// # Errors
/// It is damaged, cut short, sealed with another passphrase, or none.
pub fn verify(
    file: &Path,
    passphrase: Option<&Secret>,
    tell: &mut dyn FnMut(Progress),
) -> Result<Verified, BackupError> {
    let mut tell = |progress| {
        tell(progress);
        Ok(())
    };
    read(file, passphrase, &mut tell)
        .map_err(|why| BackupError::Unreadable { file: file.to_owned(), why })
}

/// `tell` may stop it.
fn read(
    file: &Path,
    passphrase: Option<&Secret>,
    tell: &mut dyn FnMut(Progress) -> io::Result<()>,
) -> Result<Verified, Unreadable> {
    let opened = File::open(file)?;
    let bytes = opened.metadata()?.len();
    let mut backup = Backup::open(BufReader::new(opened), passphrase)?;
    while backup.next_part()?.is_some() {
        tell(Progress { done: backup.rows(), all: 0 })?;
    }
    let header = backup.header().clone();
    Ok(Verified { header, sealed: backup.is_sealed(), rows: backup.rows(), bytes })
}

/// How backups of this installation are protected: with the passphrase that is given, or else the
/// configured one.
///
/// # Errors
/// The key or the passphrase cannot be read, or the passphrase is too short.
pub fn protection(
    settings: &Settings,
    passphrase: Option<Secret>,
    with_key: bool,
) -> Result<Protection, BackupError> {
    let passphrase = match (passphrase, &settings.backup.passphrase_file) {
        (Some(given), _) => Some(given),
        (None, Some(file)) => Some(read_passphrase(file)?),
        (None, None) => None,
    };
    let passphrase = passphrase.map(good_passphrase).transpose()?;
    let key = if with_key { Some(master_key(settings)?) } else { None };
    let chosen = &settings.passwords;
    let cost = Cost { memory_kib: chosen.memory_kib, passes: chosen.passes };
    Ok(Protection { passphrase, key, cost: Some(cost) })
}

fn master_key(settings: &Settings) -> Result<KeyInside, OpenError> {
    let from = settings.master_key();
    let missing = || OpenError::NamedKeyMissing(from.path().to_owned());
    master_key::read(&from)?.map(KeyInside).ok_or_else(missing)
}

/// A folder of its own in the data folder, gone again with what is in it.
///
/// # Errors
/// It cannot be made.
pub fn room(folder: &Path) -> Result<TempDir, BackupError> {
    let made = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(folder);
    made.map_err(unusable(folder, HINT))
}

/// Removes what backups have left in `folder` whose making was cut off by a kill or a power cut. Only for
/// whoever holds the data file: nobody else makes any meanwhile.
pub fn remove_remains(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Ok(()) => tracing::info!(file = %path.display(), "an unfinished backup was removed"),
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "an old backup could not be removed");
            }
        }
    }
}
