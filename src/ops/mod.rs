//! Floor 4: one business act a file. The only callers of the store.
//!
//! An act draws its time and random bytes first, decides on the writer (or looks in a snapshot),
//! and answers with an outcome, a refusal or a fault. No HTTP, no HTML.

pub mod administration;
pub mod facts;
pub mod failure;
pub mod hashing;
pub mod people;
pub mod place_access;
pub mod settings;

use std::sync::Arc;

use crate::base::clock::Clock;
use crate::base::clock::Timestamp;
use crate::base::entropy;
use crate::base::entropy::Entropy;
use crate::crypto::keyring::Keyring;
use crate::domain::catalogue::Catalogue;
use crate::ops::hashing::Hashing;
use crate::ops::settings::OpsSettings;
use crate::store::Store;

/// Everything an act needs. Cheap to clone.
#[derive(Clone)]
pub struct Ops {
    pub(in crate::ops) store: Store,
    pub(in crate::ops) keys: Arc<Keyring>,
    pub(in crate::ops) clock: Arc<dyn Clock>,
    pub(in crate::ops) entropy: Arc<dyn Entropy>,
    pub(in crate::ops) catalogue: Arc<Catalogue>,
    pub(in crate::ops) settings: Arc<OpsSettings>,
    pub(in crate::ops) hashing: Arc<Hashing>,
}

impl Ops {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        store: Store,
        keys: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        catalogue: Arc<Catalogue>,
        settings: OpsSettings,
        hashing: Hashing,
    ) -> Self {
        Self {
            store,
            keys,
            clock,
            entropy,
            catalogue,
            settings: Arc::new(settings),
            hashing: Arc::new(hashing),
        }
    }

    /// The present moment, by the clock that every act uses.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The permissions and roles in force.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &OpsSettings {
        &self.settings
    }

    /// Whether the store takes work.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.store.is_sound()
    }

    /// Lets the writer finish and stops it.
    pub fn close(&self) {
        self.store.close();
    }

    pub(in crate::ops) fn draw<const N: usize>(&self) -> [u8; N] {
        entropy::draw(self.entropy.as_ref())
    }
}
