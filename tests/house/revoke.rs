//! Revocation: RFC 7009.

use http::StatusCode;

use crate::harness::House;

const SCOPE: &str = "customers:readonly";

#[tokio::test]
async fn a_revoked_token_is_answered_with_200_and_an_empty_body_and_is_dead_at_once() {
    let house = House::new().await;
    let token = house.client_token().await;
    let answer = house.as_app_at("/oauth/revoke", "api_credentials", &[("token", &token)]).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refresh_token_takes_its_access_tokens_with_it_whatever_the_hint_says() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let (access, refresh) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let form = [("token", refresh), ("token_type_hint", "access_token")];
    let answer = house.as_app_at("/oauth/revoke", "oauth_public", &form).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.refresh("oauth_public", refresh).await.error(), "invalid_grant");
}

#[tokio::test]
async fn an_access_token_given_back_leaves_its_refresh_token() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let (access, refresh) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    house.as_app_at("/oauth/revoke", "oauth_public", &[("token", access)]).await;
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.refresh("oauth_public", refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn another_clients_token_is_untouched_and_answered_alike() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let access = tokens["access_token"].as_str().unwrap();
    for token in [access, tokens["refresh_token"].as_str().unwrap(), "unknown", "cs_at_x"] {
        let answer =
            house.as_app_at("/oauth/revoke", "oauth_confidential", &[("token", token)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""), "{token}");
    }
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_confidential_client_authenticates_as_at_the_token_endpoint() {
    let house = House::new().await;
    let id = house.app("oauth_confidential").client_id.clone();
    let answer = house.post("/oauth/revoke", &[("client_id", &id), ("token", "x")]).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (StatusCode::UNAUTHORIZED, "invalid_client")
    );
}
