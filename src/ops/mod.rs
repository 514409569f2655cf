//! Floor 4: one business act a file. The only callers of the store.
//!
//! An act draws its time and random bytes first, decides on the writer (or looks in a snapshot),
//! and answers with an outcome, a refusal or a fault. No HTTP, no HTML.

pub mod access;
pub mod activity;
pub mod administration;
pub mod authenticate_client;
pub mod authorization;
pub mod backup;
pub mod blocks;
pub mod challenges;
pub mod check_call;
pub mod checkpoints;
pub mod client_assertions;
pub mod client_documents;
pub mod confirming;
pub mod connections;
pub mod consent;
pub mod counters;
pub mod cursors;
pub mod document_apps;
pub mod enrol;
pub mod explain;
pub mod facts;
pub mod failure;
pub mod hashing;
pub mod introspect;
pub mod issue;
pub mod issue_to_client;
pub mod join;
pub mod last_use;
pub mod links;
pub mod overview;
pub mod own_security;
pub mod passkey_challenges;
pub mod people;
pub mod place_access;
pub mod prove_factor;
pub mod pushed_request;
pub mod reach;
pub mod reached_companies;
pub mod reclaim;
pub mod recover;
pub mod redeem_code;
pub mod refresh;
pub mod refusals;
pub mod registration;
pub mod restore;
pub mod revoke;
pub mod secret_guesses;
pub mod sessions;
pub mod settings;
pub mod shipping;
pub mod shown_once;
pub mod sign_in;
pub mod signing_keys;
pub mod sweeping;
pub mod takeout;
pub mod targets;
pub mod telling;
pub mod token_refusal;
pub mod vitals;
pub mod webhooks;

use std::ops::Deref;
use std::sync::Arc;

use crate::base::clock::Clock;
use crate::base::clock::ManualClock;
use crate::base::clock::Timestamp;
use crate::base::entropy;
use crate::base::entropy::Entropy;
use crate::base::id::RawId;
use crate::crypto::keyring::Keyring;
use crate::domain::catalogue::Catalogue;
use crate::domain::scope::OFFLINE_ACCESS;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::ops::access::counts::Summaries;
use crate::ops::access::due::DueReviews;
use crate::ops::activity::chain_check::ChainChecks;
use crate::ops::backup::BackupState;
use crate::ops::challenges::Challenges;
use crate::ops::client_assertions::AssertionUse;
use crate::ops::client_documents::ClientDocuments;
use crate::ops::counters::Counters;
use crate::ops::hashing::Hashing;
use crate::ops::last_use::RecentUse;
use crate::ops::reclaim::Quiet;
use crate::ops::refusals::RecentRefusals;
use crate::ops::registration::pace::Pace;
use crate::ops::secret_guesses::SecretGuesses;
use crate::ops::settings::OpsSettings;
use crate::ops::shown_once::ShownOnce;
use crate::ops::signing_keys::OpenKeys;
use crate::ops::webhooks::deliver::Sending;
use crate::store::Store;
use crate::store::fault::Fault;

/// Everything an act needs. Cheap to clone: every request has its own.
#[derive(Clone)]
pub struct Ops {
    pub(in crate::ops) clock: Arc<dyn Clock>,
    parts: Arc<Parts>,
}

/// What all clones of an [`Ops`] share.
pub struct Parts {
    pub(in crate::ops) store: Store,
    pub(in crate::ops) keys: Arc<Keyring>,
    pub(in crate::ops) entropy: Arc<dyn Entropy>,
    pub(in crate::ops) catalogue: Arc<Catalogue>,
    pub(in crate::ops) settings: Arc<OpsSettings>,
    pub(in crate::ops) hashing: Hashing,
    pub(in crate::ops) client_documents: ClientDocuments,
    pub(in crate::ops) assertion_use: AssertionUse,
    pub(in crate::ops) refusals: RecentRefusals,
    pub(in crate::ops) secret_guesses: SecretGuesses,
    pub(in crate::ops) challenges: Challenges,
    pub(in crate::ops) recent_use: RecentUse,
    pub(in crate::ops) counters: Counters,
    pub(in crate::ops) chain_checks: ChainChecks,
    pub(in crate::ops) quiet: Quiet,
    pub(in crate::ops) signing_keys: OpenKeys,
    pub(in crate::ops) registration_pace: Pace,
    pub(in crate::ops) shown_once: ShownOnce,
    pub(in crate::ops) summaries: Summaries,
    pub(in crate::ops) due_reviews: DueReviews,
    pub(in crate::ops) sending: Sending,
    pub(in crate::ops) backup_state: BackupState,
}

impl Deref for Ops {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl Ops {
    /// Puts the parts together.
    #[must_use]
    #[expect(
        clippy::too_many_arguments,
        reason = "each is a part of its own, and named at the one call"
    )]
    pub fn new(
        store: Store,
        keys: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        catalogue: Arc<Catalogue>,
        settings: OpsSettings,
        hashing: Hashing,
        client_documents: ClientDocuments,
    ) -> Self {
        let parts = Parts {
            store,
            keys,
            entropy,
            catalogue,
            settings: Arc::new(settings),
            hashing,
            client_documents,
            assertion_use: AssertionUse::default(),
            refusals: RecentRefusals::default(),
            secret_guesses: SecretGuesses::default(),
            challenges: Challenges::default(),
            recent_use: RecentUse::default(),
            counters: Counters::default(),
            chain_checks: ChainChecks::default(),
            quiet: Quiet::default(),
            signing_keys: OpenKeys::default(),
            registration_pace: Pace::default(),
            shown_once: ShownOnce::default(),
            summaries: Summaries::default(),
            due_reviews: DueReviews::default(),
            sending: Sending::default(),
            backup_state: BackupState::default(),
        };
        Self { clock, parts: Arc::new(parts) }
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

    /// Whether the store can be used now.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.store.is_sound()
    }

    /// Whether the store's writer is gone, and with it all work.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.store.has_ended()
    }

    /// Lets the writer finish and stops it.
    pub fn close(&self) {
        self.store.close();
    }

    /// These operations with the clock stopped at this moment: what an operation carries to the
    /// writer, so that its time was drawn before it was queued.
    pub(in crate::ops) fn frozen(&self) -> Self {
        Self { clock: Arc::new(ManualClock::at(self.now())), parts: Arc::clone(&self.parts) }
    }

    /// A text that is never given twice.
    #[must_use]
    pub fn unique(&self) -> String {
        RawId::make(self.now(), self.entropy.as_ref()).to_string()
    }

    pub(in crate::ops) fn draw<const N: usize>(&self) -> [u8; N] {
        entropy::draw(self.entropy.as_ref())
    }
}

/// The scopes that a request names.
pub(in crate::ops) struct NamedScopes {
    /// Every word that can be a scope, less `offline_access`, which is always ignored.
    pub names: ScopeSet,
    /// Whether there were words that cannot.
    pub malformed: bool,
}

/// What a `scope` parameter asks for; none if it is absent or names nothing but `offline_access`.
pub(in crate::ops) fn scopes_asked(parameter: Option<&str>) -> Option<NamedScopes> {
    let named = scopes_named(parameter?);
    (named.malformed || !named.names.is_empty()).then_some(named)
}

/// Reads a `scope` parameter.
pub(in crate::ops) fn scopes_named(text: &str) -> NamedScopes {
    let words = text.split(' ').filter(|word| !word.is_empty() && *word != OFFLINE_ACCESS);
    let mut malformed = false;
    let names = words.filter_map(|word| {
        let name: Result<ScopeName, _> = word.parse();
        malformed |= name.is_err();
        name.ok()
    });
    NamedScopes { names: names.collect(), malformed }
}

impl Ops {
    /// Writes down what is kept in memory between times: refusals whose minute is over, uses of apps,
    /// counters, how far the audit chain has come. Then counts anew what people look at in large places.
    ///
    /// # Errors
    /// The store failed.
    pub async fn flush(&self) -> Result<(), Fault> {
        self.flush_refusals().await?;
        self.flush_use().await?;
        self.flush_counters().await?;
        self.checkpoint().await?;
        self.recount().await
    }
}
