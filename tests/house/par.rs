//! Pushed authorization requests: RFC 9126.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign::domain::app::AppKind;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::MACHINE;
use crate::harness::encoded;
use crate::harness::listed_scopes;

const PKCE: [(&str, &str); 2] = [
    ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
    ("code_challenge_method", "S256"),
];
const WEEK: u64 = 7 * 24 * 3600;

pub async fn push(house: &House, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "customers:readonly"),
        ("state", "pushed-state"),
    ];
    form.extend(more);
    house.as_app_at("/oauth/par", "oauth_confidential", &form).await
}

fn open(house: &House, kind: &str, request_uri: &str) -> String {
    let client = house.app(kind).client_id.as_str();
    let query = encoded(&[("client_id", client), ("request_uri", request_uri)]);
    format!("/oauth/authorize?{query}")
}

/// The reference of a request that this client pushed.
async fn pushed(house: &House, kind: &str, more: &[(&str, &str)]) -> String {
    let mut form = vec![("response_type", "code"), ("redirect_uri", CALLBACK), ("state", "s-1")];
    form.extend(PKCE);
    form.extend(more);
    let answer = house.as_app_at("/oauth/par", kind, &form).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["request_uri"].as_str().unwrap().to_owned()
}

fn assert_page(answer: &Answer, what: &str) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
    assert!(answer.headers.get("location").is_none(), "{what}");
}

#[tokio::test]
async fn a_pushed_request_is_answered_once() {
    let house = House::new().await;
    let pushed = push(&house, &[]).await;
    assert_eq!(pushed.status, StatusCode::CREATED);
    assert_eq!(pushed.json()["expires_in"], 90);
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let url = open(&house, "oauth_confidential", &uri);
    let mut browser = house.signed_in("owner").await;
    let pushed = push(&house, &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
    let twice = open(&house, "oauth_confidential", &pushed);
    let first = browser.consent_page(&twice).await;
    let second = browser.consent_page(&twice).await;
    let acme = house.company("acme");
    let code = house.next_code("owner");
    let answer = browser.answer(&first.1, &first.0, &acme, None, &code).await;
    assert_eq!(answer.redirected("state").as_deref(), Some("pushed-state"));
    let code = house.next_code("owner");
    let answer = browser.answer(&second.1, &second.0, &acme, None, &code).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.headers.get("location").is_none());
    assert_eq!(house.get(&twice).await.status, StatusCode::BAD_REQUEST);
    house.advance(91);
    assert_eq!(house.get(&url).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_pushed_request_is_bound_to_its_client() {
    let house = House::new().await;
    let uri = push(&house, &[]).await.json()["request_uri"].as_str().unwrap().to_owned();
    let answer = house.get(&open(&house, "oauth_public", &uri)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.headers.get("location").is_none());
}

#[tokio::test]
async fn what_authorize_would_refuse_is_refused_here() {
    let house = House::new().await;
    for (more, error) in [
        (vec![("request_uri", "urn:x")], "invalid_request"),
        (vec![("code_challenge_method", "plain"), ("code_challenge", "x")], "invalid_request"),
        (vec![("resource", "https://elsewhere.example/")], "invalid_target"),
        (vec![("scope", "x"), ("prompt", "y")], "invalid_request"),
    ] {
        assert_eq!(push(&house, &more).await.error(), error, "{more:?}");
    }
    let form = [("response_type", "code"), ("redirect_uri", "https://evil.example/")];
    let answer = house.as_app_at("/oauth/par", "oauth_confidential", &form).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (StatusCode::BAD_REQUEST, "invalid_request")
    );
    let answer = house.as_app_at("/oauth/par", "api_credentials", &form).await;
    assert_eq!(answer.error(), "unauthorized_client");
}

#[tokio::test]
async fn nothing_that_a_caller_sends_reaches_the_audit_trail() {
    let house = House::new().await;
    let more = [("state", "CANARY-STATE"), ("response_type", "token")];
    let form: Vec<_> = [("redirect_uri", CALLBACK)].iter().chain(&more).copied().collect();
    let answer = house.as_app_at("/oauth/par", "oauth_confidential", &form).await;
    assert_eq!(answer.error(), "unsupported_response_type");
    let written = house.ops.audit_lines(1..1000).unwrap().concat();
    assert!(written.contains("pushed: ResponseType"));
    assert!(!written.contains("CANARY"));
}

#[tokio::test]
async fn a_request_too_long_to_be_opened_is_refused_when_it_is_pushed() {
    let house = House::new().await;
    let long = "s".repeat(20_000);
    let form = [("response_type", "code"), ("redirect_uri", CALLBACK), ("state", long.as_str())];
    let answer = house.as_app_at("/oauth/par", "oauth_confidential", &form).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (StatusCode::BAD_REQUEST, "invalid_request")
    );
}

#[tokio::test]
async fn clients_without_a_secret_share_a_bounded_number_of_pushed_requests() {
    let house = House::new().await;
    let form = [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    for _ in 0..1000 {
        let answer = house.as_app_at("/oauth/par", "oauth_public", &form).await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    let over = house.as_app_at("/oauth/par", "oauth_public", &form).await;
    assert_eq!(over.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(over.header("retry-after"), "1");
    assert_eq!(push(&house, &[]).await.status, StatusCode::CREATED);
    house.advance(600);
    house.ops.sweep().await.unwrap();
    let again = house.as_app_at("/oauth/par", "oauth_public", &form).await;
    assert_eq!(again.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_push_is_answered_with_201_a_urn_and_whole_seconds_and_is_kept_by_nobody() {
    let house = House::new().await;
    let answer = push(&house, &[]).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    let uri = body["request_uri"].as_str().unwrap();
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"), "{uri}");
    assert!(body["expires_in"].as_u64().is_some_and(|seconds| (5..=600).contains(&seconds)));
    assert_eq!(body.as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn every_reference_is_another_and_long_enough_not_to_be_guessed() {
    let house = House::new().await;
    let mut seen = BTreeSet::new();
    for _ in 0..20 {
        let uri = pushed(&house, "oauth_public", &[]).await;
        assert!(uri.len() >= "urn:ietf:params:oauth:request_uri:".len() + 43, "{uri}");
        assert!(seen.insert(uri));
    }
}

#[tokio::test]
async fn a_client_authenticates_as_at_the_token_endpoint() {
    let house = House::new().await;
    let app = house.app("oauth_confidential");
    let (id, secret) = (app.client_id.as_str(), app.client_secret.as_deref().unwrap());
    let public = house.app("oauth_public").client_id.as_str();
    let basic = |id: &str, secret: &str| {
        let pair = format!("{id}:{secret}");
        format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()))
    };
    let (good, bad) = (basic(id, secret), basic(id, "wrong"));
    let unauthorized = (StatusCode::UNAUTHORIZED, "invalid_client");
    let malformed = (StatusCode::BAD_REQUEST, "invalid_request");
    let created = (StatusCode::CREATED, "");
    for (header, more, expected) in [
        (good.as_str(), &[][..], created),
        (&good, &[("client_id", id)], created),
        ("", &[("client_id", id), ("client_secret", secret)], created),
        ("", &[("client_id", public)], created),
        (&good, &[("client_secret", secret)], malformed),
        (&good, &[("client_id", public)], malformed),
        (&bad, &[], unauthorized),
        ("Bearer x", &[], unauthorized),
        ("", &[], unauthorized),
        ("", &[("client_id", id)], unauthorized),
        ("", &[("client_id", id), ("client_secret", "wrong")], unauthorized),
        ("", &[("client_id", public), ("client_secret", secret)], unauthorized),
        ("", &[("client_id", "nobody")], unauthorized),
        ("", &[("client_id", id), ("client_assertion", "x")], unauthorized),
    ] {
        let mut form = vec![("response_type", "code"), ("redirect_uri", CALLBACK)];
        form.extend(PKCE);
        form.extend(more);
        let headers = [("authorization", header)];
        let headers = if header.is_empty() { &[][..] } else { &headers[..] };
        let answer = house.post_with("/oauth/par", &form, headers).await;
        let error = answer.json()["error"].as_str().unwrap_or_default().to_owned();
        assert_eq!((answer.status, error.as_str()), expected, "{header} {more:?}");
        let challenged = answer.headers.contains_key("www-authenticate");
        assert_eq!(challenged, expected == unauthorized && !header.is_empty(), "{header} {more:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn a_request_object_and_a_reference_cannot_be_pushed() {
    let house = House::new().await;
    let uri = pushed(&house, "oauth_confidential", &[]).await;
    for (more, error) in [
        (("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        (("request_uri", uri.as_str()), "invalid_request"),
        (("request_uri", "https://evil.example/r"), "invalid_request"),
    ] {
        let answer = push(&house, &[more]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{more:?}");
        assert_eq!(answer.error(), error, "{more:?}");
    }
}

#[tokio::test]
async fn a_reference_ends_to_the_second_with_the_life_that_was_told() {
    let house = House::with(&[("tokens.pushed_request", "20s")]).await;
    let answer = push(&house, &[]).await.json();
    assert_eq!(answer["expires_in"], 20);
    let url = open(&house, "oauth_confidential", answer["request_uri"].as_str().unwrap());
    house.advance(19);
    assert!(house.get(&url).await.location().starts_with("/consent/"));
    house.advance(1);
    assert_page(&house.get(&url).await, "expired");
}

#[tokio::test]
async fn each_opening_of_a_reference_is_a_page_of_its_own_with_a_life_of_its_own() {
    let house = House::with(&[("tokens.pushed_request", "10m")]).await;
    let url = open(&house, "oauth_public", &pushed(&house, "oauth_public", &[]).await);
    let mut browser = house.signed_in("owner").await;
    house.advance(500);
    let pages = [browser.get(&url).await.location(), browser.get(&url).await.location()];
    assert_ne!(pages[0], pages[1]);
    house.advance(1799);
    assert_eq!(browser.get(&pages[0]).await.status, StatusCode::OK, "half an hour");
    house.advance(1);
    assert_page(&browser.get(&pages[0]).await, "expired");
}

#[tokio::test]
async fn a_reference_that_is_not_exactly_one_of_ours_gets_a_page() {
    let house = House::new().await;
    let uri = pushed(&house, "oauth_public", &[]).await;
    let code =
        house.code("oauth_public", "owner", &house.company("acme"), "customers:readonly").await;
    for wrong in [
        uri[..uri.len() - 1].to_owned(),
        format!("{uri}x"),
        uri.to_uppercase().replace("URN:IETF:PARAMS:OAUTH:REQUEST_URI:", &uri[..34]),
        format!("{}{code}", &uri[..34]),
        uri[..34].to_owned(),
        format!("{} ", uri),
    ] {
        assert_page(&house.get(&open(&house, "oauth_public", &wrong)).await, &wrong);
    }
    let alone = format!("/oauth/authorize?{}", encoded(&[("request_uri", &uri)]));
    assert_page(&house.get(&alone).await, "without client_id");
    let good = house.get(&open(&house, "oauth_public", &uri)).await;
    assert!(good.location().starts_with("/consent/"));
}

#[tokio::test]
async fn parameters_beside_a_reference_count_for_nothing() {
    let house = House::new().await;
    let uri = pushed(&house, "oauth_public", &[("scope", "customers:readonly")]).await;
    let beside = encoded(&[
        ("redirect_uri", "https://evil.example/"),
        ("scope", "customer_invoices:all"),
        ("state", "other"),
        ("resource", "https://elsewhere.example/"),
        ("response_type", "token"),
        ("code_challenge", "x"),
        ("prompt", "none"),
    ]);
    let url = format!("{}&{beside}", open(&house, "oauth_public", &uri));
    let mut browser = house.signed_in("owner").await;
    let (path, page) = browser.consent_page(&url).await;
    assert_eq!(listed_scopes(&page.body), ["customers:readonly"]);
    let code = house.next_code("owner");
    let answer = browser.answer(&page, &path, &house.company("acme"), None, &code).await;
    assert!(answer.location().starts_with(CALLBACK), "{answer:?}");
    assert_eq!(answer.redirected("state").as_deref(), Some("s-1"));
    assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER));
    let code = answer.redirected("code").unwrap();
    assert_eq!(house.redeem("oauth_public", &code).await.status, StatusCode::OK);
}

/// RFC 6749 section 3.1 and RFC 9101 section 5 hold beside a reference too.
#[tokio::test]
async fn a_repeated_parameter_or_a_request_object_beside_a_reference_is_told_to_the_client() {
    let house = House::new().await;
    let uri = pushed(&house, "oauth_public", &[]).await;
    let url = open(&house, "oauth_public", &uri);
    for (beside, error) in [
        ("scope=a&scope=b", "invalid_request"),
        ("x=1&x=2", "invalid_request"),
        ("request=eyJ", "request_not_supported"),
    ] {
        let answer = house.get(&format!("{url}&{beside}")).await;
        assert!(answer.location().starts_with(CALLBACK), "{beside}: {answer:?}");
        assert_eq!(answer.redirected("error").as_deref(), Some(error), "{beside}");
        assert_eq!(answer.redirected("state").as_deref(), Some("s-1"), "{beside}");
        assert_eq!(answer.redirected("iss").as_deref(), Some(ISSUER), "{beside}");
    }
    let twice = format!("{url}&{}", encoded(&[("request_uri", &uri)]));
    assert_eq!(house.get(&twice).await.redirected("error").as_deref(), Some("invalid_request"));
    assert!(house.get(&url).await.location().starts_with("/consent/"));
}

/// RFC 9126 section 4: what was checked at the push counts only while it still holds.
#[tokio::test]
async fn a_client_that_ended_since_its_push_gets_no_consent_page() {
    let mut house = House::with(&[("tokens.pushed_request", "10min")]).await;
    let new = |name: &str| NewApp {
        redirect_uris: vec![CALLBACK.to_owned()],
        ..NewApp::of(AppKind::OauthPublic, name)
    };
    let end = house.ops.now().plus(Duration::from_secs(WEEK));
    house.register("expiring", NewApp { expires_at: Some(end), ..new("For a week") }).await;
    let revoked = house.register("revoked", new("Revoked")).await;
    house.advance(WEEK - 60);
    let expired_url = open(&house, "expiring", &pushed(&house, "expiring", &[]).await);
    let revoked_url = open(&house, "revoked", &pushed(&house, "revoked", &[]).await);
    house.ops.revoke_app(revoked, MACHINE).await.unwrap();
    assert_page(&house.get(&revoked_url).await, "revoked");
    assert!(house.get(&expired_url).await.location().starts_with("/consent/"));
    house.advance(60);
    let answer = house.get(&expired_url).await;
    assert_eq!(answer.redirected("error").as_deref(), Some("unauthorized_client"));
}

#[tokio::test]
async fn cancelling_uses_a_pushed_request_up_and_opening_it_does_not() {
    let house = House::new().await;
    let uri = pushed(&house, "oauth_public", &[]).await;
    let url = open(&house, "oauth_public", &uri);
    let mut browser = house.signed_in("owner").await;
    for _ in 0..3 {
        browser.consent_page(&url).await;
    }
    let (path, page) = browser.consent_page(&url).await;
    let cancelled = browser.submit(&page, &format!("{path}/cancel"), &[]).await;
    assert_eq!(cancelled.redirected("error").as_deref(), Some("access_denied"));
    assert_page(&browser.get(&url).await, "cancelled");
}

#[tokio::test]
async fn what_is_too_large_to_push_is_refused_by_name() {
    let house = House::new().await;
    let answer = push(&house, &[("nonce", &"x".repeat(70 * 1024))]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}
