//! What the token endpoint grants: RFC 6749 section 5.1, and how long everything lives.

use std::collections::BTreeSet;
use std::time::Duration;

use countersign::domain::app::AppKind;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;
use serde_json::Value;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::VERIFIER;

const SCOPE: &str = "customers:all products:readonly";
const DAY: u64 = 86400;

async fn redeemed(house: &House) -> Answer {
    let code = house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    house.redeem("oauth_public", &code).await
}

/// An answer of every grant.
async fn granted(house: &House) -> Vec<(&'static str, Answer)> {
    let code = redeemed(house).await;
    let refresh = house.refresh("oauth_public", &code.text("refresh_token")).await;
    let repeat = house.refresh("oauth_public", &code.text("refresh_token")).await;
    let client = house.as_app("api_credentials", &[("grant_type", "client_credentials")]).await;
    vec![("code", code), ("refresh", refresh), ("repeat", repeat), ("client", client)]
}

#[tokio::test]
async fn an_answer_has_exactly_the_members_of_its_grant() {
    let house = House::new().await;
    for (grant, answer) in granted(&house).await {
        assert_eq!(answer.status, StatusCode::OK, "{grant}: {answer:?}");
        let body = answer.json();
        let names: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = BTreeSet::from(["access_token", "token_type", "expires_in", "scope"]);
        if grant != "client" {
            expected.extend(["refresh_token", "refresh_token_expires_in"]);
        }
        assert_eq!(names, expected, "{grant}");
        assert_eq!(body["token_type"], "Bearer", "{grant}");
        assert!(!answer.text("scope").is_empty(), "{grant}");
        for (name, value) in body.as_object().unwrap() {
            let seconds = name.ends_with("_in");
            assert_eq!(value.is_u64(), seconds, "{grant} {name}");
            assert_eq!(value.is_string(), !seconds, "{grant} {name}");
        }
    }
}

#[tokio::test]
async fn an_answer_is_json_that_nobody_keeps() {
    let house = House::new().await;
    for (grant, answer) in granted(&house).await {
        assert_eq!(answer.header("content-type"), "application/json", "{grant}");
        assert_eq!(answer.header("cache-control"), "no-store", "{grant}");
        assert_eq!(answer.header("pragma"), "no-cache", "{grant}");
        assert!(answer.headers.get("set-cookie").is_none(), "{grant}");
    }
}

#[tokio::test]
async fn no_two_tokens_are_alike_and_each_says_what_it_is() {
    let house = House::new().await;
    let mut seen = BTreeSet::new();
    for _ in 0..3 {
        let tokens = redeemed(&house).await;
        let client = house.client_token().await;
        for (token, prefix) in [
            (tokens.text("access_token"), "cs_at_"),
            (tokens.text("refresh_token"), "cs_rt_"),
            (client, "cs_ct_"),
        ] {
            let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            assert!(token.starts_with(prefix) && token.chars().all(legal), "{token}");
            // 128 bits of id and 256 random bits in base62, a checksum behind them.
            assert!(token.len() >= prefix.len() + 22 + 43, "{token}");
            assert!(seen.insert(token));
        }
    }
}

#[tokio::test]
async fn the_scope_is_told_as_it_is_effective_not_as_it_was_asked_for() {
    let house = House::new().await;
    let code = house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let owner = house.user_id("owner");
    let acme: Place = house.company("acme").parse().unwrap();
    let viewer = RoleName("viewer".to_owned());
    house.ops.grant_role(owner, acme, viewer, MACHINE).await.unwrap();
    let answer = house.redeem("oauth_public", &code).await;
    assert_eq!(answer.text("scope"), "customers:readonly products:readonly");
    let answer = house.call(&answer.text("access_token"), "/me").await;
    let scopes = ["customers:readonly", "products:readonly"];
    assert_eq!(answer.json()["scopes"], serde_json::json!(scopes));
}

#[tokio::test]
async fn everything_lives_as_long_as_it_is_configured_to() {
    let settings = [
        ("tokens.api_credentials", "5min"),
        ("tokens.access", "10min"),
        ("tokens.refresh", "2h"),
        ("tokens.refresh_absolute", "3h"),
        ("tokens.code", "20s"),
    ];
    let house = House::with(&settings).await;
    let late = house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    house.advance(20);
    assert_eq!(house.redeem("oauth_public", &late).await.error(), "invalid_grant");
    let body = redeemed(&house).await.json();
    assert_eq!(
        (&body["expires_in"], &body["refresh_token_expires_in"]),
        (&600.into(), &7200.into())
    );
    let client = house.as_app("api_credentials", &[("grant_type", "client_credentials")]).await;
    assert_eq!(client.json()["expires_in"], 300);
    let works = |token: String| {
        let house = &house;
        async move { house.call(&token, "/customers").await.status == StatusCode::OK }
    };
    let (access, client) =
        (body["access_token"].as_str().unwrap().to_owned(), client.text("access_token"));
    house.advance(299);
    assert!(works(client.clone()).await);
    house.advance(1);
    assert!(!works(client).await);
    house.advance(299);
    assert!(works(access.clone()).await);
    house.advance(1);
    assert!(!works(access).await);
    house.advance(6600);
    let refresh = body["refresh_token"].as_str().unwrap();
    assert_eq!(house.refresh("oauth_public", refresh).await.error(), "invalid_grant");
}

fn seconds(body: &Value, name: &str) -> u64 {
    body[name].as_u64().unwrap()
}

#[tokio::test]
async fn no_life_passes_the_expiry_date_of_the_app() {
    let house = House::new().await;
    let end = Some(house.ops.now().plus(Duration::from_secs(DAY / 2)));
    let public = NewApp {
        redirect_uris: vec![CALLBACK.to_owned()],
        expires_at: end,
        ..NewApp::of(AppKind::OauthPublic, "Short")
    };
    let credentials = NewApp {
        place: Some(house.company("acme").parse().unwrap()),
        delegated_by: Some(house.user_id("owner")),
        scopes: Some(ScopeSet::parse("customers:readonly")),
        expires_at: end,
        ..NewApp::of(AppKind::ApiCredentials, "Short sync")
    };
    let public = house.ops.create_app(public, MACHINE).await.unwrap().app.id.to_string();
    let credentials = house.ops.create_app(credentials, MACHINE).await.unwrap();
    let mut browser = house.signed_in("owner").await;
    let more = [("client_id", public.as_str()), ("scope", SCOPE)];
    let url = house.authorize_url("oauth_public", &more);
    let answer = browser.allow(&url, &house.company("acme"), None).await;
    let code = answer.redirected("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", public.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let body = house.post("/oauth/token", &form).await.json();
    assert!(seconds(&body, "expires_in") <= DAY / 2, "{body}");
    assert!(seconds(&body, "refresh_token_expires_in") <= DAY / 2, "{body}");
    let id = credentials.app.id.to_string();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", credentials.secret.as_ref().unwrap().expose()),
    ];
    house.advance(DAY / 2 - 600);
    let client = house.post("/oauth/token", &form).await.json();
    assert!(seconds(&client, "expires_in") <= 600, "{client}");
    house.advance(600);
    for token in [&body["access_token"], &client["access_token"]] {
        let status = house.call(token.as_str().unwrap(), "/customers").await.status;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}
