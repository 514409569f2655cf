//! Attacks by size and shape: too long, too deep, too many, not text.
//!
//! U: all tests here.

use std::time::Duration;
use std::time::Instant;

use axum::body::Body;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::request;
use crate::harness::stopwatch;
use crate::routes;
use crate::routes::Route;
use crate::scenes;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";

/// Longer than this nobody waits for a refusal.
const QUICK: Duration = Duration::from_secs(3);

fn many(count: usize, pair: impl Fn(usize) -> String) -> Vec<u8> {
    (0..count).map(pair).collect::<Vec<_>>().join("&").into_bytes()
}

/// Bodies that are hard to read, with their content type.
fn bodies() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let filled = |start: &str, byte: u8| [start.as_bytes(), &[byte; 60_000]].concat();
    let nested =
        |open: &str, close: &str| format!("{}{}", open.repeat(20_000), close.repeat(20_000));
    vec![
        ("10,000 parameters", FORM, many(10_000, |n| format!("a{n}="))),
        ("10,000 equal parameters", FORM, many(10_000, |_| "scope=x".to_owned())),
        ("10,000 separators", FORM, vec![b'&'; 60_000]),
        ("10,000 resources", FORM, many(5_000, |_| "resource=x".to_owned())),
        ("nested names", FORM, filled("a[[[[[[[[", b'[')),
        ("broken escapes", FORM, filled("client_id=", b'%')),
        (
            "NUL",
            FORM,
            b"client_id=a%00b&grant_type=%00&token=%00&email=%00&password=%00\0".to_vec(),
        ),
        ("bare NULs", FORM, filled("client_id=", 0)),
        ("invalid UTF-8", FORM, filled("client_id=", 0xff)),
        (
            "invalid escaped UTF-8",
            FORM,
            b"client_id=%ff%fe&grant_type=%c0%80&code=%ed%a0%80".to_vec(),
        ),
        ("a long client", FORM, filled("grant_type=client_credentials&client_id=", b'a')),
        (
            "a long secret",
            FORM,
            filled("grant_type=client_credentials&client_id=x&client_secret=", b'a'),
        ),
        ("a long token", FORM, filled("client_id=x&token=", b'a')),
        ("10,000 scopes", FORM, filled("grant_type=client_credentials&client_id=x&scope=", b'+')),
        ("a long e-mail", FORM, filled("email=", b'@')),
        ("a byte order mark", FORM, b"\xef\xbb\xbfclient_id=x".to_vec()),
        ("nested arrays", JSON, nested("[", "]").into_bytes()),
        ("nested objects", JSON, "{\"a\":".repeat(12_000).into_bytes()),
        ("a long number", JSON, filled("1", b'0')),
        ("invalid JSON text", JSON, b"{\"a\":\"\xff\xfe\"}".to_vec()),
        ("half of a pair", JSON, b"{\"a\":\"\\ud800\"}".to_vec()),
        ("nothing", FORM, vec![]),
        ("too much", FORM, vec![b'a'; 1024 * 1024]),
    ]
}

#[track_caller]
fn assert_refused(answer: &Answer, begun: Instant, of: &str) {
    let sent_away = answer.header("location").starts_with("/sign-in");
    assert!(answer.status.is_client_error() || sent_away, "{of}: {answer:?}");
    assert!(begun.elapsed() < QUICK, "{of} took {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_body_that_is_hard_to_read_is_refused_quickly_wherever_it_is_sent() {
    let house = House::new().await;
    let token = house.client_token().await;
    for route in routes::concrete().into_iter().filter(|route| route.method == "POST") {
        for (what, kind, body) in bodies() {
            house.advance(5);
            let request = request("POST", &route.path)
                .header(header::CONTENT_TYPE, kind)
                .header(header::AUTHORIZATION, format!("Bearer {token}"))
                .body(Body::from(body));
            let begun = stopwatch();
            let answer = house.send(request.unwrap()).await;
            assert_refused(&answer, begun, &format!("{what} at {}", route.path));
        }
    }
    assert!(house.ops.is_sound());
}

#[tokio::test]
async fn a_form_of_ours_that_was_blown_up_is_refused_quickly() {
    let house = House::quick().await;
    for scene in scenes::all() {
        let own = scenes::set(&house, &scene).await;
        for (what, kind, body) in bodies().into_iter().filter(|(_, kind, _)| *kind == FORM) {
            let mut whole = body;
            whole.extend(format!("&csrf={}", own.tag()).into_bytes());
            let request = request("POST", &own.action)
                .header(header::CONTENT_TYPE, kind)
                .header(header::COOKIE, &own.cookies)
                .body(Body::from(whole));
            let begun = stopwatch();
            let answer = house.send(request.unwrap()).await;
            assert!(!answer.status.is_server_error(), "{what} at {scene}: {answer:?}");
            assert!(begun.elapsed() < QUICK, "{what} at {scene} took {:?}", begun.elapsed());
        }
    }
}

/// Targets that are hard to read.
fn queries() -> Vec<(&'static str, String)> {
    vec![
        ("many parameters", "a=&".repeat(2_600)),
        ("equal parameters", "client_id=x&".repeat(600)),
        ("separators", "&".repeat(8_000)),
        ("NUL", "client_id=%00&redirect_uri=%00&state=%00&resume=%00&notice=%00".to_owned()),
        ("invalid UTF-8", "client_id=%ff&state=%c0%80&resume=%ed%a0%80".to_owned()),
        ("broken escapes", "%".repeat(8_000)),
        ("scopes", format!("scope={}", "a+".repeat(3_900))),
        ("a long resume", format!("resume={}", "A".repeat(8_000))),
        ("too long", format!("state={}", "a".repeat(60_000))),
    ]
}

#[tokio::test]
async fn a_target_that_is_hard_to_read_is_answered_quickly_and_never_by_a_failure() {
    let house = House::new().await;
    let browser = house.signed_in("owner").await;
    let client = house.app("oauth_public").client_id.clone();
    for path in routes::paths(|_| true) {
        for (what, query) in queries() {
            for start in [String::new(), format!("client_id={client}&")] {
                let target = format!("{path}?{start}{query}");
                let request =
                    request("GET", &target).header(header::COOKIE, browser.cookie_header());
                let begun = stopwatch();
                let answer = house.send(request.body(Body::empty()).unwrap()).await;
                assert!(!answer.status.is_server_error(), "{what} at {path}: {answer:?}");
                assert!(begun.elapsed() < QUICK, "{what} at {path}");
            }
        }
        for tail in [
            "/%00",
            "/%ff",
            "/%",
            "/%zz",
            "/..%2f..%2f",
            "/%2e%2e",
            &"/a".repeat(4_000),
            "/\u{fffd}",
        ] {
            let target = format!("{path}{}", tail.replace('\u{fffd}', "%ef%bf%bd"));
            let Ok(request) = request("GET", &target).body(Body::empty()) else { continue };
            let begun = stopwatch();
            let answer = house.send(request).await;
            assert!(!answer.status.is_server_error(), "{target}: {answer:?}");
            assert!(begun.elapsed() < QUICK, "{target}");
        }
    }
}

#[tokio::test]
async fn headers_that_are_hard_to_read_are_answered_without_a_failure() {
    let house = House::new().await;
    let odd: Vec<(&str, Vec<u8>)> = vec![
        ("authorization", b"Bearer \xff\xfe".to_vec()),
        ("authorization", [b"Basic ".as_slice(), &[b'='; 9_000]].concat()),
        ("authorization", [b"Bearer ".as_slice(), &[b' '; 9_000]].concat()),
        ("authorization", b"Basic OjpcAA==".to_vec()),
        ("authorization", b"Bearer".to_vec()),
        ("cookie", [b'='; 9_000].to_vec()),
        ("cookie", b"__Host-cs_session=\xff; __Host-cs_browser=\xff".to_vec()),
        ("cookie", "a=b;".repeat(3_000).into_bytes()),
        ("cookie", b"__Host-cs_session=cs_ses_\xc3\xa9".to_vec()),
        ("content-type", b"\xff/\xff".to_vec()),
        ("content-type", [b';'; 9_000].to_vec()),
        ("origin", b"\xff".to_vec()),
        ("sec-fetch-site", b"\xff".to_vec()),
        ("x-company-id", [b'a'; 9_000].to_vec()),
        ("x-company-id", b"\xff".to_vec()),
        ("access-control-request-headers", [b','; 9_000].to_vec()),
        ("content-encoding", b"gzip, gzip, gzip".to_vec()),
    ];
    for Route { method, path, .. } in routes::concrete() {
        for (name, value) in &odd {
            for method in [method, "OPTIONS"] {
                let value = http::HeaderValue::from_bytes(value).unwrap();
                let request = request(method, &path).header(*name, value);
                let begun = stopwatch();
                let answer = house.send(request.body(Body::empty()).unwrap()).await;
                assert!(!answer.status.is_server_error(), "{name} at {path}: {answer:?}");
                assert!(begun.elapsed() < QUICK, "{name} at {path}");
            }
        }
    }
}

#[tokio::test]
async fn a_password_longer_than_any_is_refused_without_a_failure() {
    let house = House::new().await;
    let sign_in = scenes::set(&house, "/sign-in").await;
    for length in [129, 1_000, 60_000] {
        house.advance(10);
        let form = sign_in.form_with("password", &"a".repeat(length));
        let begun = stopwatch();
        let answer = sign_in.send(&house, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{length}");
        assert!(begun.elapsed() < QUICK, "{length}");
    }
    let setup = scenes::set(&house, "/setup/{link}").await;
    for length in [129, 1_000, 20_000] {
        let long = "aB3x".repeat(length);
        let mut form = setup.form_with("password", &long[..length]);
        form.retain(|(name, _)| name != "password_again");
        form.push(("password_again".to_owned(), long[..length].to_owned()));
        let begun = stopwatch();
        let answer = setup.send(&house, &form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{length}");
        assert!(begun.elapsed() < QUICK, "{length} took {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_flood_of_sign_ins_keeps_no_token_waiting_and_is_refused_beyond_its_queue() {
    let house = House::new().await;
    let sign_in = scenes::set(&house, "/sign-in").await;
    let emails: Vec<String> = (0..200).map(|n| format!("nobody{n}@acme.example")).collect();
    let flood = emails.iter().map(|email| {
        let form = sign_in.form_with("email", email);
        let (house, sign_in) = (&house, &sign_in);
        async move { sign_in.send(house, &form).await.status }
    });
    let tokens = async {
        let mut slowest = Duration::ZERO;
        for _ in 0..50 {
            let begun = stopwatch();
            house.client_token().await;
            slowest = slowest.max(begun.elapsed());
        }
        slowest
    };
    let (statuses, slowest) = tokio::join!(futures_util::future::join_all(flood), tokens);
    assert!(slowest < QUICK, "{slowest:?}");
    let busy = statuses.iter().filter(|status| **status == StatusCode::SERVICE_UNAVAILABLE);
    assert!(busy.count() > 100, "{statuses:?}");
}
