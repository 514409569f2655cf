//! Introspection: RFC 7662.

use std::collections::BTreeSet;

use countersign::domain::app::AppKind;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::MACHINE;

const SCOPE: &str = "customers:all";

async fn introspect(house: &House, kind: &str, token: &str) -> Answer {
    house.as_app_at("/oauth/introspect", kind, &[("token", token)]).await
}

#[tokio::test]
async fn a_resource_server_sees_the_tokens_of_its_own_surface_alone() {
    let mut house = House::new().await;
    let new = NewApp { mcp: true, ..NewApp::of(AppKind::ResourceServer, "MCP server") };
    house.register("mcp_server", new).await;
    let mcp = "https://cs.example/companies/acme/mcp";
    let acme = house.company("acme");
    let code = house.code("oauth_public", "owner", &acme, "customers:readonly").await;
    let tokens = house.redeem_with("oauth_public", &code, &[("resource", mcp)]).await;
    let (of_mcp, of_api) = (tokens.text("access_token"), house.client_token().await);
    for (server, sees, misses) in
        [("mcp_server", &of_mcp, &of_api), ("resource_server", &of_api, &of_mcp)]
    {
        assert_eq!(introspect(&house, server, sees).await.json()["active"], true, "{server}");
        let other = introspect(&house, server, misses).await.json();
        assert_eq!(other, serde_json::json!({"active": false}), "{server}");
    }
}

#[tokio::test]
async fn a_resource_server_sees_what_is_effective_now() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let access = tokens["access_token"].as_str().unwrap();
    let answer = introspect(&house, "resource_server", access).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["active"], true);
    assert_eq!(body["scope"], SCOPE);
    assert_eq!(body["iss"], ISSUER);
    assert_eq!(body["username"], "owner@acme.example");
    assert_eq!(body["sub"], house.user_id("owner").to_string());
    assert_eq!(body["company_id"], house.company("acme"));
    assert_eq!(body["client_id"], house.app("oauth_public").client_id);
    let lived = body["exp"].as_u64().unwrap() - body["iat"].as_u64().unwrap();
    assert_eq!(lived, 86400);
    assert!(body["aud"].as_array().unwrap().contains(&json!(format!("{ISSUER}/api/external/v2"))));
}

#[tokio::test]
async fn inactive_foreign_and_unknown_tokens_look_exactly_alike() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let inactive = json!({"active": false});
    for (kind, token) in [
        ("oauth_confidential", access.as_str()),
        ("oauth_confidential", refresh.as_str()),
        ("resource_server", refresh.as_str()),
        ("resource_server", "unknown"),
        ("resource_server", &access[..access.len() - 1]),
        ("resource_server", &access.to_uppercase()),
    ] {
        let answer = introspect(&house, kind, token).await;
        assert_eq!(answer.status, StatusCode::OK, "{kind} {token}");
        assert_eq!(answer.json(), inactive, "{kind} {token}");
    }
    house.advance(86401);
    assert_eq!(introspect(&house, "resource_server", &access).await.json(), inactive);
}

#[tokio::test]
async fn confidential_clients_see_their_own_tokens_and_public_ones_may_not_ask() {
    let house = House::new().await;
    let token = house.client_token().await;
    let own = introspect(&house, "api_credentials", &token).await.json();
    assert_eq!(own["active"], true);
    assert_eq!(own["sub"], house.app("api_credentials").client_id);
    assert!(own.get("username").is_none());
    let public = introspect(&house, "oauth_public", &token).await;
    assert_eq!(
        (public.status, public.error().as_str()),
        (StatusCode::UNAUTHORIZED, "invalid_client")
    );
}

fn members(answer: &Answer) -> BTreeSet<String> {
    answer.json().as_object().unwrap().keys().cloned().collect()
}

fn named(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const ALWAYS: [&str; 9] =
    ["active", "iss", "scope", "client_id", "sub", "token_type", "exp", "iat", "aud"];

#[tokio::test]
async fn an_active_token_has_exactly_the_members_of_its_kind() {
    let house = House::new().await;
    let of_company = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let of_firm =
        house.tokens("oauth_public", "partner", &house.firm(), "companies:readonly").await;
    let of_client = house.client_token().await;
    for (kind, token, own, token_type) in [
        (
            "resource_server",
            of_company["access_token"].as_str().unwrap(),
            vec!["username", "company_id"],
            "Bearer",
        ),
        (
            "resource_server",
            of_firm["access_token"].as_str().unwrap(),
            vec!["username", "firm_id"],
            "Bearer",
        ),
        ("resource_server", of_client.as_str(), vec!["company_id"], "Bearer"),
    ] {
        let answer = introspect(&house, kind, token).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(members(&answer), named(&[&ALWAYS[..], &own].concat()));
        let body = answer.json();
        assert_eq!(body["active"], true);
        assert_eq!(body["token_type"], token_type);
        assert!(body["exp"].is_u64() && body["iat"].is_u64() && body["aud"].is_array());
        assert!(body.as_object().unwrap().values().all(|value| !value.is_null()));
    }
}

#[tokio::test]
async fn a_confidential_client_sees_its_own_refresh_token_while_it_is_unused() {
    let house = House::new().await;
    let kind = "oauth_confidential";
    let tokens = house.tokens(kind, "owner", &house.company("acme"), SCOPE).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let seen = introspect(&house, kind, refresh).await;
    assert_eq!(members(&seen), named(&[&ALWAYS[..], &["username", "company_id"]].concat()));
    let body = seen.json();
    assert_eq!(body["exp"].as_u64().unwrap() - body["iat"].as_u64().unwrap(), 90 * 86400);
    assert_eq!(body["scope"], SCOPE);
    for other in ["resource_server", "api_credentials"] {
        let answer = introspect(&house, other, refresh).await;
        assert_eq!(answer.json(), json!({"active": false}), "{other}");
    }
    let next = house.refresh(kind, refresh).await.text("refresh_token");
    assert_eq!(introspect(&house, kind, refresh).await.json(), json!({"active": false}));
    house.advance(90 * 86400 - 1);
    assert_eq!(introspect(&house, kind, &next).await.json()["active"], true);
    house.advance(1);
    assert_eq!(introspect(&house, kind, &next).await.json(), json!({"active": false}), "its end");
}

#[tokio::test]
async fn only_a_caller_with_a_secret_may_ask_and_must_name_a_token() {
    let house = House::new().await;
    let token = house.client_token().await;
    let answer = house.post("/oauth/introspect", &[("token", &token)]).await;
    assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
    assert!(!answer.body.contains("active"));
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let answer = house.post_with("/oauth/introspect", &[("token", &token)], &headers).await;
    assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
    for form in [&[][..], &[("token", "")], &[("token_type_hint", "access_token")]] {
        let answer = house.as_app_at("/oauth/introspect", "resource_server", form).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{form:?}");
    }
}

#[tokio::test]
async fn a_hint_is_only_a_hint() {
    let house = House::new().await;
    let token = house.client_token().await;
    for hint in ["access_token", "refresh_token", "nonsense", ""] {
        let form = [("token", token.as_str()), ("token_type_hint", hint)];
        let answer = house.as_app_at("/oauth/introspect", "resource_server", &form).await;
        assert_eq!(answer.json()["active"], true, "{hint}");
    }
}

#[tokio::test]
async fn what_is_no_token_is_inactive() {
    let house = House::new().await;
    let code = house.code("oauth_confidential", "owner", &house.company("acme"), SCOPE).await;
    let secret = house.app("oauth_confidential").client_secret.clone().unwrap();
    for token in [code.as_str(), &secret, "x", "\u{0}", "é", &"x".repeat(9000)] {
        let answer = introspect(&house, "oauth_confidential", token).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.json(), json!({"active": false}), "{token}");
    }
    assert_eq!(house.redeem("oauth_confidential", &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_resource_server_sees_only_tokens_for_its_own_surface() {
    let house = House::new().await;
    let code = house.code("oauth_confidential", "owner", &house.company("acme"), SCOPE).await;
    let mcp = [("resource", "https://cs.example/companies/acme/mcp")];
    let answer = house.redeem_with("oauth_confidential", &code, &mcp).await;
    let token = answer.text("access_token");
    let seen = introspect(&house, "resource_server", &token).await;
    assert_eq!(seen.json(), json!({"active": false}));
    let own = introspect(&house, "oauth_confidential", &token).await;
    assert_eq!(own.json()["aud"], json!([mcp[0].1]));
}

async fn server_of(house: &House, place: Option<Place>) -> (String, String) {
    let new = NewApp { place, ..NewApp::of(AppKind::ResourceServer, "Own server") };
    let created = house.ops.create_app(new, MACHINE).await.unwrap();
    (created.app.id.to_string(), created.secret.unwrap().expose().to_owned())
}

#[tokio::test]
async fn a_resource_server_of_one_company_sees_the_tokens_of_that_company_only() {
    let house = House::new().await;
    let (id, secret) = server_of(&house, Some(house.company("acme").parse().unwrap())).await;
    for (name, place, seen) in [
        ("owner", house.company("acme"), true),
        ("owner", house.company("acme-test"), false),
        ("partner", house.company("bakery"), false),
        ("partner", house.firm(), false),
    ] {
        let tokens = house.tokens("oauth_public", name, &place, SCOPE).await;
        let form = [
            ("token", tokens["access_token"].as_str().unwrap()),
            ("client_id", id.as_str()),
            ("client_secret", secret.as_str()),
        ];
        let answer = house.post("/oauth/introspect", &form).await;
        assert_eq!(answer.json()["active"], seen, "{name} {place}");
        assert!(seen || answer.json() == json!({"active": false}));
    }
}

#[tokio::test]
async fn a_token_is_inactive_from_the_moment_that_anything_behind_it_ends() {
    let house = House::new().await;
    let acme: Place = house.company("acme").parse().unwrap();
    let owner = house.user_id("owner");
    let fresh = || async {
        let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
        tokens["access_token"].as_str().unwrap().to_owned()
    };
    let active = |token: String| {
        let house = &house;
        async move { introspect(house, "resource_server", &token).await.json()["active"] == true }
    };
    let token = fresh().await;
    assert!(active(token.clone()).await);
    house.ops.disable_user(owner, MACHINE).await.unwrap();
    assert!(!active(token.clone()).await, "the person was disabled");
    house.ops.enable_user(owner, MACHINE).await.unwrap();
    assert!(active(token.clone()).await);
    let viewer = RoleName("viewer".to_owned());
    house.ops.grant_role(owner, acme, viewer, MACHINE).await.unwrap();
    let seen = introspect(&house, "resource_server", &token).await;
    assert_eq!(seen.text("scope"), "customers:readonly", "the scope is what is effective now");
    house.ops.remove_role(owner, acme, MACHINE).await.unwrap();
    assert!(!active(token.clone()).await, "the person has no role there");
    let back = RoleName("owner".to_owned());
    house.ops.grant_role(owner, acme, back, MACHINE).await.unwrap();
    house.as_app_at("/oauth/revoke", "oauth_public", &[("token", &token)]).await;
    assert!(!active(token).await, "it was given back");
    let token = fresh().await;
    let app = house.app("oauth_public").client_id.parse().unwrap();
    house.ops.revoke_app(app, MACHINE).await.unwrap();
    assert!(!active(token).await, "the app was revoked");
}
