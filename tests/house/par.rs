//! Pushed authorization requests: RFC 9126.

use http::StatusCode;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::encoded;

async fn push(house: &House, more: &[(&str, &str)]) -> Answer {
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
    let entries = house.ops.audit_entries(None, 1000).unwrap();
    let written = serde_json::to_string(&entries).unwrap();
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
