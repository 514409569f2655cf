//! Revocation: RFC 7009.

use countersign::domain::audit::EventKind;
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

async fn revoke(house: &House, kind: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
    let answer = house.as_app_at("/oauth/revoke", kind, form).await;
    (answer.status, answer.body)
}

fn done() -> (StatusCode, String) {
    (StatusCode::OK, String::new())
}

async fn tokens(house: &House, kind: &str) -> (String, String) {
    let tokens = house.tokens(kind, "owner", &house.company("acme"), SCOPE).await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

#[tokio::test]
async fn a_hint_is_only_a_hint_and_an_unknown_one_is_ignored() {
    let house = House::new().await;
    for hint in ["access_token", "refresh_token", "saml2_assertion", "nonsense", ""] {
        let (access, _) = tokens(&house, "oauth_public").await;
        let form = [("token", access.as_str()), ("token_type_hint", hint)];
        assert_eq!(revoke(&house, "oauth_public", &form).await, done(), "{hint}");
        let answer = house.call(&access, "/customers").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{hint}");
        let (access, refresh) = tokens(&house, "oauth_public").await;
        let form = [("token", refresh.as_str()), ("token_type_hint", hint)];
        assert_eq!(revoke(&house, "oauth_public", &form).await, done(), "{hint}");
        let answer = house.call(&access, "/customers").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{hint}");
        let token = house.client_token().await;
        let form = [("token", token.as_str()), ("token_type_hint", hint)];
        assert_eq!(revoke(&house, "api_credentials", &form).await, done(), "{hint}");
        let answer = house.call(&token, "/customers").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{hint}");
    }
}

#[tokio::test]
async fn a_token_that_is_unknown_expired_or_revoked_is_answered_alike() {
    let house = House::new().await;
    let (access, refresh) = tokens(&house, "oauth_public").await;
    let answer = house.as_app_at("/oauth/revoke", "oauth_public", &[("token", &refresh)]).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.headers.get("content-type"), None);
    let (old, _) = tokens(&house, "oauth_public").await;
    house.advance(86401);
    let mut written = Vec::new();
    for _ in 0..2 {
        for token in [refresh.as_str(), &access, &old, "x", "cs_rt_x", "\u{0}", &"x".repeat(9000)] {
            let answer = revoke(&house, "oauth_public", &[("token", token)]).await;
            assert_eq!(answer, done(), "{token}");
        }
        written.push(house.ops.audit_entries(None, 1).unwrap()[0].sequence);
    }
    assert_eq!(written[0], written[1], "what is gone is not written down again and again");
}

#[tokio::test]
async fn a_request_without_a_token_or_without_a_client_is_an_error() {
    let house = House::new().await;
    for form in [&[][..], &[("token", "")], &[("token_type_hint", "access_token")]] {
        let answer = house.as_app_at("/oauth/revoke", "oauth_public", form).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{form:?}");
    }
    let (access, _) = tokens(&house, "oauth_public").await;
    let answer = house.post("/oauth/revoke", &[("token", &access)]).await;
    assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
    assert_eq!(house.call(&access, "/customers").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_used_refresh_token_takes_its_family_with_it_too() {
    let house = House::new().await;
    let (_, refresh) = tokens(&house, "oauth_public").await;
    let next = house.refresh("oauth_public", &refresh).await;
    assert_eq!(revoke(&house, "oauth_public", &[("token", &refresh)]).await, done());
    let access = next.text("access_token");
    assert_eq!(house.call(&access, "/customers").await.status, StatusCode::UNAUTHORIZED);
    for token in [refresh, next.text("refresh_token")] {
        assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    }
}

#[tokio::test]
async fn revoking_ends_one_grant_and_leaves_the_others_of_its_client() {
    let house = House::new().await;
    let (_, refresh) = tokens(&house, "oauth_public").await;
    let (other, other_refresh) = tokens(&house, "oauth_public").await;
    revoke(&house, "oauth_public", &[("token", &refresh)]).await;
    assert_eq!(house.call(&other, "/customers").await.status, StatusCode::OK);
    assert_eq!(house.refresh("oauth_public", &other_refresh).await.status, StatusCode::OK);
    let (one, two) = (house.client_token().await, house.client_token().await);
    revoke(&house, "api_credentials", &[("token", &one)]).await;
    assert_eq!(house.call(&one, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.call(&two, "/customers").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_token_is_not_revoked_here() {
    let house = House::new().await;
    let code = house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    assert_eq!(revoke(&house, "oauth_public", &[("token", &code)]).await, done());
    assert_eq!(house.redeem("oauth_public", &code).await.status, StatusCode::OK);
    let secret = house.app("api_credentials").client_secret.clone().unwrap();
    assert_eq!(revoke(&house, "api_credentials", &[("token", &secret)]).await, done());
    house.client_token().await;
}

#[tokio::test]
async fn a_revocation_is_written_down_with_its_client_and_connection() {
    let house = House::new().await;
    let (_, refresh) = tokens(&house, "oauth_public").await;
    revoke(&house, "oauth_public", &[("token", &refresh)]).await;
    let entries = house.ops.audit_entries(None, 2).unwrap();
    let event = entries.iter().find(|entry| entry.event.kind == EventKind::TokenRevoked).unwrap();
    let client = event.event.app.unwrap().to_string();
    assert_eq!(client, house.app("oauth_public").client_id);
    assert_eq!(event.event.connection, Some(house.ops.connections().unwrap()[0].id));
}
