//! Opening a data folder: the master key, the data file, and the checks that they belong to each
//! other and to the configuration.
//!
//! A new installation is made beside its place and named last: whenever the machine stops, the
//! next start either finishes it or finds nothing.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::app::backup::make;
use crate::app::durable;
use crate::app::master_key;
use crate::app::open_error::OpenError;
use crate::base::clock::Clock;
use crate::base::clock::SystemClock;
use crate::base::clock::Timestamp;
use crate::base::entropy;
use crate::base::entropy::Entropy;
use crate::base::entropy::SystemEntropy;
use crate::config;
use crate::config::Settings;
use crate::crypto::keyring::Keyring;
use crate::crypto::keyring::MasterKey;
use crate::crypto::keyring::TokenKey;
use crate::domain::issuer::Issuer;
use crate::ops::administration::accept_issuer::AcceptIssuer;
use crate::ops::administration::clock_doubt;
use crate::ops::administration::installation;
use crate::ops::administration::installation::CreateInstallation;
use crate::ops::administration::installation::FIRST_TOKEN_KEY;
pub use crate::ops::administration::installation::Kind;
use crate::ops::administration::installation::Recorded;
use crate::ops::sweeping;
use crate::store::Store;
use crate::store::fault::Fault;

/// The data file's name in its folder.
pub const DATA_FILE: &str = "countersign.redb";
/// A data file that is being made.
const UNFINISHED: &str = "countersign.redb.new";

/// How to open an installation.
#[derive(Clone, Debug)]
pub struct Options {
    /// Memory for the store's cache.
    pub cache_bytes: usize,
    /// Where the master key is.
    pub master_key: config::MasterKey,
    /// The configured issuer.
    pub issuer: Issuer,
    /// Whether real data or a sandbox is expected.
    pub kind: Kind,
    /// Whether another issuer than the recorded one is accepted.
    pub accept_new_issuer: bool,
    /// The clock begins no earlier: a sandbox's may stand ahead, any other's is the machine's.
    pub not_before: Timestamp,
}

impl Options {
    /// What the settings say.
    #[must_use]
    pub fn of(settings: &Settings, kind: Kind) -> Self {
        Self {
            cache_bytes: settings.data.cache_mib.saturating_mul(1024 * 1024),
            master_key: settings.master_key(),
            issuer: settings.issuer.clone(),
            kind,
            accept_new_issuer: false,
            not_before: Timestamp::EPOCH,
        }
    }
}

/// An open installation.
pub struct Installation {
    /// The store.
    pub store: Store,
    /// Its keys.
    pub keyring: Arc<Keyring>,
    /// The time, never before the last that was noted.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Its folder, which holds the private CA too.
    pub folder: PathBuf,
    /// Whether it was made just now.
    pub is_new: bool,
}

impl Installation {
    /// Opens the installation in `folder`, or makes one if there is none.
    ///
    /// # Errors
    /// Each in one sentence that names the fix.
    pub fn open(folder: &Path, options: &Options) -> Result<Self, OpenError> {
        let place = Place::new(folder, options);
        let is_new = !exists(&place.data)?;
        if is_new {
            place.make()?;
        }
        place.open(is_new)
    }

    /// Opens the installation in `folder`; there must be one.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_existing(folder: &Path, options: &Options) -> Result<Self, OpenError> {
        let place = Place::new(folder, options);
        let key = options.master_key.path();
        match (exists(&place.data)?, exists(key)?) {
            (true, _) => place.open(false),
            (false, true) if place.owns_key() => Err(place.data_missing()),
            (false, _) => Err(OpenError::NotInstalled(folder.to_owned())),
        }
    }

    /// Removes what was issued while the clock was ahead, before anybody is served.
    ///
    /// # Errors
    /// The store failed.
    pub fn forget_what_lies_ahead(&self) -> Result<(), Fault> {
        let rows = sweeping::forget_what_lies_ahead(&self.store, self.clock.now())?;
        if rows > 0 {
            tracing::warn!(
                rows,
                "what was issued while the clock was ahead is forgotten; who holds it signs in or connects again",
            );
        }
        Ok(())
    }
}

/// The files of one installation while it is being opened.
struct Place<'a> {
    folder: &'a Path,
    data: PathBuf,
    options: &'a Options,
    entropy: SystemEntropy,
}

impl<'a> Place<'a> {
    fn new(folder: &'a Path, options: &'a Options) -> Self {
        let data = folder.join(DATA_FILE);
        Self { folder, data, options, entropy: SystemEntropy::new() }
    }

    /// Whether the key is ours to make, and so ours to miss the data for.
    const fn owns_key(&self) -> bool {
        matches!(self.options.master_key, config::MasterKey::InFolder(_))
    }

    fn data_missing(&self) -> OpenError {
        let key = self.options.master_key.path().to_owned();
        OpenError::DataMissing { key, data: self.data.clone() }
    }

    /// Makes the installation, or finishes one whose making was interrupted.
    fn make(&self) -> Result<(), OpenError> {
        durable::make_folder(self.folder).map_err(|error| unusable(self.folder, error))?;
        let unfinished = self.folder.join(UNFINISHED);
        let was_interrupted = exists(&unfinished)?;
        let key = master_key::read(&self.options.master_key)?;
        if key.is_some() && self.owns_key() && !was_interrupted {
            return Err(self.data_missing());
        }
        if key.is_none() && !self.owns_key() {
            let path = self.options.master_key.path();
            return Err(OpenError::NamedKeyMissing(path.to_owned()));
        }
        let store = Store::open(&unfinished, self.options.cache_bytes)?;
        self.fill(&store, key)?;
        store.close();
        drop(store);
        durable::rename(&unfinished, &self.data).map_err(|error| unusable(&self.data, error))
    }

    fn fill(&self, store: &Store, key: Option<MasterKey>) -> Result<(), OpenError> {
        let recorded = installation::recorded(store)?;
        let key = match (key, recorded) {
            (Some(key), Some(recorded)) if key.check_value() == *recorded.key_check => {
                return Ok(());
            }
            // Its data file was never named, so this key was made for another one.
            (Some(_), Some(_)) if self.owns_key() => return Err(self.data_missing()),
            (Some(key), _) => key,
            (None, _) => master_key::make(self.options.master_key.path(), &self.entropy)?,
        };
        store.submit_blocking(self.creation(&key)?)?;
        Ok(())
    }

    fn creation(&self, key: &MasterKey) -> Result<CreateInstallation, OpenError> {
        let token_key = TokenKey {
            version: FIRST_TOKEN_KEY,
            bytes: Zeroizing::new(entropy::draw(&self.entropy)),
        };
        let sealed = Keyring::seal_token_key(key, &token_key, entropy::draw(&self.entropy));
        Ok(CreateInstallation {
            key_check: key.check_value(),
            issuer: self.options.issuer.as_str().to_owned(),
            kind: self.options.kind,
            token_key: sealed.map_err(Fault::engine)?,
            now: SystemClock::wall(),
        })
    }

    fn open(&self, is_new: bool) -> Result<Installation, OpenError> {
        let key = self.key()?;
        let store =
            Store::open_after(&self.data, self.options.cache_bytes, &mut |state, format| {
                let now = SystemClock::wall();
                let made = make::before_migration(self.folder, (state, format), now);
                made.map(|_| ()).map_err(|error| Fault::Unopenable {
                    file: self.data.clone(),
                    why: format!("it must be brought up to date, and before that {error}").into(),
                })
            })?;
        let Some(recorded) = installation::recorded(&store)? else {
            return Err(OpenError::Empty(self.data.clone()));
        };
        self.check_kind(&recorded)?;
        self.check_key(&key, &recorded)?;
        let keyring = Arc::new(Keyring::new(&key, &self.token_keys(&key, &recorded)?));
        judge_clock(&store, recorded.last_seen_at)?;
        let clock = Arc::new(start_clock(recorded.last_seen_at, self.options.not_before));
        self.check_issuer(&store, &recorded, clock.now())?;
        Ok(Installation {
            store,
            keyring,
            clock,
            entropy: Arc::new(SystemEntropy::new()),
            folder: self.folder.to_owned(),
            is_new,
        })
    }

    fn key(&self) -> Result<MasterKey, OpenError> {
        let key = self.options.master_key.path().to_owned();
        master_key::read(&self.options.master_key)?
            .ok_or(OpenError::KeyMissing { key, data: self.data.clone() })
    }

    fn check_kind(&self, recorded: &Recorded) -> Result<(), OpenError> {
        match (recorded.kind, self.options.kind) {
            (Kind::Sandbox, Kind::Real) => Err(OpenError::IsSandbox(self.folder.to_owned())),
            (Kind::Real, Kind::Sandbox) => Err(OpenError::IsReal(self.folder.to_owned())),
            _ => Ok(()),
        }
    }

    fn check_key(&self, key: &MasterKey, recorded: &Recorded) -> Result<(), OpenError> {
        if key.check_value() == *recorded.key_check {
            return Ok(());
        }
        let key = self.options.master_key.path().to_owned();
        Err(OpenError::WrongKey { key, data: self.data.clone() })
    }

    fn token_keys(&self, key: &MasterKey, recorded: &Recorded) -> Result<Vec<TokenKey>, OpenError> {
        let sealed = recorded.token_keys.iter();
        let keys: Result<Vec<_>, _> = sealed
            .map(|(version, sealed)| Keyring::open_token_key(key, *version, sealed))
            .collect();
        match keys {
            Ok(keys) if !keys.is_empty() => Ok(keys),
            _ => Err(OpenError::Damaged(self.data.clone())),
        }
    }

    fn check_issuer(
        &self,
        store: &Store,
        recorded: &Recorded,
        now: Timestamp,
    ) -> Result<(), OpenError> {
        let configured = self.options.issuer.as_str();
        if recorded.issuer == configured {
            return Ok(());
        }
        if !self.options.accept_new_issuer {
            let (recorded, configured) = (recorded.issuer.clone(), configured.to_owned());
            return Err(OpenError::IssuerChanged { recorded, configured });
        }
        let ended = store.submit_blocking(AcceptIssuer { issuer: configured.to_owned(), now })?;
        tracing::warn!(issuer = configured, ended, "accepted a new issuer; MCP connections ended");
        Ok(())
    }
}

/// A date that jumped is told here, and by `doctor` until it is accepted or set right.
fn judge_clock(store: &Store, noted: Timestamp) -> Result<(), Fault> {
    if clock_doubt::judge_clock(store, noted, SystemClock::wall())? {
        tracing::warn!(
            last_seen = %noted.rfc3339(),
            "the date is more than a year after the last that was noted; nothing old is removed until `countersign doctor --accept-clock`",
        );
    }
    Ok(())
}

/// A wall clock that is behind the last time noted counts as that.
fn start_clock(last_seen_at: Timestamp, not_before: Timestamp) -> SystemClock {
    let wall = SystemClock::wall();
    if wall < last_seen_at {
        tracing::warn!(
            wall = %wall.rfc3339(),
            last_seen = %last_seen_at.rfc3339(),
            "the machine's clock is behind the last time that was noted; time goes on from there",
        );
    }
    SystemClock::start(last_seen_at.max(not_before))
}

fn exists(path: &Path) -> Result<bool, OpenError> {
    path.try_exists().map_err(|error| unusable(path, error))
}

fn unusable(path: &Path, error: std::io::Error) -> OpenError {
    OpenError::Unusable { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests;
