//! Introspection: RFC 7662.

use http::StatusCode;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::ISSUER;

const SCOPE: &str = "customers:all";

async fn introspect(house: &House, kind: &str, token: &str) -> Answer {
    house.as_app_at("/oauth/introspect", kind, &[("token", token)]).await
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
