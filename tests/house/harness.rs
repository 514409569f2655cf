//! A house of its own for each test, with the sandbox's people and apps in it, and a browser.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::body::to_bytes;
use countersign::app::installation::Installation;
use countersign::app::installation::Kind;
use countersign::app::installation::Options;
use countersign::app::router;
use countersign::app::router::Protected;
use countersign::app::sandbox;
use countersign::app::sandbox_guide::Guide;
use countersign::app::sandbox_guide::GuideApp;
use countersign::app::sandbox_guide::GuideUser;
use countersign::app::sandbox_seed;
use countersign::app::wire;
use countersign::base::clock::Clock as _;
use countersign::base::clock::ManualClock;
use countersign::base::clock::Timestamp;
use countersign::base::entropy::SystemEntropy;
use countersign::base::id::AppId;
use countersign::base::id::UserId;
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
use countersign::crypto::totp;
use countersign::domain::audit::EventKind;
use countersign::gateway::Upstream;
use countersign::ops::Ops;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::hashing::Hashing;
use countersign::store::Store;
use http::HeaderMap;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;
use zeroize::Zeroizing;

pub const ISSUER: &str = "https://cs.example";
pub const CALLBACK: &str = "http://127.0.0.1:5555/callback";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// In the data folder of a house on disk.
pub const CONFIG_FILE: &str = "config.toml";
const START: u64 = 1_790_000_000;

pub struct House {
    pub router: Router,
    pub ops: Ops,
    pub clock: Arc<ManualClock>,
    pub guide: Guide,
    folder: Option<TempDir>,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn location(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        self.header("location").to_owned()
    }

    /// A parameter of the redirect.
    pub fn redirected(&self, name: &str) -> Option<String> {
        let location = self.location();
        let url = url::Url::parse(ISSUER).unwrap().join(&location).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// Status and error code of an OAuth answer.
    pub fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.error())
    }

    /// A text member of a JSON answer.
    pub fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }

    /// The error code of an OAuth answer.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
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

    fn with_hashing(store: Store, settings: &[(&str, &str)], hashing: Option<Hashing>) -> Self {
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
        let mut ops = wire::ops(&settings, &installation).unwrap();
        if let Some(hashing) = hashing {
            ops = like(&ops, store, clock.clone(), hashing);
        }
        Self::build(&settings, ops, clock)
    }

    /// The operations of a house in which nothing is yet, with cheap hashing.
    pub fn operations_over_nothing(&self) -> Ops {
        like(&self.ops, Store::in_memory().unwrap(), self.clock.clone(), cheap_hashing())
    }

    fn build(settings: &Settings, ops: Ops, clock: Arc<ManualClock>) -> Self {
        let protected = Some(sandbox::protected().unwrap());
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
        Self { router, ops, clock, guide, folder: None }
    }

    /// In a data folder of its own, with real files, so that it can be stopped and opened again.
    pub async fn on_disk() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(START)));
        Self::open(folder, clock, &[]).seeded().await
    }

    /// With the defaults, and something else behind its gateway than the sample ledger.
    pub fn in_front_of(self, upstream: Upstream) -> Self {
        let protected = Protected { upstream, ..sandbox::protected().unwrap() };
        let entropy = Arc::new(SystemEntropy::new());
        let clock = self.clock.clone();
        let router = router::build(&chosen(&[]), &self.ops, clock, entropy, Some(protected));
        Self { router: router.unwrap(), ..self }
    }

    /// Stopped, and opened again from its files with these settings, and with those in
    /// [`CONFIG_FILE`] if a test wrote it. No time has passed.
    pub fn restarted(self, settings: &[(&str, &str)]) -> Self {
        let Self { router, ops, clock, guide, folder } = self;
        ops.close();
        drop((router, ops));
        Self { guide, ..Self::open(folder.unwrap(), clock, settings) }
    }

    /// The data folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().unwrap().path()
    }

    fn open(folder: TempDir, clock: Arc<ManualClock>, settings: &[(&str, &str)]) -> Self {
        let path = folder.path().to_str().unwrap().to_owned();
        let placed: Vec<_> = settings.iter().copied().chain([("data.folder", &*path)]).collect();
        let settings = chosen_with(&placed, folder.path().join(CONFIG_FILE));
        let options = Options::of(&settings, Kind::Real);
        // A thread of its own: opening waits for the writer.
        let opened = std::thread::scope(|scope| {
            scope.spawn(|| Installation::open(folder.path(), &options)).join().unwrap()
        });
        let installation = Installation { clock: clock.clone(), ..opened.unwrap() };
        let ops = wire::ops(&settings, &installation).unwrap();
        Self { folder: Some(folder), ..Self::build(&settings, ops, clock) }
    }

    pub fn app(&self, kind: &str) -> &GuideApp {
        self.guide.apps.iter().find(|app| app.kind == kind).unwrap()
    }

    /// Registers another app, which is then found under `kind`.
    pub async fn register(&mut self, kind: &str, new: NewApp) -> AppId {
        let created = self.ops.create_app(new, Default::default()).await.unwrap();
        self.guide.apps.push(GuideApp {
            kind: kind.to_owned(),
            name: created.app.name.clone(),
            client_id: created.app.id.to_string(),
            client_secret: created.secret.map(|secret| secret.expose().to_owned()),
            ..GuideApp::default()
        });
        created.app.id
    }

    pub fn user(&self, name: &str) -> &GuideUser {
        self.guide.users.iter().find(|user| user.email.starts_with(name)).unwrap()
    }

    pub fn user_id(&self, name: &str) -> UserId {
        self.ops.find_user(&self.user(name).email).unwrap().id
    }

    pub fn company(&self, slug: &str) -> String {
        self.guide.companies.iter().find(|company| company.slug == slug).unwrap().id.clone()
    }

    pub fn firm(&self) -> String {
        self.guide.firms[0].id.clone()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A code of the user's authenticator that was not used before: time moves on to the next step.
    pub fn next_code(&self, name: &str) -> String {
        self.advance(30);
        self.code_now(name)
    }

    /// The code that the authenticator shows now.
    pub fn code_now(&self, name: &str) -> String {
        let secret = self.user(name).totp_secret.as_bytes();
        let seed = data_encoding::BASE32_NOPAD.decode(secret).unwrap();
        totp::code(&seed, totp::step_at(self.clock.now()))
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(self.router.clone(), request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request("GET", path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_with(path, form, &[]).await
    }

    pub async fn post_with(
        &self,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        self.send(posting(path, form, headers)).await
    }

    /// A call of the API with a bearer token.
    pub async fn call(&self, token: &str, path: &str) -> Answer {
        self.call_with(token, path, &[]).await
    }

    pub async fn call_with(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let path = format!("/api/external/v2{path}");
        let mut request =
            request("GET", &path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// A token request of the confidential app.
    pub async fn confidential(&self, form: &[(&str, &str)]) -> Answer {
        self.as_app("oauth_confidential", form).await
    }

    /// A token request of the app of a kind, with its secret if it has one.
    pub async fn as_app(&self, kind: &str, form: &[(&str, &str)]) -> Answer {
        self.as_app_at("/oauth/token", kind, form).await
    }

    /// A request of an app at some endpoint.
    pub async fn as_app_at(&self, path: &str, kind: &str, form: &[(&str, &str)]) -> Answer {
        let app = self.app(kind);
        let mut form = form.to_vec();
        form.push(("client_id", &app.client_id));
        if let Some(secret) = &app.client_secret {
            form.push(("client_secret", secret));
        }
        self.post(path, &form).await
    }

    /// A token of the API credentials.
    pub async fn client_token(&self) -> String {
        let answer = self.as_app("api_credentials", &[("grant_type", "client_credentials")]).await;
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A browser in which this person is signed in.
    pub async fn signed_in(&self, name: &str) -> Browser<'_> {
        let mut browser = Browser::new(self);
        browser.sign_in(name).await;
        browser
    }

    /// The code that comes of this person's consent for the app of a kind.
    pub async fn code(&self, kind: &str, name: &str, place: &str, scope: &str) -> String {
        let mut browser = self.signed_in(name).await;
        let url = self.authorize_url(kind, &[("scope", scope)]);
        let answer = browser.allow(&url, place, None).await;
        answer.redirected("code").unwrap_or_else(|| panic!("no code: {answer:?}"))
    }

    /// The tokens that come of it.
    pub async fn tokens(&self, kind: &str, name: &str, place: &str, scope: &str) -> Value {
        let code = self.code(kind, name, place, scope).await;
        let answer = self.redeem(kind, &code).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.json()
    }

    /// Redeems a code as it should be.
    pub async fn redeem(&self, kind: &str, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.as_app(kind, &form).await
    }

    /// Redeems a code with some parameters replaced or added; an empty value takes one out.
    pub async fn redeem_with(&self, kind: &str, code: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        for (name, _) in more {
            form.retain(|(key, _)| key != name);
        }
        form.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.as_app(kind, &form).await
    }

    /// Uses a refresh token and asks for something.
    pub async fn refresh_with(&self, kind: &str, token: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        form.extend(more);
        self.as_app(kind, &form).await
    }

    /// What the newest audit entries say happened, newest first.
    pub fn happened(&self, most: usize) -> Vec<EventKind> {
        let entries = self.ops.audit_entries(None, most).unwrap();
        entries.iter().map(|entry| entry.event.kind).collect()
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, kind: &str, token: &str) -> Answer {
        self.as_app(kind, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// An authorization request with PKCE; `more` replaces or adds parameters, an empty value takes
    /// one out.
    pub fn authorize_url(&self, kind: &str, more: &[(&str, &str)]) -> String {
        let mut parameters = BTreeMap::from([
            ("client_id", self.app(kind).client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("state", "s-1"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
        ]);
        for (name, value) in more {
            if value.is_empty() {
                parameters.remove(name);
            } else {
                parameters.insert(name, value);
            }
        }
        let parameters: Vec<(&str, &str)> = parameters.into_iter().collect();
        format!("/oauth/authorize?{}", encoded(&parameters))
    }
}

/// The same operations over another store and with other hashing.
fn like(ops: &Ops, store: Store, clock: Arc<ManualClock>, hashing: Hashing) -> Ops {
    let (catalogue, entropy) = (Arc::new(ops.catalogue().clone()), Arc::new(SystemEntropy::new()));
    Ops::new(store, keyring(), clock, entropy, catalogue, ops.settings().clone(), hashing)
}

/// Hashing far below the floor that the configuration keeps.
fn cheap_hashing() -> Hashing {
    let passwords = Passwords::new(Cost { memory_kib: 8, passes: 1 }).unwrap();
    Hashing::new(passwords, 2, 64).unwrap()
}

fn keyring() -> Arc<Keyring> {
    let key = TokenKey { version: 1, bytes: Zeroizing::new([9; 32]) };
    Arc::new(Keyring::new(&MasterKey::new([7; 32]), &[key]))
}

/// The moment, for telling how long something takes.
#[expect(clippy::disallowed_methods, reason = "how long an answer takes is what is tested")]
pub fn stopwatch() -> Instant {
    Instant::now()
}

/// Sends a request to a router and reads the answer whole.
pub async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// A form on its way.
pub fn posting(path: &str, form: &[(&str, &str)], headers: &[(&str, &str)]) -> Request<Body> {
    let mut request =
        request("POST", path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(encoded(form))).unwrap()
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

pub fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "cs.example")
}

/// An `Authorization` header of the Basic scheme, its parts encoded as RFC 6749 section 2.3.1 says.
pub fn basic(id: &str, secret: &str) -> String {
    let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", part(id), part(secret));
    format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()))
}

pub fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// A browser: cookies, and forms as they stand on the pages.
pub struct Browser<'h> {
    pub house: &'h House,
    pub cookies: BTreeMap<String, String>,
}

impl<'h> Browser<'h> {
    pub fn new(house: &'h House) -> Self {
        Self { house, cookies: BTreeMap::new() }
    }

    pub fn cookie_header(&self) -> String {
        let pair = |(name, value): (&String, &String)| format!("{name}={value}");
        self.cookies.iter().map(pair).collect::<Vec<_>>().join("; ")
    }

    pub fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        let request = request("GET", path).header(header::COOKIE, self.cookie_header());
        let answer = self.house.send(request.body(Body::empty()).unwrap()).await;
        self.keep(&answer);
        answer
    }

    /// Goes where redirects lead, as long as that is here.
    pub async fn follow(&mut self, path: &str) -> (String, Answer) {
        let mut path = path.to_owned();
        for _ in 0..10 {
            let answer = self.get(&path).await;
            match answer.headers.get(header::LOCATION) {
                Some(location) if location.to_str().unwrap().starts_with('/') => {
                    path = location.to_str().unwrap().to_owned();
                }
                _ => return (path, answer),
            }
        }
        panic!("redirected for ever");
    }

    /// Sends the form with `action` that stands on `page`, with these fields filled in.
    pub async fn submit(&mut self, page: &Answer, action: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = hidden_fields(&page.body, action);
        form.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let form: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post(action, &form).await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let cookies = self.cookie_header();
        let headers = [("cookie", cookies.as_str()), ("sec-fetch-site", "same-origin")];
        let answer = self.house.post_with(path, form, &headers).await;
        self.keep(&answer);
        answer
    }

    pub async fn password(&mut self, name: &str) -> Answer {
        let user = self.house.user(name);
        let page = self.get("/sign-in").await;
        let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
        self.submit(&page, "/sign-in", &fields).await
    }

    pub async fn sign_in(&mut self, name: &str) {
        let answer = self.password(name).await;
        assert_eq!(answer.location(), "/sign-in/verify");
        let page = self.get("/sign-in/verify").await;
        let code = self.house.next_code(name);
        let answer = self.submit(&page, "/sign-in/verify", &[("code", &code)]).await;
        assert_eq!(answer.location(), "/");
    }

    /// The consent page of an authorization request.
    pub async fn consent_page(&mut self, url: &str) -> (String, Answer) {
        let (path, page) = self.follow(url).await;
        assert!(path.starts_with("/consent/"), "{path}: {page:?}");
        (path, page)
    }

    /// Allows access in `place`, with everything ticked or with `scopes`.
    pub async fn allow(&mut self, url: &str, place: &str, scopes: Option<&[&str]>) -> Answer {
        let (path, page) = self.consent_page(url).await;
        let name = self.house.guide.users.iter().find(|user| page.body.contains(&user.email));
        let name = name.unwrap().email.clone();
        let code = self.house.next_code(&name);
        self.answer(&page, &path, place, scopes, &code).await
    }

    pub async fn answer(
        &mut self,
        page: &Answer,
        path: &str,
        place: &str,
        scopes: Option<&[&str]>,
        code: &str,
    ) -> Answer {
        let listed = listed_scopes(&page.body);
        let ticked = match scopes {
            Some(scopes) => scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            None => listed,
        };
        let mut fields = vec![("context", place), ("code", code)];
        fields.extend(ticked.iter().map(|scope| ("scope", scope.as_str())));
        self.submit(page, path, &fields).await
    }
}

/// The hidden fields of the form that posts to `action`.
pub fn hidden_fields(html: &str, action: &str) -> Vec<(String, String)> {
    let marker = format!("action=\"{action}\"");
    let Some(start) = html.find(&marker) else { panic!("no form for {action} in {html}") };
    let form = &html[start..];
    let form = &form[..form.find("</form>").unwrap()];
    form.split("<input")
        .skip(1)
        .filter(|input| attribute(input, "type").as_deref() == Some("hidden"))
        .map(|input| {
            (attribute(input, "name").unwrap(), attribute(input, "value").unwrap_or_default())
        })
        .filter(|(name, _)| name != "scope")
        .collect()
}

/// The scopes that a consent page lists.
pub fn listed_scopes(html: &str) -> Vec<String> {
    html.split("<input")
        .skip(1)
        .filter(|input| attribute(input, "name").as_deref() == Some("scope"))
        .filter_map(|input| attribute(input, "value"))
        .collect()
}

/// The places that a consent page offers.
pub fn offered_places(html: &str) -> Vec<String> {
    html.split("<input")
        .skip(1)
        .filter(|input| attribute(input, "name").as_deref() == Some("context"))
        .filter_map(|input| attribute(input, "value"))
        .collect()
}

fn attribute(input: &str, name: &str) -> Option<String> {
    let tag = &input[..input.find('>')?];
    let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
    let rest = &tag[start..];
    Some(rest[..rest.find('"')?].to_owned())
}
