//! Backups: one snapshot of all data, written while everything goes on.

use std::io::Write;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::secret::Secret;
use crate::crypto::digest;
use crate::crypto::keyring::MasterKey;
use crate::crypto::password::Cost;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::ops::Ops;
use crate::ops::administration::installation;
pub use crate::store::backup::Header;
pub use crate::store::backup::Progress;
pub use crate::store::backup::Sealing;
pub use crate::store::backup::Unreadable;
pub use crate::store::backup::Unwritten;
pub use crate::store::backup::read::Backup;
use crate::store::backup::write;
use crate::store::backup::write::About;
use crate::store::changes::Changes;
use crate::store::engine::Read;
use crate::store::familiar::Kept;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The shortest passphrase that a backup is sealed with.
pub const LEAST_PASSPHRASE: usize = 12;

/// How a backup is sealed, and what is in it beside the data.
#[derive(Clone, Debug, Default)]
pub struct Protection {
    /// Opens it.
    pub passphrase: Option<Secret>,
    /// Whether the master key is in it.
    pub key: Option<KeyInside>,
    /// How hard guessing the passphrase is.
    pub cost: Option<Cost>,
}

/// The master key, to be put into a backup.
#[derive(Clone)]
pub struct KeyInside(pub MasterKey);

impl std::fmt::Debug for KeyInside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyInside(…)")
    }
}

/// What a server knows of the backups in the folder of backups. Those that somebody makes elsewhere are
/// theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backups {
    /// Whether the server is meant to make them.
    pub expected: bool,
    /// The last one that was made and read back.
    pub last: Option<Made>,
    /// Why the last try of the server's own failed, if it did.
    pub failed: Option<Failed>,
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// When.
    pub at: Timestamp,
    /// Its file.
    pub file: String,
    /// How long it is.
    pub bytes: u64,
}

/// A backup that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// When it was tried.
    pub at: Timestamp,
    /// Why it was not.
    pub why: String,
}

/// What is known of them in memory.
#[derive(Debug, Default)]
pub struct BackupState {
    known: Mutex<Backups>,
    stopping: AtomicBool,
}

impl Ops {
    /// Writes a backup of the present state to `to`. Slow: not on an executor's thread.
    ///
    /// # Errors
    /// The data could not be read, or `to` not be written: what was written is worth nothing then.
    pub fn write_backup(
        &self,
        protection: &Protection,
        to: &mut dyn Write,
        tell: &mut dyn FnMut(Progress),
    ) -> Result<Header, Unwritten> {
        let salt = self.draw();
        let cost = protection.cost.unwrap_or(Cost::FLOOR);
        let sealing = protection.passphrase.as_ref();
        let sealing = sealing.map(|passphrase| Sealing { passphrase, cost, salt });
        let key = protection.key.as_ref().map(|key| &key.0);
        let created_at = self.now();
        let written = self.store.read(|reader| {
            let about = About { created_at, installation: identity(reader)? };
            // A file that failed is only opened anew once nobody reads it any more.
            let mut tell = |progress| {
                tell(progress);
                if self.gives_up_backups() {
                    return Err(Fault::Stopped);
                }
                if self.store.is_sound() { Ok(()) } else { Err(Fault::Unsound) }
            };
            match write::write(reader.state(), about, (sealing.as_ref(), key), to, &mut tell) {
                Err(Unwritten::Data(fault)) => Err(fault),
                other => Ok(other),
            }
        });
        written?
    }

    /// Records in the audit trail that a backup was made and read back.
    ///
    /// # Errors
    /// The store failed.
    pub fn record_backup(&self, cause: &str, origin: Origin) -> Result<(), Fault> {
        let event = Event::new(EventKind::BackupCreated, self.now(), origin).cause(cause);
        self.store.submit_blocking(NoteBackup(event))
    }

    /// Notes a backup in the folder of backups that was made and read back.
    pub fn note_backup(&self, made: Made) {
        self.backups_here(|state| (state.last, state.failed) = (Some(made), None));
    }

    /// Gives up every backup that is being made: the server stops.
    pub fn stop_backups(&self) {
        self.backup_state.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether backups that are being made are given up.
    #[must_use]
    pub fn gives_up_backups(&self) -> bool {
        self.backup_state.stopping.load(Ordering::Relaxed)
    }

    /// Notes that a backup that was due could not be made.
    pub fn note_failed_backup(&self, why: &str) {
        let failed = Failed { at: self.now(), why: why.to_owned() };
        self.backups_here(|state| state.failed = Some(failed));
    }

    /// Notes that the server is meant to make backups, and which one was there when it started.
    pub fn expect_backups(&self, found: Option<Made>) {
        self.backups_here(|state| {
            state.expected = true;
            state.last = state.last.take().or(found);
        });
    }

    /// What is known of the backups: for `doctor` and metrics.
    #[must_use]
    pub fn backups(&self) -> Backups {
        self.backups_here(|state| state.clone())
    }

    fn backups_here<T>(&self, act: impl FnOnce(&mut Backups) -> T) -> T {
        act(&mut self.backup_state.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes a backup of what a file holds that is not open yet: it is about to be migrated.
///
/// # Errors
/// As [`Ops::write_backup`].
pub fn write_before_migration(
    state: &dyn Read,
    created_at: Timestamp,
    to: &mut dyn Write,
) -> Result<Header, Unwritten> {
    let kept = Kept::default();
    let about = About { created_at, installation: identity(&Reader::new(state, &kept))? };
    write::write(state, about, (None, None), to, &mut |_| Ok(()))
}

/// Tells installations apart: the same for all backups of one.
pub(in crate::ops) fn identity(reader: &Reader<'_>) -> Result<String, Fault> {
    let digest = digest::sha256(&installation::key_check(reader)?);
    Ok(encoding::hex(digest.get(..8).unwrap_or_default()))
}

struct NoteBackup(Event);

impl Operation for NoteBackup {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.record(self.0);
        Ok(Decision { changes, outcome: () })
    }
}
