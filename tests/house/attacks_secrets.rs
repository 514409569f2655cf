//! Attacks by reading what was left lying about.
//!
//! S: `no_secret_stands_in_…` (log, pages and answers, audit trail, data file)

use std::io::Write;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Mutex;
use std::sync::PoisonError;

use axum::body::Body;
use countersign::store::Store;
use http::header;

use crate::harness::Answer;
use crate::harness::Browser;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::request;
use crate::scenes;

const SCOPE: &str = "customers:readonly";

/// All that is logged in this process, at the finest level.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// There is one for all tests of a process.
    pub fn start() -> Self {
        static LOG: LazyLock<Log> = LazyLock::new(|| {
            let log = Log::default();
            let writer = log.clone();
            let lines = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_writer(move || writer.clone())
                .finish();
            tracing::subscriber::set_global_default(lines).unwrap();
            log
        });
        LOG.clone()
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Everything secret that came up, by what it is.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, text: &str) {
        assert!(text.len() >= 6, "{what}: {text:?}");
        self.0.push((what, text.to_owned()));
    }

    /// None of them stands in `bytes`.
    #[track_caller]
    fn assert_absent(&self, bytes: &[u8], place: &str) {
        for (what, text) in &self.0 {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{place} holds a {what}: {text}");
        }
    }
}

/// Uses every way to obtain a secret and to present one, rightly and wrongly; returns all secrets,
/// and all answers with the kinds of secret that each may hold.
async fn live_a_day(house: &House) -> (Secrets, Vec<(&'static [&'static str], Answer)>) {
    let mut secrets = Secrets::default();
    let mut answers: Vec<(&'static [&'static str], Answer)> = Vec::new();
    for user in &house.guide.users {
        secrets.add("password", &user.password);
        secrets.add("seed", &user.totp_secret);
        user.recovery_codes.iter().for_each(|code| secrets.add("recovery code", code));
    }
    for app in &house.guide.apps {
        app.client_secret.iter().for_each(|secret| secrets.add("client secret", secret));
    }
    // Codes and tokens of both kinds of client, with a state and a verifier of their own.
    for kind in ["oauth_public", "oauth_confidential"] {
        let mut browser = house.signed_in("owner").await;
        secrets.add("session", &browser.cookies["__Host-cs_session"]);
        secrets.add("browser mark", &browser.cookies["__Host-cs_browser"]);
        let more = [("scope", SCOPE), ("state", "canary-state-5f1c")];
        let url = house.authorize_url(kind, &more);
        let page = browser.follow(&url).await.1;
        answers.push((&[], page));
        let allowed = browser.allow(&url, &house.company("acme"), None).await;
        let code = allowed.redirected("code").unwrap();
        secrets.add("code", &code);
        answers.push((&["code", "state"], allowed));
        let tokens = house.redeem(kind, &code).await;
        let (body, mut text) = (tokens.json(), Vec::new());
        for name in ["access_token", "refresh_token"] {
            text.push(body[name].as_str().unwrap().to_owned());
        }
        secrets.add("access token", &text[0]);
        secrets.add("refresh token", &text[1]);
        answers.push((&["access token", "refresh token"], tokens));
        answers.push((&[], house.redeem("resource_server", &code).await));
        answers.push((&[], house.call(&text[0], "/me").await));
        answers.push((&[], house.call(&text[0], "/products").await));
        answers.push((&[], house.call(&format!("{}x", text[0]), "/me").await));
        answers
            .push((&[], house.get(&format!("/api/external/v2/me?access_token={}", text[0])).await));
        for path in ["/oauth/introspect", "/oauth/revoke"] {
            for app in ["resource_server", "api_credentials"] {
                answers.push((&[], house.as_app_at(path, app, &[("token", &text[0])]).await));
                answers.push((&[], house.as_app_at(path, app, &[("token", &text[1])]).await));
            }
        }
        let next = house.refresh(kind, &text[1]).await;
        secrets.add("refresh token", next.json()["refresh_token"].as_str().unwrap());
        answers.push((&[], house.refresh("resource_server", &text[1]).await));
    }
    secrets.add("state", "canary-state-5f1c");
    secrets.add("verifier", crate::harness::VERIFIER);
    let of_app = house.client_token().await;
    secrets.add("client token", &of_app);
    answers.push((&[], house.call(&of_app, "/me").await));
    let form =
        [("response_type", "code"), ("redirect_uri", CALLBACK), ("state", "canary-state-5f1c")];
    let pushed = house.as_app_at("/oauth/par", "oauth_confidential", &form).await;
    secrets.add("request_uri", pushed.json()["request_uri"].as_str().unwrap());
    answers.push((&["request_uri"], pushed));
    // A new person, from the link to the recovery codes.
    let setup = scenes::set(house, "/setup/{link}").await;
    secrets.add("link", setup.action.strip_prefix("/setup/").unwrap());
    secrets.add("new password", "quiet-otter-plays-banjo");
    answers
        .push((&["link"], setup.send(house, &setup.form_with("password_again", "another")).await));
    answers.push((&[], setup.send(house, &setup.form).await));
    let enrol = scenes::set(house, "/sign-in/enrol").await;
    let page = request("GET", "/sign-in/enrol").header(header::COOKIE, &enrol.cookies);
    let page = house.send(page.body(Body::empty()).unwrap()).await;
    secrets.add("new seed", &scenes::secret_on(&page.body));
    answers.push((&["new seed"], page));
    answers.push((&["new seed"], enrol.send(house, &enrol.form_with("code", "000000")).await));
    let codes = scenes::set(house, "/sign-in/recovery-codes").await;
    let page = request("GET", "/sign-in/recovery-codes").header(header::COOKIE, &codes.cookies);
    let page = house.send(page.body(Body::empty()).unwrap()).await;
    let shown = page.body.split(['<', '>']).map(str::trim);
    for code in shown.filter(|text| text.len() == 27 && text.matches('-').count() == 3) {
        secrets.add("new recovery code", code);
    }
    answers.push((&["new recovery code"], page));
    answers.push((&[], codes.send(house, &codes.form).await));
    // Everything again where it is wrong or in the wrong place.
    let mut browser = Browser::new(house);
    let page = browser.get("/sign-in").await;
    let password = house.user("owner").password.clone();
    let fields = [("email", password.as_str()), ("password", password.as_str())];
    answers.push((&["password"], browser.submit(&page, "/sign-in", &fields).await));
    let fields = [("email", "owner@acme.example"), ("password", "canary-wrong-password")];
    secrets.add("wrong password", "canary-wrong-password");
    answers.push((&[], browser.submit(&page, "/sign-in", &fields).await));
    let secret = house.app("api_credentials").client_secret.clone().unwrap();
    let credentials = data_encoding::BASE64.encode(format!("x:{secret}").as_bytes());
    secrets.add("Basic credentials", &credentials);
    let headers = [("authorization", format!("Basic {credentials}"))];
    let headers = [(headers[0].0, headers[0].1.as_str())];
    for path in crate::routes::paths(|_| true) {
        let form = [
            ("client_secret", secret.as_str()),
            ("password", password.as_str()),
            ("token", &of_app),
        ];
        answers.push((&[], house.post_with(&path, &form, &headers).await));
        answers
            .push((&[], house.get(&format!("{path}?client_secret={secret}&code={of_app}")).await));
    }
    (secrets, answers)
}

#[tokio::test]
async fn no_secret_stands_in_the_log_the_audit_trail_the_data_file_or_another_answer() {
    let log = Log::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.redb");
    let house = House::over(Store::open(&file, 8 * 1024 * 1024).unwrap(), &[]).seeded().await;
    let (mut secrets, answers) = live_a_day(&house).await;
    for kind in [
        "password",
        "seed",
        "recovery code",
        "client secret",
        "session",
        "code",
        "access token",
        "refresh token",
        "client token",
        "request_uri",
        "link",
        "new seed",
        "new recovery code",
    ] {
        assert!(secrets.0.iter().any(|(what, _)| *what == kind), "no {kind} came up");
    }
    for (may_hold, answer) in &answers {
        let mut rest = Secrets::default();
        let others = secrets.0.iter().filter(|(what, _)| !may_hold.contains(what));
        rest.0.extend(others.cloned());
        let told = format!("{:?} {}", answer.headers, answer.body);
        rest.assert_absent(told.as_bytes(), &format!("{told:.300}"));
    }
    house.ops.flush().await.unwrap();
    let entries = house.ops.audit_entries(None, 100_000).unwrap();
    assert!(entries.len() > 20);
    let lines = house.ops.audit_lines(1..100_000).unwrap().concat();
    secrets.assert_absent(lines.as_bytes(), "the audit trail");
    secrets.assert_absent(format!("{entries:?}").as_bytes(), "the audit trail");
    let log = log.bytes();
    let text = String::from_utf8_lossy(&log);
    assert!(text.contains("/oauth/token") && text.contains("refused"), "nothing was logged");
    secrets.assert_absent(&log, "the log");
    house.ops.close();
    let written = std::fs::read(&file).unwrap();
    assert!(written.windows(18).any(|window| window == b"owner@acme.example"));
    // A pushed request is kept as it was sent, with the client's own `state`, until it ends.
    secrets.0.retain(|(what, _)| *what != "state");
    secrets.assert_absent(&written, "the data file");
    for (what, text) in secrets.0.iter().filter(|(what, _)| what.ends_with("seed")) {
        let seed = data_encoding::BASE32_NOPAD.decode(text.as_bytes()).unwrap();
        assert!(!written.windows(seed.len()).any(|window| window == seed), "a bare {what}");
    }
}

#[tokio::test]
async fn no_secret_is_shown_by_what_describes_a_value() {
    let house = House::new().await;
    let described = format!("{:?} {:?}", house.ops.users().unwrap(), house.ops.apps().unwrap());
    for user in &house.guide.users {
        assert!(!described.contains(&user.password) && !described.contains(&user.totp_secret));
    }
    for app in &house.guide.apps {
        assert!(app.client_secret.iter().all(|secret| !described.contains(secret)));
    }
    let link = scenes::set(&house, "/setup/{link}").await.action;
    let open = house.ops.open_link(link.strip_prefix("/setup/").unwrap()).unwrap().unwrap();
    assert!(!format!("{open:?}").contains(link.strip_prefix("/setup/").unwrap()));
}
