//! A house of its own for each test, with the sandbox's people and apps in it, and a browser.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::body::to_bytes;
use countersign::app::installation::Installation;
use countersign::app::router;
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
use countersign::base::id::UserId;
use countersign::config;
use countersign::config::Flag;
use countersign::config::Sources;
use countersign::crypto::keyring::Keyring;
use countersign::crypto::keyring::MasterKey;
use countersign::crypto::keyring::TokenKey;
use countersign::crypto::password::Cost;
use countersign::crypto::password::Passwords;
use countersign::crypto::totp;
use countersign::ops::Ops;
use countersign::ops::hashing::Hashing;
use countersign::store::Store;
use http::HeaderMap;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::Value;
use tower::ServiceExt as _;
use zeroize::Zeroizing;

pub const ISSUER: &str = "https://cs.example";
pub const CALLBACK: &str = "http://127.0.0.1:5555/callback";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const START: u64 = 1_790_000_000;

pub struct House {
    pub router: Router,
    pub ops: Ops,
    pub clock: Arc<ManualClock>,
    pub guide: Guide,
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
        let mut house = Self::empty_with(settings);
        let seeded = sandbox_seed::seed(&house.ops, String::new(), String::new()).await;
        house.guide = seeded.unwrap();
        house
    }

    /// With the sandbox's people and apps, over a store that the test made.
    pub async fn seeded_over(store: Store) -> Self {
        let mut house = Self::over(store, &[]);
        let seeded = sandbox_seed::seed(&house.ops, String::new(), String::new()).await;
        house.guide = seeded.unwrap();
        house
    }

    /// As after a restart: over `store`, which holds what the last process kept, with the same
    /// people and the same time.
    pub fn restarted_over(&self, store: Store) -> Self {
        let mut house = Self::over(store, &[]);
        house.guide = self.guide.clone();
        house.clock.advance(self.clock.now().since(house.clock.now()));
        house
    }

    /// With nobody in it.
    pub fn empty() -> Self {
        Self::empty_with(&[])
    }

    fn empty_with(settings: &[(&str, &str)]) -> Self {
        Self::over(Store::in_memory().unwrap(), settings)
    }

    /// As [`Self::new`], with password hashing that costs next to nothing: for tests that sign in
    /// or set up thousands of times.
    pub async fn quick() -> Self {
        Self::quick_with(&[]).await
    }

    /// As [`Self::quick`], with other settings than the defaults.
    pub async fn quick_with(settings: &[(&str, &str)]) -> Self {
        let mut house = Self::assemble(Store::in_memory().unwrap(), settings, true);
        let seeded = sandbox_seed::seed(&house.ops, String::new(), String::new()).await;
        house.guide = seeded.unwrap();
        house
    }

    /// The operations of a house in which nothing is yet.
    pub fn operations_over_nothing(&self) -> Ops {
        cheap_over(&self.ops, Store::in_memory().unwrap(), self.clock.clone())
    }

    /// Over a store that the test made; nobody is put in.
    pub fn over(store: Store, settings: &[(&str, &str)]) -> Self {
        Self::assemble(store, settings, false)
    }

    fn assemble(store: Store, settings: &[(&str, &str)], quick: bool) -> Self {
        let flag = |(key, value): &(&str, &str)| Flag {
            name: "test".to_owned(),
            key: (*key).to_owned(),
            value: (*value).to_owned(),
        };
        let cheap = [("passwords.memory_kib", "19456"), ("passwords.passes", "2")];
        let flags = [("issuer", ISSUER)].iter().chain(&cheap).chain(settings).map(flag).collect();
        let settings = config::load(&Sources { flags, ..Sources::default() }).unwrap().settings;
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(START)));
        let installation = Installation {
            store,
            keyring: keyring(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::new()),
            folder: std::path::PathBuf::new(),
            is_new: true,
        };
        let mut ops = wire::ops(&settings, &installation).unwrap();
        if quick {
            ops = cheap_over(&ops, installation.store.clone(), clock.clone());
        }
        let protected = Some(sandbox::protected().unwrap());
        let entropy = Arc::new(SystemEntropy::new());
        let router = router::build(&settings, &ops, clock.clone(), entropy, protected).unwrap();
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
        Self { router, ops, clock, guide }
    }

    pub fn app(&self, kind: &str) -> &GuideApp {
        self.guide.apps.iter().find(|app| app.kind == kind).unwrap()
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

/// The same operations over `store`, with cheap hashing.
fn cheap_over(ops: &Ops, store: Store, clock: Arc<ManualClock>) -> Ops {
    let (catalogue, entropy) = (Arc::new(ops.catalogue().clone()), Arc::new(SystemEntropy::new()));
    let settings = ops.settings().clone();
    Ops::new(store, keyring(), clock, entropy, catalogue, settings, cheap_hashing())
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

pub fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "cs.example")
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
