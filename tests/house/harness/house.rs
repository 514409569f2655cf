//! Houses: built over a store, in memory or in files, empty or with the sandbox's people and apps in
//! them.

use std::sync::Arc;

use axum::Router;
use countersign::app::installation::Installation;
use countersign::app::installation::Kind;
use countersign::app::installation::Options;
use countersign::app::router;
use countersign::app::router::Protected;
use countersign::app::sandbox;
use countersign::app::sandbox_guide::Guide;
use countersign::app::sandbox_seed;
use countersign::app::upstreams;
use countersign::app::wire;
use countersign::base::clock::ManualClock;
use countersign::base::clock::Timestamp;
use countersign::base::entropy::SystemEntropy;
use countersign::config;
use countersign::config::ConfigFile;
use countersign::config::Flag;
use countersign::config::Settings;
use countersign::config::Sources;
use countersign::crypto::keyring::Keyring;
use countersign::crypto::keyring::MasterKey;
use countersign::crypto::keyring::TokenKey;
use countersign::crypto::password::Cost;
use countersign::crypto::password::Passwords;
use countersign::domain::mcp_surface::McpSurface;
use countersign::gateway::Upstream;
use countersign::ops::Ops;
use countersign::ops::client_documents::ClientDocuments;
use countersign::ops::hashing::Hashing;
use countersign::outbound::fetch::Resolve;
use countersign::store::Store;
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::harness::CONFIG_FILE;
use crate::harness::Elsewhere;
use crate::harness::ISSUER;
use crate::harness::Pages;
use crate::harness::Resolver;
use crate::harness::mcp;
use crate::harness::mcp::FakeMcp;

const START: u64 = 1_790_000_000;

pub struct House {
    pub router: Router,
    pub ops: Ops,
    pub clock: Arc<ManualClock>,
    pub guide: Guide,
    /// What stands behind the MCP addresses.
    pub mcp: Arc<FakeMcp>,
    /// Where documents of clients are found.
    pub(super) documents: Option<Pages>,
    folder: Option<TempDir>,
    resolver: Arc<dyn Resolve>,
}
impl House {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With other settings than the defaults.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::empty_with(settings).seeded().await
    }

    /// With the sandbox's people and apps in it.
    pub async fn seeded(self) -> Self {
        let guide = sandbox_seed::seed(&self.ops, String::new(), String::new()).await.unwrap();
        Self { guide, ..self }
    }

    /// With nobody in it.
    pub fn empty() -> Self {
        Self::empty_with(&[])
    }

    fn empty_with(settings: &[(&str, &str)]) -> Self {
        Self::over(Store::in_memory().unwrap(), settings)
    }

    /// Over a store that the test made; nobody is in it.
    pub fn over(store: Store, settings: &[(&str, &str)]) -> Self {
        Self::with_hashing(store, settings, None)
    }

    /// As [`Self::new`], with password hashing that costs next to nothing: for tests that sign in
    /// or set up thousands of times.
    pub async fn quick() -> Self {
        Self::quick_with(&[]).await
    }

    /// As [`Self::quick`], with other settings than the defaults.
    pub async fn quick_with(settings: &[(&str, &str)]) -> Self {
        let hashing = Some(cheap_hashing());
        Self::with_hashing(Store::in_memory().unwrap(), settings, hashing).seeded().await
    }

    /// As [`Self::quick`], over a store that the test made; nobody is in it.
    pub fn quick_over(store: Store) -> Self {
        Self::with_hashing(store, &[], Some(cheap_hashing()))
    }

    /// That fetches from `elsewhere` and trusts it; `settings` come after what that needs.
    pub async fn beside(elsewhere: &Elsewhere, settings: &[(&str, &str)]) -> Self {
        let ca = elsewhere.ca_file();
        let settings: Vec<_> = reaching(&ca).into_iter().chain(settings.iter().copied()).collect();
        let store = Store::in_memory().unwrap();
        let house = Self::resolving(store, &settings, None, elsewhere.resolver.clone());
        Self { documents: Some(elsewhere.pages.clone()), ..house }.seeded().await
    }

    /// As [`Self::beside`], in a data folder of its own.
    pub async fn on_disk_beside(elsewhere: &Elsewhere) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(START)));
        let (ca, resolver) = (elsewhere.ca_file(), elsewhere.resolver.clone());
        let folder = tempfile::tempdir().unwrap();
        let house = Self::open(folder, clock, &reaching(&ca), resolver);
        Self { documents: Some(elsewhere.pages.clone()), ..house }.seeded().await
    }

    /// As [`Self::restarted`], beside `elsewhere` as before.
    pub fn restarted_beside(self, elsewhere: &Elsewhere) -> Self {
        self.restarted(&reaching(&elsewhere.ca_file()))
    }

    fn with_hashing(store: Store, settings: &[(&str, &str)], hashing: Option<Hashing>) -> Self {
        Self::resolving(store, settings, hashing, Arc::new(Resolver::default()))
    }

    fn resolving(
        store: Store,
        settings: &[(&str, &str)],
        hashing: Option<Hashing>,
        resolver: Arc<dyn Resolve>,
    ) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(START)));
        let installation = Installation {
            store: store.clone(),
            keyring: keyring(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::new()),
            folder: std::path::PathBuf::new(),
            is_new: true,
        };
        let settings = chosen(settings);
        let resolving = resolver.clone();
        let mut ops = wire::ops_resolving(&settings, &installation, resolving).unwrap();
        if let Some(hashing) = hashing {
            ops = like(&ops, store, clock.clone(), hashing);
        }
        Self { resolver, ..Self::build(&settings, ops, clock) }
    }

    /// The operations of a house in which nothing is yet, with cheap hashing.
    pub fn operations_over_nothing(&self) -> Ops {
        like(&self.ops, Store::in_memory().unwrap(), self.clock.clone(), cheap_hashing())
    }

    fn build(settings: &Settings, ops: Ops, clock: Arc<ManualClock>) -> Self {
        let mcp = Arc::new(FakeMcp::default());
        let protected = Some(protected(&mcp, mcp::surface()));
        let entropy = Arc::new(SystemEntropy::new());
        let router = router::build(settings, &ops, clock.clone(), entropy, protected).unwrap();
        let guide = Guide {
            issuer: ISSUER.to_owned(),
            ca_file: String::new(),
            data_dir: String::new(),
            users: Vec::new(),
            companies: Vec::new(),
            firms: Vec::new(),
            apps: Vec::new(),
            api_base: String::new(),
        };
        let resolver = Arc::new(Resolver::default());
        Self { router, ops, clock, guide, mcp, documents: None, folder: None, resolver }
    }

    /// In a data folder of its own, with real files, so that it can be stopped and opened again.
    pub async fn on_disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(START)));
        Self::open(folder, clock, &[], Arc::new(Resolver::default())).seeded().await
    }

    /// With the defaults, and something else behind its gateway than the sample ledger.
    pub fn in_front_of(self, upstream: Upstream) -> Self {
        self.in_front_of_with(upstream, &[])
    }

    /// As [`Self::in_front_of`], with other settings of its doors than the defaults.
    pub fn in_front_of_with(self, upstream: Upstream, settings: &[(&str, &str)]) -> Self {
        let upstream = Some(upstream);
        let protected = Protected { upstream, ..protected(&self.mcp, mcp::surface()) };
        self.protecting_with(Some(protected), settings)
    }

    /// With the defaults, and these surfaces.
    pub fn protecting(self, protected: Option<Protected>) -> Self {
        self.protecting_with(protected, &[])
    }

    fn protecting_with(self, protected: Option<Protected>, settings: &[(&str, &str)]) -> Self {
        let entropy = Arc::new(SystemEntropy::new());
        let (settings, clock) = (chosen(settings), self.clock.clone());
        let router = router::build(&settings, &self.ops, clock, entropy, protected);
        Self { router: router.unwrap(), ..self }
    }

    /// In front of the upstream that this configuration names, instead of the sample ledger.
    pub async fn guarding(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(CONFIG_FILE);
        std::fs::write(&file, config).unwrap();
        let settings = chosen_with(&[], file);
        let house = Self::quick().await;
        let behind = upstreams::behind(&settings).unwrap().unwrap();
        house.protecting(Some(behind.protected))
    }

    /// With the defaults, and another MCP surface.
    pub fn with_mcp(self, surface: McpSurface) -> Self {
        let protected = protected(&self.mcp, surface);
        self.protecting(Some(protected))
    }

    /// Stopped, and opened again from its files with these settings, and with those in
    /// [`CONFIG_FILE`] if a test wrote it. No time has passed.
    pub fn restarted(self, settings: &[(&str, &str)]) -> Self {
        let Self { router, ops, clock, guide, folder, resolver, documents, .. } = self;
        ops.close();
        drop((router, ops));
        Self { guide, documents, ..Self::open(folder.unwrap(), clock, settings, resolver) }
    }

    /// Stopped; then `act` does something with the data folder and the settings, and it is opened again.
    pub fn while_stopped<T: Send>(
        self,
        act: impl FnOnce(&std::path::Path, &Settings) -> T + Send,
    ) -> (Self, T) {
        let Self { router, ops, clock, guide, folder, resolver, documents, .. } = self;
        ops.close();
        drop((router, ops));
        let folder = folder.unwrap();
        let settings = chosen(&[("data.folder", folder.path().to_str().unwrap())]);
        let done = std::thread::scope(|scope| {
            scope.spawn(|| act(folder.path(), &settings)).join().unwrap()
        });
        (Self { guide, documents, ..Self::open(folder, clock, &[], resolver) }, done)
    }

    /// The data folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().unwrap().path()
    }

    fn open(
        folder: TempDir,
        clock: Arc<ManualClock>,
        settings: &[(&str, &str)],
        resolver: Arc<dyn Resolve>,
    ) -> Self {
        let path = folder.path().to_str().unwrap().to_owned();
        let placed: Vec<_> = settings.iter().copied().chain([("data.folder", &*path)]).collect();
        let settings = chosen_with(&placed, folder.path().join(CONFIG_FILE));
        let options = Options::of(&settings, Kind::Real);
        // A thread of its own: opening waits for the writer.
        let open = || {
            let opened = Installation::open(folder.path(), &options).unwrap();
            let installation = Installation { clock: clock.clone(), ..opened };
            installation.forget_what_lies_ahead().unwrap();
            installation
        };
        let installation = std::thread::scope(|scope| scope.spawn(open).join().unwrap());
        let ops = wire::ops_resolving(&settings, &installation, resolver.clone()).unwrap();
        Self { folder: Some(folder), resolver, ..Self::build(&settings, ops, clock) }
    }
}

/// The sample ledger, and an MCP server that writes down what reaches it.
fn protected(mcp: &Arc<FakeMcp>, surface: McpSurface) -> Protected {
    Protected { mcp: Some(mcp.protected(surface)), ..sandbox::protected().unwrap() }
}

/// The same operations over another store and with other hashing.
fn like(ops: &Ops, store: Store, clock: Arc<ManualClock>, hashing: Hashing) -> Ops {
    let (catalogue, entropy) = (Arc::new(ops.catalogue().clone()), Arc::new(SystemEntropy::new()));
    let (settings, documents) = (ops.settings().clone(), ClientDocuments::off());
    Ops::new(store, keyring(), clock, entropy, catalogue, settings, hashing, documents)
}

/// What a house needs to fetch from an [`Elsewhere`].
fn reaching(ca_file: &str) -> [(&'static str, &str); 3] {
    [
        ("clients.metadata_documents", "open"),
        ("outbound.allow_networks", "127.0.0.0/8"),
        ("outbound.ca_file", ca_file),
    ]
}

/// Hashing far below the floor that the configuration keeps.
fn cheap_hashing() -> Hashing {
    let passwords = Passwords::new(Cost { memory_kib: 8, passes: 1 }).unwrap();
    Hashing::new(passwords, 2, 64)
}

fn keyring() -> Arc<Keyring> {
    let key = TokenKey { version: 1, bytes: Zeroizing::new([9; 32]) };
    Arc::new(Keyring::new(&MasterKey::new([7; 32]), &[key]))
}
/// The defaults, with cheap passwords.
pub fn defaults() -> Settings {
    chosen(&[])
}

/// The defaults, with cheap passwords and what a test chose.
fn chosen(settings: &[(&str, &str)]) -> Settings {
    chosen_with(settings, std::path::PathBuf::new())
}

fn chosen_with(settings: &[(&str, &str)], file: std::path::PathBuf) -> Settings {
    let flag = |(key, value): &(&str, &str)| Flag {
        name: "test".to_owned(),
        key: (*key).to_owned(),
        value: (*value).to_owned(),
    };
    let cheap = [("passwords.memory_kib", "19456"), ("passwords.passes", "2")];
    let flags = [("issuer", ISSUER)].iter().chain(&cheap).chain(settings).map(flag).collect();
    let file = ConfigFile::FirstOf(vec![file]);
    config::load(&Sources { flags, file, ..Sources::default() }).unwrap().settings
}
