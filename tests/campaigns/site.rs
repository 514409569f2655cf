//! A data file with the sandbox's people and apps in it, and tokens written straight into it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use countersign::app::installation::DATA_FILE;
use countersign::app::installation::Installation;
use countersign::app::sandbox_seed;
use countersign::app::wire;
use countersign::base::clock::Clock as _;
use countersign::base::clock::ManualClock;
use countersign::base::clock::Timestamp;
use countersign::base::entropy::SystemEntropy;
use countersign::base::secret::Secret;
use countersign::config;
use countersign::config::Settings;
use countersign::config::Sources;
use countersign::crypto::keyring::Keyring;
use countersign::crypto::keyring::MasterKey;
use countersign::crypto::keyring::TokenKey;
use countersign::crypto::token::PlainToken;
use countersign::crypto::token::TokenKind;
use countersign::domain::app::App;
use countersign::domain::resource::Audience;
use countersign::domain::scope::ScopeSet;
use countersign::domain::token::AccessToken;
use countersign::domain::token::Grant;
use countersign::ops::Ops;
use countersign::ops::authenticate_client::PresentedClient;
use countersign::ops::issue_to_client::ClientGrantRequest;
use countersign::store::Store;
use countersign::store::changes::Changes;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::reader::Reader;
use countersign::store::redb::RedbEngine;
use countersign::store::table::TableId;
use countersign::store::tables::Apps;
use countersign::store::tables::ClientAccessTokens;
use countersign::store::writer::Decision;
use countersign::store::writer::Operation;
use futures_util::future::join_all;
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::metered::Metered;

const SCOPES: &str =
    "companies:readonly customer_invoices:readonly customers:readonly products:readonly";
const START: u64 = 1_790_000_000;
/// Tokens in one commit.
const AT_ONCE: usize = 10_000;

pub struct Site {
    pub ops: Ops,
    pub store: Store,
    pub engine: Arc<Metered>,
    pub clock: Arc<ManualClock>,
    keyring: Arc<Keyring>,
    app: App,
    presented: PresentedClient,
    folder: TempDir,
}

/// Changes that were decided beforehand.
struct Apply(Changes);

impl Operation for Apply {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        Ok(Decision { changes: self.0, outcome: () })
    }
}

impl Site {
    /// With the default settings.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = settings().data.cache_mib * 1024 * 1024;
        let engine = RedbEngine::open(&folder.path().join(DATA_FILE), cache).unwrap();
        format::bring_up_to_date(&engine).unwrap();
        let engine = Arc::new(Metered::over(engine));
        let store = Store::start(engine.clone()).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(START)));
        let keyring = keyring();
        let ops = operations(store.clone(), &clock);
        let seeding = sandbox_seed::seed(&ops, String::new(), String::new());
        let guide = runtime().block_on(seeding).unwrap();
        let app = guide.apps.iter().find(|app| app.kind == "api_credentials").unwrap();
        let presented = PresentedClient {
            id: app.client_id.clone(),
            secret: app.client_secret.clone().map(Secret::new),
        };
        let app = app.client_id.parse().unwrap();
        let app = store.read(|reader| reader.get::<Apps>(&app)).unwrap().unwrap();
        Self { ops, store, engine, clock, keyring, app, presented, folder }
    }

    /// Has `count` tokens issued to the API credentials, as their programs would. Returns them.
    pub fn grant(&self, count: u64) -> Vec<String> {
        let client = self.ops.authenticate_client(&self.presented).map_err(|_| ()).unwrap();
        let request = ClientGrantRequest { scope: Some(SCOPES.to_owned()), ..Default::default() };
        let issuing = (0..count).map(|_| self.ops.issue_to_client(client.clone(), request.clone()));
        let issued = runtime().block_on(join_all(issuing)).into_iter();
        issued.map(|it| it.map_err(|_| ()).unwrap().access_token.expose().to_owned()).collect()
    }

    /// Bytes of the data file's pages that hold something. Nothing may be written meanwhile.
    pub fn used(&self) -> u64 {
        let copy = self.folder.path().join("copy");
        std::fs::copy(self.folder.path().join(DATA_FILE), &copy).unwrap();
        let database = redb::Database::open(&copy).unwrap();
        let stats = database.begin_write().unwrap().stats().unwrap();
        stats.allocated_pages() * stats.page_size() as u64
    }

    /// Writes `count` tokens of the API credentials as issuing would, a commit for each ten thousand, while time goes
    /// on by half a minute: to issue a million takes too long.
    pub fn write(&self, count: u64) {
        let group = AT_ONCE as u64;
        for first in (0..count).step_by(AT_ONCE) {
            let mut changes = Changes::new();
            (first..count.min(first + group)).for_each(|_| self.token(&mut changes));
            self.store.submit_blocking(Apply(changes)).unwrap();
            self.clock.advance(Duration::from_secs(30 * group / count.max(group)));
        }
    }

    /// One token, as issuing makes it.
    fn token(&self, changes: &mut Changes) {
        let now = self.clock.now();
        let kind = TokenKind::ClientAccessToken;
        let token = PlainToken::mint(kind, false, now, &SystemEntropy::new());
        let row = AccessToken {
            hash: self.keyring.hash(&token),
            app: self.app.id,
            app_generation: self.app.generation,
            grant: Grant::Secret(self.app.secrets.first().unwrap().id),
            place: self.app.place.unwrap(),
            audience: Audience { api: true, mcp: None },
            scopes: ScopeSet::parse(SCOPES),
            expires_at: now.plus(self.ops.settings().lifetimes.client_access),
        };
        changes.put::<ClientAccessTokens>(token.id(), &row).unwrap();
    }

    /// Rows of the table.
    pub fn rows(&self, table: TableId) -> u64 {
        self.store.read(|reader| reader.state().count(table)).unwrap()
    }

    /// Rows of every table but the tokens of apps.
    pub fn other_rows(&self) -> Vec<(TableId, u64)> {
        // What the sweeper notes of lifetimes is one row for each table that it sweeps.
        let others = TableId::ALL
            .iter()
            .filter(|table| !matches!(table, TableId::ClientAccessTokens | TableId::Meta));
        others.map(|table| (*table, self.rows(*table))).collect()
    }
}

fn settings() -> Settings {
    config::load(&Sources::default()).unwrap().settings
}

fn keyring() -> Arc<Keyring> {
    let key = TokenKey { version: 1, bytes: Zeroizing::new([9; 32]) };
    Arc::new(Keyring::new(&MasterKey::new([7; 32]), &[key]))
}

/// The operations of the house over a store.
pub fn operations(store: Store, clock: &Arc<ManualClock>) -> Ops {
    let installation = Installation {
        store,
        keyring: keyring(),
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy::new()),
        folder: PathBuf::new(),
        is_new: true,
    };
    wire::ops(&settings(), &installation).unwrap()
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}
