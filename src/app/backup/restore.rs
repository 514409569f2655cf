//! Restoring: a new data file is made beside the one in place, checked, and put in its place by one
//! rename. Whenever that is interrupted, the old or the new file is in place, whole. The old one is
//! kept.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io::BufReader;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempPath;

use crate::app::backup::BackupError;
use crate::app::backup::schedule;
use crate::app::backup::unusable;
use crate::app::durable;
use crate::app::installation::DATA_FILE;
use crate::app::installation::Kind;
use crate::app::installation::Options;
use crate::app::master_key;
use crate::app::open_error::OpenError;
use crate::base::clock::Timestamp;
use crate::base::secret::Secret;
use crate::config;
use crate::crypto::keyring::Keyring;
use crate::crypto::keyring::MasterKey;
use crate::domain::catalogue::Catalogue;
use crate::ops::administration::installation;
use crate::ops::backup::Backup;
use crate::ops::backup::Header;
use crate::ops::backup::Progress;
use crate::ops::restore;
use crate::ops::restore::SettleRestore;
use crate::ops::restore::Settled;
use crate::store::Store;
use crate::store::backup::fill::Unfilled;
use crate::store::chain;
use crate::store::fault::Fault;

const HINT: &str = "run the command as the user that owns the data folder";
const BESIDE: &str = ".countersign.redb.restoring-";

/// What to restore, and where.
pub struct Restore<'a> {
    /// The backup.
    pub file: &'a Path,
    /// Opens it.
    pub passphrase: Option<&'a Secret>,
    /// The data folder.
    pub folder: &'a Path,
    /// How the installation is opened.
    pub options: &'a Options,
    /// The permissions and roles in force.
    pub catalogue: Arc<Catalogue>,
    /// The present.
    pub now: Timestamp,
}

/// What came of it.
#[derive(Debug)]
pub struct Restored {
    /// What the backup says of itself.
    pub header: Header,
    /// What ended and was done again.
    pub settled: Settled,
    /// Where the former data file is now.
    pub former: Option<PathBuf>,
    /// Why nothing could be learned from it, if so.
    pub unread: Option<String>,
    /// Rows of sessions, codes and tokens that were left out.
    pub ended: u64,
    /// Whether the master key was put back.
    pub key: bool,
}

/// What has been done; tests stop a restore behind each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The former file is held, so that no server uses it.
    Held,
    /// The new file has the rows of the backup.
    Filled,
    /// What ends has ended, and the chain verifies.
    Settled,
    /// The master key is in its place.
    Key,
    /// The former file has a second name.
    Kept,
    /// The new file is in its place.
    Swapped,
}

/// The file in place.
struct Former {
    /// Held until it is replaced, if it can be opened: no server begins to use it meanwhile.
    held: Option<Store>,
    /// Why nothing can be learned from it, if so.
    unread: Option<String>,
}

impl Former {
    const fn read(store: Store) -> Self {
        Self { held: Some(store), unread: None }
    }

    fn unread(why: impl Into<String>, held: Option<Store>) -> Self {
        Self { held, unread: Some(why.into()) }
    }

    fn store(&self) -> Option<&Store> {
        self.held.as_ref().filter(|_| self.unread.is_none())
    }
}

impl Restore<'_> {
    /// Restores the backup. `at` may stop it.
    ///
    /// # Errors
    /// Each in one sentence; the data file is then as it was before.
    pub fn run(
        &self,
        tell: &mut dyn FnMut(Progress),
        at: &mut dyn FnMut(Step) -> Result<(), BackupError>,
    ) -> Result<Restored, BackupError> {
        let opened = File::open(self.file).map_err(unusable(self.file, "name a backup"))?;
        let mut backup = Backup::open(BufReader::new(opened), self.passphrase)
            .map_err(|why| self.unreadable(why))?;
        let header = backup.header().clone();
        durable::make_folder(self.folder).map_err(unusable(self.folder, HINT))?;
        let data = self.folder.join(DATA_FILE);
        let mut former = self.hold(&data, &header)?;
        at(Step::Held)?;
        if former.store().is_some() {
            remove_remains(self.folder);
        }
        let beside = self.beside()?;
        let (store, filled) = Store::restore(
            (&beside, self.options.cache_bytes),
            &mut backup,
            restore::ENDED,
            (former.store(), restore::REMEMBERED),
            tell,
        )
        .map_err(|why| match why {
            Unfilled::Backup(why) => self.unreadable(why),
            Unfilled::Data(fault) => fault.into(),
        })?;
        if let Some(why) = &filled.unread {
            former.unread = Some(why.to_string());
        }
        at(Step::Filled)?;
        let key = self.check(&store, filled.key)?;
        let (settled, unread) = self.settle(&store, &former, &header)?;
        verified(&store)?;
        store.close();
        drop(store);
        at(Step::Settled)?;
        if let Some(key) = &key {
            master_key::write(self.options.master_key.path(), key)?;
            self.belongs_here(self.options.master_key.path())?;
        }
        at(Step::Key)?;
        self.belongs_here(&beside)?;
        let kept = self.swap(beside, &data, at)?;
        drop(former);
        let ended = filled.left_out.iter().map(|(_, rows)| rows).sum();
        let key = key.is_some();
        Ok(Restored { header, settled, former: kept, unread, ended, key })
    }

    fn unreadable(&self, why: crate::ops::backup::Unreadable) -> BackupError {
        BackupError::Unreadable { file: self.file.to_owned(), why }
    }

    /// Holds the file in place, so that no server begins to use it, and finds out whether anything can
    /// be learned from it.
    fn hold(&self, data: &Path, header: &Header) -> Result<Former, BackupError> {
        if !data.try_exists().map_err(unusable(data, HINT))? {
            return Ok(Former::unread("there is none", None));
        }
        // A file that this user may not open is not one that is damaged.
        OpenOptions::new().read(true).write(true).open(data).map_err(unusable(data, HINT))?;
        let store = match Store::open_former(data, self.options.cache_bytes) {
            Ok(store) => store,
            Err(fault @ Fault::InUse(_)) => return Err(fault.into()),
            Err(fault) => return Ok(Former::unread(fault.to_string(), None)),
        };
        let unread = match installation::recorded(&store) {
            Ok(Some(recorded)) if recorded.kind == Kind::Sandbox => {
                return Err(OpenError::IsSandbox(self.folder.to_owned()).into());
            }
            Ok(Some(_)) => match restore::is_same_installation(&store, header) {
                Ok(true) => return Ok(Former::read(store)),
                Ok(false) => "it is another installation's".to_owned(),
                Err(fault) => fault.to_string(),
            },
            Ok(None) => "it holds no installation".to_owned(),
            Err(fault) => fault.to_string(),
        };
        Ok(Former::unread(unread, Some(store)))
    }

    /// A new file for its owner alone, gone again if anything fails.
    fn beside(&self) -> Result<TempPath, BackupError> {
        let made = tempfile::Builder::new().prefix(BESIDE).tempfile_in(self.folder);
        Ok(made.map_err(unusable(self.folder, HINT))?.into_temp_path())
    }

    /// Whether the key opens the restored data; answers the one to be put in its place.
    fn check(
        &self,
        store: &Store,
        inside: Option<MasterKey>,
    ) -> Result<Option<MasterKey>, BackupError> {
        let recorded = installation::recorded(store)?;
        let recorded = recorded.ok_or_else(|| OpenError::Empty(self.file.to_owned()))?;
        if recorded.kind == Kind::Sandbox {
            return Err(BackupError::OfSandbox(self.file.to_owned()));
        }
        let path = self.options.master_key.path().to_owned();
        let file = self.file.to_owned();
        let here = master_key::read(&self.options.master_key)?;
        let is_new = here.is_none();
        let key = match (here, inside) {
            (Some(key), _) | (None, Some(key)) => key,
            (None, None) => return Err(OpenError::KeyMissing { key: path, data: file }.into()),
        };
        if key.check_value() != *recorded.key_check {
            return Err(OpenError::WrongKey { key: path, data: file }.into());
        }
        for (version, sealed) in &recorded.token_keys {
            if Keyring::open_token_key(&key, *version, sealed).is_err() {
                return Err(OpenError::Damaged(file).into());
            }
        }
        if is_new && !matches!(self.options.master_key, config::MasterKey::InFolder(_)) {
            return Err(BackupError::KeyElsewhere(path));
        }
        Ok(is_new.then_some(key))
    }

    /// As the former file has it; if that cannot be read after all, as if nothing were known.
    fn settle(
        &self,
        store: &Store,
        former: &Former,
        header: &Header,
    ) -> Result<(Settled, Option<String>), BackupError> {
        let act = |former: Option<&Store>| SettleRestore {
            former: former.cloned(),
            catalogue: Arc::clone(&self.catalogue),
            backup: header.clone(),
            now: self.now,
        };
        match store.submit_blocking(act(former.store())) {
            Ok(settled) => Ok((settled, former.unread.clone())),
            Err(Fault::Row { why, .. }) if former.store().is_some() => {
                let settled = store.submit_blocking(act(None))?;
                Ok((settled, Some(why.to_string())))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    /// What root restores belongs to whom the folder does.
    fn belongs_here(&self, path: &Path) -> Result<(), BackupError> {
        let folder = fs::metadata(self.folder).map_err(unusable(self.folder, HINT))?;
        let file = fs::metadata(path).map_err(unusable(path, HINT))?;
        if (folder.uid(), folder.gid()) != (file.uid(), file.gid()) && is_root() {
            std::os::unix::fs::chown(path, Some(folder.uid()), Some(folder.gid()))
                .map_err(unusable(path, HINT))?;
        }
        Ok(())
    }

    /// The former file gets a second name, then the new one its place: at no moment is there none.
    fn swap(
        &self,
        beside: TempPath,
        data: &Path,
        at: &mut dyn FnMut(Step) -> Result<(), BackupError>,
    ) -> Result<Option<PathBuf>, BackupError> {
        let mut kept = None;
        if data.try_exists().map_err(unusable(data, HINT))? {
            let name = format!("{DATA_FILE}.before-restore-{}", schedule::stamp(self.now));
            let second = self.folder.join(name);
            fs::hard_link(data, &second).map_err(unusable(&second, HINT))?;
            durable::sync_folder(self.folder).map_err(unusable(self.folder, HINT))?;
            kept = Some(second);
        }
        let swapped = at(Step::Kept).and_then(|()| {
            // Where nothing was, nothing is replaced: a server may have begun meanwhile.
            let named = match kept {
                Some(_) => beside.persist(data),
                None => beside.persist_noclobber(data),
            };
            named.map_err(|error| unusable(data, HINT)(error.error))
        });
        if let (Err(_), Some(second)) = (&swapped, &kept) {
            // It is a second name of the file in place, and would do no harm.
            let _ = fs::remove_file(second);
        }
        swapped?;
        durable::sync_folder(self.folder).map_err(unusable(self.folder, HINT))?;
        at(Step::Swapped)?;
        Ok(kept)
    }
}

/// Removes files of restores that were killed. Only for whoever holds the file in place: then none runs.
pub fn remove_remains(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(BESIDE) {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn verified(store: &Store) -> Result<(), BackupError> {
    let verdict = store.read(|reader| chain::verify(reader.state()))?;
    verdict.map(|_| ()).map_err(|broken| BackupError::Broken(broken.to_string()))
}
