//! Attacks by reading what was left lying about, parameter by parameter: something that can be found again is
//! put into every parameter of every route, every field of every form, and every header that proves somebody.
//!
//! S: all tests here. What nobody sends as a secret may stand where people wrote it to be read, and never in a
//! log, an address or a metric.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use axum::body::Body;
use countersign::app::backup::make;
use countersign::ops::backup::Backup;
use countersign::ops::backup::Protection;
use countersign::store::Store;
use countersign::store::backup::read::Part;
use data_encoding::BASE64;
use http::header;

use crate::attacks_secrets::Log;
use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::encoded;
use crate::harness::posting;
use crate::harness::request;
use crate::monitor::asked;
use crate::routes;
use crate::scenes;

/// What every canary begins with. No encoding changes it but that of Basic credentials ([`IN_BASIC`]).
const MARK: &str = "zcanary";
/// How a canary begins in base64, where it stands at a multiple of three bytes.
const IN_BASIC: &str = "emNhbmFy";
/// Parameters and fields whose value nobody else may ever read.
const SECRET: [&str; 30] = [
    "password",
    "password_again",
    "current_password",
    "new_password",
    "new_password_again",
    "code",
    "new_code",
    "credential",
    "passkey",
    "seed",
    "csrf",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "id_token_hint",
    "client_secret",
    "client_assertion",
    "assertion",
    "code_verifier",
    "actor_token",
    "subject_token",
    "device_code",
    "user_code",
    "request",
    "request_uri",
    "secret",
    "api_key",
    "software_statement",
    "registration_access_token",
];
/// Others that clients send, and that some servers write down or send on.
const OTHERS: [&str; 14] = [
    "state",
    "nonce",
    "login_hint",
    "username",
    "email",
    "scope",
    "resource",
    "audience",
    "display",
    "ui_locales",
    "acr_values",
    "claims",
    "cursor",
    "q",
];

/// Everything that was planted: by its number where, and whether as a secret.
#[derive(Default)]
struct Planted(Vec<(String, bool)>);

impl Planted {
    fn plant(&mut self, place: &str, name: &str, is_secret: bool) -> String {
        self.0.push((format!("{name} at {place}"), is_secret));
        // Long enough for a password, and neither a word nor a name that anything has.
        format!("{MARK}{:06}x7", self.0.len() - 1)
    }

    /// What of it stands in `bytes`: in whichever case, or in base64.
    fn found_in(&self, bytes: &[u8]) -> BTreeSet<usize> {
        let raw = String::from_utf8_lossy(bytes);
        let encoded = raw.match_indices(IN_BASIC).filter_map(|(at, _)| raw.get(at..at + 20));
        let decoded = encoded.filter_map(|text| BASE64.decode(text.as_bytes()).ok());
        let decoded: String =
            decoded.map(|part| String::from_utf8_lossy(&part).into_owned()).collect();
        let text = raw.to_ascii_lowercase() + &decoded;
        let after = text.match_indices(MARK).map(|(at, _)| at + MARK.len());
        let numbers = after.filter_map(|at| text.get(at..at + 6)?.parse().ok());
        numbers.filter(|at| *at < self.0.len()).collect()
    }

    /// Nothing of it stands in `bytes`, or nothing secret.
    #[track_caller]
    fn assert_absent(&self, bytes: &[u8], only_secrets: bool, place: &str) {
        for at in self.found_in(bytes) {
            let (what, is_secret) = &self.0[at];
            assert!(only_secrets && !is_secret, "{place} holds what was sent as {what}");
        }
    }

    /// What an answer may tell: a client its own `state`, in its address; people what they wrote, on pages.
    #[track_caller]
    fn assert_tells_no_secret(&self, answer: &Answer, place: &str) {
        let headers = format!("{:?}", answer.headers);
        for at in self.found_in(headers.as_bytes()) {
            let is_state = self.0[at].0.starts_with("state at /oauth/authorize");
            let is_state = is_state && answer.header("location").starts_with(CALLBACK);
            assert!(is_state, "the answer at {place} has {} in its headers", self.0[at].0);
        }
        self.assert_absent(answer.body.as_bytes(), true, &format!("the answer at {place}"));
    }
}

/// Sends `asking` and looks at the answer.
async fn look(house: &House, planted: &Planted, place: &str, asking: http::Request<Body>) {
    let answer = house.send(asking).await;
    assert!(!answer.status.is_server_error(), "{place}: {answer:?}");
    planted.assert_tells_no_secret(&answer, place);
}

/// Every name at every route: in the query, in a form, in JSON, in headers and cookies, and in the path
/// where that is a secret; by a stranger and by somebody who is signed in.
async fn at_every_route(house: &House, planted: &mut Planted) {
    let owner = house.signed_in("owner").await.cookie_header();
    let listed = routes::all().into_iter().filter(|route| route.path.contains("{link}"));
    let links: BTreeSet<String> = listed.map(|route| route.path).collect();
    assert!(!links.is_empty());
    for route in routes::concrete() {
        house.advance(1);
        let place = format!("{} {}", route.method, route.path);
        let mut named: Vec<(&str, String)> = Vec::new();
        for (names, is_secret) in [(&SECRET[..], true), (&OTHERS[..], false)] {
            let planting = names.iter().map(|name| (*name, planted.plant(&place, name, is_secret)));
            named.extend(planting);
        }
        let pairs: Vec<(&str, &str)> =
            named.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let json: BTreeMap<&str, &str> = pairs.iter().copied().collect();
        let path = route.path.replace("cs_link_x", &planted.plant(&place, "the link", true));
        let path = path.replace("aGFuZGxl", &planted.plant(&place, "the handle", true));
        let with = |target: &str| request(route.method, target).header(header::COOKIE, &owner);
        let queried = with(&format!("{path}?{}", encoded(&pairs))).body(Body::empty()).unwrap();
        look(house, planted, &place, queried).await;
        let form = with(&path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        look(house, planted, &place, form.body(Body::from(encoded(&pairs))).unwrap()).await;
        let sent = with(&path).header(header::CONTENT_TYPE, "application/json");
        let body = serde_json::to_string(&json).unwrap();
        look(house, planted, &place, sent.body(Body::from(body)).unwrap()).await;
        let mut plant = |name: &str| planted.plant(&place, name, true);
        // Both at a multiple of three bytes.
        let basic = format!("{}:xx{}", plant("the name in Basic"), plant("the secret in Basic"));
        let basic = BASE64.encode(basic.as_bytes());
        for (name, value) in [
            ("authorization", format!("Bearer {}", plant("a bearer token"))),
            ("authorization", format!("Basic {basic}")),
            ("authorization", plant("no scheme")),
            ("cookie", format!("__Host-cs_session={}", plant("the session"))),
            ("cookie", format!("__Host-cs_session=cs_ses_{}", plant("the session"))),
            ("cookie", format!("__Host-cs_browser={}", plant("the browser"))),
            ("proxy-authorization", format!("Basic {}", plant("the proxy's"))),
            ("x-api-key", plant("x-api-key")),
            ("dpop", plant("dpop")),
            ("referer", format!("https://cs.example/setup/{}", plant("the referrer"))),
            ("user-agent", plant("the user agent")),
        ] {
            let asking = request(route.method, &path).header(name, value);
            look(house, planted, &place, asking.body(Body::empty()).unwrap()).await;
        }
    }
}

/// What a client sends that is in order but for one parameter, and once with all of them.
async fn at_the_endpoints(house: &House, planted: &mut Planted) {
    let confidential = house.app("oauth_confidential").clone();
    let credentials = [
        ("client_id", confidential.client_id.as_str()),
        ("client_secret", confidential.client_secret.as_deref().unwrap()),
    ];
    let of_code = [
        ("grant_type", "authorization_code"),
        ("code", "x"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", crate::harness::VERIFIER),
    ];
    let of_push = [("response_type", "code"), ("redirect_uri", CALLBACK), ("state", "x")];
    let refreshing = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let asking = [("grant_type", "client_credentials"), ("scope", "customers:readonly")];
    let about = [("token", "x"), ("token_type_hint", "access_token")];
    let tries: [(&str, &[(&str, &str)]); 7] = [
        ("/oauth/token", &of_code),
        ("/oauth/token", &refreshing),
        ("/oauth/token", &asking),
        ("/oauth/revoke", &about),
        ("/oauth/introspect", &about),
        ("/oauth/par", &of_push),
        ("/oauth/authorize", &of_push),
    ];
    for (path, base) in tries {
        let base: Vec<(&str, &str)> = base.iter().chain(&credentials).copied().collect();
        let more = [("scope", ""), ("resource", ""), ("client_assertion", "")];
        let names: Vec<&str> = base.iter().chain(&more).map(|(name, _)| *name).collect();
        for name in names {
            // What names a public thing is none of a client's secrets.
            let canary = planted.plant(path, name, SECRET.contains(&name));
            let mut form = base.clone();
            form.retain(|(field, _)| *field != name);
            form.push((name, &canary));
            let asking = match path {
                "/oauth/authorize" => {
                    let target = format!("{path}?{}", encoded(&form));
                    request("GET", &target).body(Body::empty()).unwrap()
                }
                path => posting(path, &form, &[]),
            };
            look(house, planted, path, asking).await;
            house.advance(60);
        }
    }
}

/// Every field of every form, one at a time, in the browser of somebody who may send it.
async fn in_every_form(house: &House, planted: &mut Planted) {
    for path in scenes::all() {
        let scene = scenes::set(house, &path).await;
        let names: BTreeSet<&String> = scene.form.iter().map(|(name, _)| name).collect();
        for name in names {
            let canary = planted.plant(&path, name, SECRET.contains(&name.as_str()));
            let answer = scene.send(house, &scene.form_with(name, &canary)).await;
            assert!(!answer.status.is_server_error(), "{path} {name}: {answer:?}");
            planted.assert_tells_no_secret(&answer, &path);
        }
        house.advance(60);
    }
}

#[tokio::test]
async fn nothing_sent_as_a_secret_is_found_again_whatever_it_was_sent_as() {
    let log = Log::start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data.redb");
    let store = Store::open(&file, 8 * 1024 * 1024).unwrap();
    let house = House::quick_over(store).seeded().await;
    let mut planted = Planted::default();
    at_every_route(&house, &mut planted).await;
    at_the_endpoints(&house, &mut planted).await;
    in_every_form(&house, &mut planted).await;
    assert!(planted.0.len() > 5000, "{} were planted", planted.0.len());

    let logged = log.bytes();
    assert!(logged.windows(12).any(|window| window == b"/oauth/token"), "nothing was logged");
    planted.assert_absent(&logged, false, "the log");
    let (_, metrics) = asked(&house, "/metrics").await;
    assert!(metrics.contains("/oauth/token"));
    planted.assert_absent(metrics.as_bytes(), false, "the metrics");
    house.ops.flush().await.unwrap();
    let entries = house.ops.audit_entries(None, 100_000).unwrap();
    assert!(entries.len() > 100);
    planted.assert_absent(format!("{entries:?}").as_bytes(), true, "the audit trail");

    let backup = folder.path().join("a.backup");
    std::thread::scope(|scope| {
        let making =
            || make::make(&house.ops, &backup, &Protection::default(), MACHINE, &mut |_| {});
        scope.spawn(making).join().unwrap().unwrap();
    });
    let mut reading = Backup::open(std::fs::File::open(&backup).unwrap(), None).unwrap();
    let mut rows = 0;
    while let Some(part) = reading.next_part().unwrap() {
        if let Part::Rows(table, found) = part {
            for (key, value) in found {
                planted.assert_absent(
                    &[key, value].concat(),
                    true,
                    &format!("{table:?} in a backup"),
                );
                rows += 1;
            }
        }
    }
    assert!(rows > 500);
    house.ops.close();
    planted.assert_absent(&std::fs::read(&file).unwrap(), true, "the data file");
}

#[test]
fn what_was_planted_is_found_in_any_case_and_in_basic_credentials() {
    let mut planted = Planted::default();
    planted.plant("somewhere", "state", false);
    let second = planted.plant("somewhere", "code", true);
    let text = format!("x{}&{MARK}000009", second.to_uppercase());
    assert_eq!(planted.found_in(text.as_bytes()), BTreeSet::from([1]));
    let basic = format!("{}:xx{second}", planted.plant("somewhere", "name", true));
    let basic = format!("Basic {}\n", BASE64.encode(basic.as_bytes()));
    assert_eq!(planted.found_in(basic.as_bytes()), BTreeSet::from([1, 2]));
}
