//! The real operations over the real store on a disk that may fail, and what their callers were told.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::time::Duration;

use countersign::app::sandbox_seed;
use countersign::base::clock::Clock as _;
use countersign::base::clock::ManualClock;
use countersign::base::clock::Timestamp;
use countersign::base::entropy::Entropy;
use countersign::base::id::ConnectionId;
use countersign::base::id::UserId;
use countersign::config;
use countersign::config::Flag;
use countersign::config::Settings;
use countersign::config::Sources;
use countersign::crypto::keyring::Keyring;
use countersign::crypto::keyring::MasterKey;
use countersign::crypto::keyring::TokenKey;
use countersign::crypto::password::Cost;
use countersign::crypto::password::Passwords;
use countersign::crypto::token::PlainToken;
use countersign::crypto::token::TokenKind;
use countersign::domain::app::App;
use countersign::domain::audit::Event;
use countersign::domain::audit::EventKind;
use countersign::domain::audit::Origin;
use countersign::domain::company::Place;
use countersign::domain::lifetimes::Lifetimes;
use countersign::domain::redirect_uri::VerifiedRedirect;
use countersign::domain::resource::Audience;
use countersign::domain::scope::ScopeSet;
use countersign::domain::token::AuthorizationCode;
use countersign::ops::Ops;
use countersign::ops::authenticate_client::AuthenticatedClient;
use countersign::ops::authenticate_client::PresentedClient;
use countersign::ops::client_documents::ClientDocuments;
use countersign::ops::failure::Failure;
use countersign::ops::hashing::Hashing;
use countersign::ops::issue::TokenAnswer;
use countersign::ops::issue_to_client::ClientGrantRequest;
use countersign::ops::redeem_code::CodeRequest;
use countersign::ops::refresh::RefreshRequest;
use countersign::ops::refusals::Record;
use countersign::ops::settings::OpsSettings;
use countersign::ops::token_refusal::TokenRefusal;
use countersign::store::Store;
use countersign::store::chain;
use countersign::store::changes::Changes;
use countersign::store::engine::Engine;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::reader::Reader;
use countersign::store::redb::RedbEngine;
use countersign::store::tables::Apps;
use countersign::store::tables::Codes;
use countersign::store::writer::Decision;
use countersign::store::writer::Operation;
use futures_util::future::join_all;
use zeroize::Zeroizing;

use crate::chance::Chance;
use crate::chance::Drawn;
use crate::disk::Disk;
use crate::disk::Honesty;
use crate::witness;
use crate::witness::Ledger;
use crate::witness::Rows;

const START: u64 = 1_790_000_000;
const CALLBACK: &str = "http://127.0.0.1:5555/callback";
const SCOPES: &str = "customers:readonly products:readonly";
const LONG: Duration = Duration::from_secs(25 * 3600);

/// An installation with people and apps, as it lies on a disk, and what is needed to use it.
pub struct Template {
    pub image: Vec<u8>,
    settings: Settings,
    presented: PresentedClient,
    public: App,
    user: UserId,
    place: Place,
    rows: Rows,
}

impl Template {
    /// A ledger that takes for promised what the template holds.
    pub fn ledger(&self) -> Ledger {
        witness::promising(self.rows.clone())
    }
}

/// Made once.
pub fn template() -> &'static Template {
    static MADE: OnceLock<Template> = OnceLock::new();
    MADE.get_or_init(make)
}

fn make() -> Template {
    let flag = Flag {
        name: "test".to_owned(),
        key: "issuer".to_owned(),
        value: "https://cs.example".to_owned(),
    };
    let sources = Sources { flags: vec![flag], ..Sources::default() };
    let settings = config::load(&sources).unwrap().settings;
    let disk = Disk::of(&[], Honesty::Honest, Chance::of(1));
    let engine = RedbEngine::over(disk.clone(), 1024 * 1024).unwrap();
    format::bring_up_to_date(&engine).unwrap();
    let store = Store::start(Arc::new(engine)).unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(START)));
    let ops = ops(&settings, &store, &clock, Chance::of(2));
    let guide = runtime().block_on(sandbox_seed::seed(&ops, String::new(), String::new())).unwrap();
    let app = |kind: &str| guide.apps.iter().find(|app| app.kind == kind).unwrap();
    let credentials = app("api_credentials");
    let presented = PresentedClient {
        id: credentials.client_id.clone(),
        secret: credentials.client_secret.as_deref().map(Into::into),
    };
    let public = app("oauth_public").client_id.parse().unwrap();
    let public = store.read(|reader| reader.get::<Apps>(&public)).unwrap().unwrap();
    let user = ops.find_user("owner@acme.example").unwrap().id;
    let place = Place::Company(ops.find_company("acme").unwrap().id);
    let rows = store.read(|reader| witness::all_rows(reader.state())).unwrap();
    drop(ops);
    store.close();
    drop(store);
    Template { image: disk.image(), settings, presented, public, user, place, rows }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

fn ops(settings: &Settings, store: &Store, clock: &Arc<ManualClock>, chance: Chance) -> Ops {
    let key = TokenKey { version: 1, bytes: Zeroizing::new([9; 32]) };
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    Ops::new(
        store.clone(),
        Arc::new(Keyring::new(&MasterKey::new([7; 32]), &[key])),
        clock.clone(),
        Arc::new(Drawn::from(chance)),
        Arc::clone(&settings.catalogue),
        OpsSettings {
            issuer: settings.issuer.clone(),
            lifetimes: Lifetimes {
                access: minutes(60),
                refresh: minutes(600),
                ..Lifetimes::default()
            },
            strangers_per_day: settings.attempts.strangers_per_day,
            allow_browser_secrets: false,
            custom_schemes: Vec::new(),
            assertions: settings.identity.assertion,
            key_rotation: settings.identity.key_rotation,
            registration: Default::default(),
        },
        // Nobody signs in here.
        Hashing::new(Passwords::new(Cost { memory_kib: 8, passes: 1 }).unwrap(), 1, 1),
        ClientDocuments::off(),
    )
}

/// The server while it runs.
pub struct Site {
    pub store: Store,
    ops: Ops,
    clock: Arc<ManualClock>,
    keys: Keyring,
    entropy: Drawn,
    client: AuthenticatedClient,
    public: AuthenticatedClient,
}

/// Puts a code as a consent does.
struct PutCode(PlainToken, AuthorizationCode);

impl Operation for PutCode {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.put::<Codes>(self.0.id(), &self.1)?;
        let at = self.1.approved_at;
        changes.record(Event::new(EventKind::ConsentGiven, at, Origin::default()).app(self.1.app));
        Ok(Decision { changes, outcome: () })
    }
}

/// Changes nothing, which takes a commit all the same.
pub struct Nothing;

impl Operation for Nothing {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        Ok(Decision::unchanged(()))
    }
}

/// Keeps the writer busy until `release` is dropped.
struct Hold {
    entered: mpsc::Sender<()>,
    release: mpsc::Receiver<()>,
}

impl Operation for Hold {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        self.entered.send(()).unwrap();
        let _ = self.release.recv();
        Ok(Decision::unchanged(()))
    }
}

/// What one person may do with one app, as far as the client knows.
#[derive(Clone)]
struct Family {
    /// The code that it came of.
    code: String,
    access: String,
    refresh: String,
    /// The refresh token before, what it was answered with, and when.
    before: Option<(String, TokenAnswer, Timestamp)>,
    ended: bool,
}

/// What callers were told.
#[derive(Default)]
pub struct Told {
    codes: Vec<String>,
    /// Codes that were redeemed, and such of which nobody knows.
    used: Vec<String>,
    unsure: Vec<String>,
    /// Nobody asks for a compaction.
    pub never_compacts: bool,
    tokens: Vec<(String, bool)>,
    families: Vec<Family>,
    pub acknowledged: u64,
    pub faults: u64,
}

/// What an act came to.
enum Done {
    Code(String),
    Token(String),
    TokenRevoked(String),
    Family(Family),
    /// Refused because it must be.
    Refused,
    /// A refusal or a grant that must not be.
    Wrong(String),
    /// The code may have been redeemed or not.
    CodeUnsure(String, Fault),
    Fault(Fault),
}

type Acting<'a> = Pin<Box<dyn Future<Output = Done> + 'a>>;

fn texts(answer: &TokenAnswer) -> (String, String) {
    let refresh = answer.refresh.as_ref().map(|(token, _)| token.expose().to_owned());
    (answer.access_token.expose().to_owned(), refresh.unwrap_or_default())
}

/// Sorts an outcome: `good` if it went well, wrong if it was refused.
fn sorted<T, R: std::fmt::Debug>(
    what: &str,
    outcome: Result<T, Failure<R>>,
    good: impl FnOnce(T) -> Done,
) -> Done {
    match outcome {
        Ok(answer) => good(answer),
        Err(Failure::Refused(why)) => Done::Wrong(format!("{what} was refused: {why:?}")),
        Err(Failure::Fault(fault)) => Done::Fault(fault),
    }
}

impl Site {
    /// Starts over an engine with the template's data; `retry` says how often it is opened anew, instead
    /// of as often as in service.
    pub fn start(
        engine: Arc<dyn Engine>,
        clock: &Arc<ManualClock>,
        mut chance: Chance,
        retry: Option<Duration>,
    ) -> Result<Self, Fault> {
        let store = match retry {
            Some(retry) => Store::start_retrying(engine, retry)?,
            None => Store::start(engine)?,
        };
        let made = template();
        let ops = ops(&made.settings, &store, clock, chance.branch());
        let public = PresentedClient { id: made.public.id.to_string(), secret: None };
        let authenticated = |presented| match ops.authenticate_client(presented) {
            Ok(client) => Ok(client),
            Err(Failure::Fault(fault)) => Err(fault),
            Err(Failure::Refused(why)) => Err(Fault::row("apps", format!("{why:?}"))),
        };
        let client = authenticated(&made.presented)?;
        let public = authenticated(&public)?;
        let key = TokenKey { version: 1, bytes: Zeroizing::new([9; 32]) };
        let keys = Keyring::new(&MasterKey::new([7; 32]), &[key]);
        let entropy = Drawn::from(chance.branch());
        Ok(Self { store, ops, clock: clock.clone(), keys, entropy, client, public })
    }

    /// Stops it, whatever state it is in.
    pub fn stop(self) {
        let Self { store, ops, .. } = self;
        drop(ops);
        store.close();
    }

    /// Does something at random, and has `told` keep what came of it.
    pub async fn step(&self, told: &mut Told, chance: &mut Chance) -> Result<Step, String> {
        self.clock.advance(Duration::from_millis(500));
        match chance.below(100) {
            0..=5 => {
                // Everything that was issued is over.
                self.clock.advance(LONG);
                for codes in [&mut told.codes, &mut told.used, &mut told.unsure] {
                    codes.clear();
                }
                told.tokens.clear();
                told.families.clear();
                let _ = self.ops.sweep().await;
                Ok(Step::Sweep)
            }
            6..=8 if !told.never_compacts => {
                let _ = self.store.compact().await;
                Ok(Step::Compact)
            }
            _ => {
                let acts = self.choose(told, chance);
                for done in self.together(acts).await {
                    told.keep(done)?;
                }
                Ok(Step::Work)
            }
        }
    }

    /// Some acts, no two on the same thing.
    fn choose<'a>(&'a self, told: &mut Told, chance: &mut Chance) -> Vec<Acting<'a>> {
        let mut acts: Vec<Acting<'a>> = Vec::new();
        let many = 1 + chance.below(4);
        while acts.len() < many {
            match chance.below(10) {
                0 | 1 => acts.push(Box::pin(self.issue())),
                2 => acts.push(Box::pin(self.consent())),
                3 | 4 => {
                    if let Some(code) = told.codes.pop() {
                        acts.push(Box::pin(self.redeem(code)));
                    }
                }
                5 | 6 => {
                    if let Some(family) = told.take_family(chance, false) {
                        acts.push(Box::pin(self.rotate(family)));
                    }
                }
                7 => {
                    let live = told.tokens.iter().position(|(_, revoked)| !revoked);
                    if let Some(at) = live {
                        acts.push(Box::pin(self.revoke_token(told.tokens.swap_remove(at).0)));
                    }
                }
                8 => {
                    if let Some(family) = told.take_family(chance, false) {
                        acts.push(Box::pin(self.end_family(family)));
                    }
                }
                _ => acts.push(Box::pin(self.note())),
            }
        }
        acts
    }

    /// Has all of them in one group, in this order.
    async fn together(&self, mut acts: Vec<Acting<'_>>) -> Vec<Done> {
        if acts.len() == 1 {
            return join_all(acts).await;
        }
        let (entered, at_hold) = mpsc::channel();
        let (held, release) = mpsc::channel();
        let store = self.store.clone();
        let holding =
            std::thread::spawn(move || store.submit_blocking(Hold { entered, release }).is_ok());
        // An error: it was answered with a fault before it ever ran.
        let _ = at_hold.recv();
        let mut early = Vec::new();
        for act in &mut acts {
            early.push(futures_util::poll!(act.as_mut()));
        }
        drop(held);
        let mut done = Vec::new();
        for (act, early) in acts.into_iter().zip(early) {
            done.push(match early {
                std::task::Poll::Ready(done) => done,
                std::task::Poll::Pending => act.await,
            });
        }
        holding.join().unwrap();
        done
    }

    async fn issue(&self) -> Done {
        let request = ClientGrantRequest::default();
        let issued = self.ops.issue_to_client(self.client.clone(), request).await;
        sorted("a token", issued, |answer| Done::Token(texts(&answer).0))
    }

    async fn consent(&self) -> Done {
        let now = self.clock.now();
        let entropy: &dyn Entropy = &self.entropy;
        let token = PlainToken::mint(TokenKind::AuthorizationCode, false, now, entropy);
        let made = template();
        let redirect = VerifiedRedirect::prove(&made.public.redirect_uris, Some(CALLBACK));
        let code = AuthorizationCode {
            hash: self.keys.hash(&token),
            app: made.public.id,
            app_generation: made.public.generation,
            user: made.user,
            place: made.place,
            scopes: ScopeSet::parse(SCOPES),
            audience: Audience::of_place(made.place),
            redirect: redirect.unwrap(),
            challenge: None,
            connection: ConnectionId::make(now, entropy),
            approved_at: now,
            expires_at: now.plus(LONG),
            redeemed_at: None,
        };
        let text = token.text().to_owned();
        match self.store.submit(PutCode(token, code)).await {
            Ok(()) => Done::Code(text),
            Err(fault) => Done::Fault(fault),
        }
    }

    async fn redeem(&self, code: String) -> Done {
        let redeemed = sorted("a code", self.redeeming(&code).await, |answer| {
            let (access, refresh) = texts(&answer);
            let code = code.clone();
            Done::Family(Family { code, access, refresh, before: None, ended: false })
        });
        match redeemed {
            Done::Fault(fault) => Done::CodeUnsure(code, fault),
            done => done,
        }
    }

    async fn redeeming(&self, code: &str) -> Result<TokenAnswer, Failure<TokenRefusal>> {
        let request = CodeRequest {
            code: code.to_owned(),
            redirect_uri: Some(CALLBACK.to_owned()),
            ..CodeRequest::default()
        };
        self.ops.redeem_code(self.public.clone(), request, Origin::default()).await
    }

    async fn rotate(&self, family: Family) -> Done {
        let token = family.refresh.clone();
        sorted("a refresh", self.refresh(&token).await, |answer| {
            let (access, refresh) = texts(&answer);
            let before = Some((token, answer, self.clock.now()));
            Done::Family(Family { access, refresh, before, ..family })
        })
    }

    async fn refresh(&self, token: &str) -> Result<TokenAnswer, Failure<TokenRefusal>> {
        let request = RefreshRequest { token: token.to_owned(), ..RefreshRequest::default() };
        self.ops.refresh(self.public.clone(), request, Origin::default()).await
    }

    async fn revoke_token(&self, token: String) -> Done {
        match self.ops.revoke(&self.client, &token, Origin::default()).await {
            Ok(()) => Done::TokenRevoked(token),
            Err(fault) => Done::Fault(fault),
        }
    }

    async fn end_family(&self, mut family: Family) -> Done {
        match self.ops.revoke(&self.public, &family.refresh, Origin::default()).await {
            Ok(()) => {
                family.ended = true;
                Done::Family(family)
            }
            Err(fault) => Done::Fault(fault),
        }
    }

    async fn note(&self) -> Done {
        let at = self.clock.now();
        let event = Event::new(EventKind::CodeRefused, at, Origin::default());
        match self.store.submit(Record(vec![event.app(self.client.app().id)])).await {
            Ok(()) => Done::Refused,
            Err(fault) => Done::Fault(fault),
        }
    }

    /// What callers were told is so, and new work is taken.
    pub async fn check(&self, told: &mut Told, chance: &mut Chance) -> Result<(), String> {
        self.check_audit()?;
        for (token, revoked) in told.tokens.iter().rev().take(6) {
            self.check_access(token, !revoked)?;
        }
        for family in told.families.iter().rev().take(4) {
            self.check_access(&family.access, !family.ended)?;
        }
        if let Some(family) = told.take_family(chance, true) {
            let checked = self.check_family(&family).await?;
            told.keep(checked)?;
        }
        told.keep(self.issue().await)
    }

    /// Whoever asks now is told of a fault, and of nothing else: nothing is granted, renewed or written.
    pub async fn grants_nothing(&self, told: &mut Told, chance: &mut Chance) -> Result<(), String> {
        let mut asked: Vec<Acting<'_>> =
            vec![Box::pin(self.issue()), Box::pin(self.consent()), Box::pin(self.note())];
        if let Some(code) = told.codes.pop() {
            asked.push(Box::pin(self.redeem(code)));
        }
        if let Some(family) = told.take_family(chance, false) {
            asked.push(Box::pin(self.rotate(family)));
        }
        let before = told.acknowledged;
        for act in asked {
            told.keep(act.await)?;
        }
        if told.acknowledged == before { Ok(()) } else { Err("granted while failing".to_owned()) }
    }

    /// A code is good once: of those whose redemption nobody knows the fate of one may be redeemed now,
    /// and none that was redeemed is redeemed again.
    pub async fn check_codes(&self, told: &mut Told) -> Result<u64, String> {
        for code in std::mem::take(&mut told.unsure) {
            match self.redeeming(&code).await {
                Ok(_) | Err(Failure::Refused(_)) => told.used.push(code),
                Err(Failure::Fault(fault)) => return Err(format!("a code is not judged: {fault}")),
            }
        }
        let used = std::mem::take(&mut told.used);
        for code in &used {
            match self.redeeming(code).await {
                Err(Failure::Refused(_)) => {}
                Ok(_) => return Err("a code was redeemed twice".to_owned()),
                Err(Failure::Fault(fault)) => return Err(format!("a code is not judged: {fault}")),
            }
            for family in told.families.iter_mut().filter(|family| family.code == *code) {
                family.ended = true;
                self.check_access(&family.access, false)?;
            }
        }
        Ok(used.len() as u64)
    }

    /// The trail can be read, and it verifies.
    pub fn check_chain(&self) -> Result<u64, String> {
        match self.store.read(|reader| chain::verify(reader.state())) {
            Ok(Ok(entries)) => Ok(entries),
            other => Err(format!("the audit trail does not verify: {other:?}")),
        }
    }

    fn check_audit(&self) -> Result<(), String> {
        match self.store.read(|reader| chain::verify(reader.state())) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(broken)) => Err(format!("the audit trail does not verify: {broken}")),
            // The disk's trouble, which is not ours to judge here.
            Err(_) => Ok(()),
        }
    }

    fn check_access(&self, token: &str, live: bool) -> Result<(), String> {
        match (self.ops.live_token(token), live) {
            (Ok(_), false) => Err("a token that was revoked works again".to_owned()),
            (Err(Failure::Refused(why)), true) => Err(format!("a token was lost: {why:?}")),
            _ => Ok(()),
        }
    }

    /// The kept answer still opens; an ended family stays ended.
    async fn check_family(&self, family: &Family) -> Result<Done, String> {
        if family.ended {
            return Ok(match self.refresh(&family.refresh).await {
                Ok(_) => Done::Wrong("a family that was ended goes on".to_owned()),
                Err(Failure::Refused(_)) => Done::Family(family.clone()),
                Err(Failure::Fault(fault)) => Done::Fault(fault),
            });
        }
        let Some((token, answer, at)) = &family.before else {
            return Ok(Done::Family(family.clone()));
        };
        if self.clock.now().since(*at) >= Duration::from_secs(60) {
            // After the grace it is a replay, which ends the family.
            return Ok(match self.refresh(token).await {
                Ok(_) => Done::Wrong("a refresh token that was consumed works again".to_owned()),
                Err(Failure::Refused(_)) => Done::Family(Family { ended: true, ..family.clone() }),
                Err(Failure::Fault(fault)) => Done::Fault(fault),
            });
        }
        Ok(sorted("a kept answer", self.refresh(token).await, |again| {
            if texts(&again) == texts(answer) {
                Done::Family(family.clone())
            } else {
                Done::Wrong("the kept answer is another one".to_owned())
            }
        }))
    }
}

/// What kind of step it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    Work,
    Sweep,
    Compact,
    Open,
}

impl Told {
    /// Takes one out, ended ones only if `any`; whoever took it puts it back if it is told how it is.
    fn take_family(&mut self, chance: &mut Chance, any: bool) -> Option<Family> {
        let fit: Vec<usize> =
            (0..self.families.len()).filter(|at| any || !self.families[*at].ended).collect();
        chance.pick(&fit).map(|at| self.families.swap_remove(*at))
    }

    fn keep(&mut self, done: Done) -> Result<(), String> {
        self.acknowledged += 1;
        match done {
            Done::Code(code) => self.codes.push(code),
            Done::Token(token) => self.tokens.push((token, false)),
            Done::TokenRevoked(token) => self.tokens.push((token, true)),
            Done::Family(family) => {
                if !self.used.contains(&family.code) {
                    self.used.push(family.code.clone());
                }
                self.families.push(family);
            }
            Done::Refused => {}
            Done::Wrong(why) => return Err(why),
            Done::CodeUnsure(code, fault) => {
                self.unsure.push(code);
                self.acknowledged -= 1;
                return self.keep(Done::Fault(fault));
            }
            Done::Fault(fault) if fault.will_pass() => {
                self.acknowledged -= 1;
                self.faults += 1;
            }
            Done::Fault(fault) => return Err(format!("a fault that does not pass: {fault}")),
        }
        Ok(())
    }
}
