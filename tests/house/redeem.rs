//! The authorization code grant: RFC 6749 section 4.1.3, RFC 7636 section 4.6, RFC 9700.

use http::StatusCode;
use serde_json::Value;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::VERIFIER;

const SCOPE: &str = "customers:readonly";

async fn public_code(house: &House) -> String {
    house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await
}

async fn redeem_with(house: &House, kind: &str, code: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in more {
        form.retain(|(key, _)| key != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    house.as_app(kind, &form).await
}

#[tokio::test]
async fn a_code_yields_a_bearer_token_of_a_day_and_a_refresh_token_of_ninety() {
    let house = House::new().await;
    let answer = house.redeem("oauth_public", &public_code(&house).await).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 86400);
    assert_eq!(body["refresh_token_expires_in"], 90 * 86400);
    assert_eq!(body["scope"], SCOPE);
    assert!(body.as_object().unwrap().values().all(|value| !value.is_null()));
    for token in ["access_token", "refresh_token"] {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(body[token].as_str().unwrap().chars().all(legal));
    }
}

#[tokio::test]
async fn a_code_is_good_for_59_seconds_and_not_for_61() {
    let house = House::new().await;
    let code = public_code(&house).await;
    house.advance(59);
    assert_eq!(house.redeem("oauth_public", &code).await.status, StatusCode::OK);
    let code = public_code(&house).await;
    house.advance(61);
    assert_eq!(house.redeem("oauth_public", &code).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_code_that_fits_in_all_but_one_thing_is_refused_and_its_owner_can_still_redeem_it() {
    let house = House::new().await;
    let code = public_code(&house).await;
    for (name, value, error) in [
        ("redirect_uri", "http://127.0.0.1:5556/callback", "invalid_grant"),
        ("redirect_uri", "https://evil.example/", "invalid_grant"),
        ("code_verifier", "", "invalid_grant"),
        ("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong", "invalid_grant"),
        ("code_verifier", "short", "invalid_grant"),
        ("resource", "https://elsewhere.example/", "invalid_target"),
        ("resource", "https://cs.example/companies/bakery/mcp", "invalid_target"),
    ] {
        let answer = redeem_with(&house, "oauth_public", &code, &[(name, value)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}={value}");
        assert_eq!(answer.error(), error, "{name}={value}");
    }
    let other = redeem_with(&house, "oauth_confidential", &code, &[]).await;
    assert_eq!(other.error(), "invalid_grant");
    assert_eq!(house.redeem("oauth_public", &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_redirect_uri_may_be_left_out_only_where_pkce_binds_the_code() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let answer = redeem_with(&house, "oauth_public", &code, &[("redirect_uri", "")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let code = confidential_code_without_pkce(&house).await;
    let without = [("redirect_uri", ""), ("code_verifier", "")];
    let answer = redeem_with(&house, "oauth_confidential", &code, &without).await;
    assert_eq!(answer.error(), "invalid_grant");
}

async fn confidential_code_without_pkce(house: &House) -> String {
    let mut browser = house.signed_in("owner").await;
    let without = [("code_challenge", ""), ("code_challenge_method", ""), ("scope", SCOPE)];
    let url = house.authorize_url("oauth_confidential", &without);
    let answer = browser.allow(&url, &house.company("acme"), None).await;
    answer.redirected("code").unwrap()
}

#[tokio::test]
async fn a_confidential_client_may_leave_pkce_out_but_a_verifier_without_challenge_is_refused() {
    let house = House::new().await;
    let code = confidential_code_without_pkce(&house).await;
    let answer = redeem_with(&house, "oauth_confidential", &code, &[]).await;
    assert_eq!(answer.error(), "invalid_grant");
    let answer = redeem_with(&house, "oauth_confidential", &code, &[("code_verifier", "")]).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_replay_that_is_valid_in_all_else_ends_what_the_code_issued() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let tokens = house.redeem("oauth_public", &code).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::OK);
    let wrong = [("code_verifier", "wrong-wrong-wrong-wrong-wrong-wrong-wrong-wrong")];
    redeem_with(&house, "oauth_public", &code, &wrong).await;
    redeem_with(&house, "oauth_confidential", &code, &[]).await;
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::OK);
    assert_eq!(house.redeem("oauth_public", &code).await.error(), "invalid_grant");
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::UNAUTHORIZED);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    assert_eq!(house.refresh("oauth_public", refresh).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_resource_narrows_the_access_token() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let mcp = [("resource", "https://cs.example/companies/acme/mcp")];
    let tokens = redeem_with(&house, "oauth_public", &code, &mcp).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    let answer = house.call(access, "/customers").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.header("www-authenticate").contains("invalid_token"));
}

#[tokio::test]
async fn tokens_of_a_test_company_say_so() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme-test"), SCOPE).await;
    assert!(tokens["access_token"].as_str().unwrap().starts_with("cs_test_at_"));
    assert!(tokens["refresh_token"].as_str().unwrap().starts_with("cs_test_rt_"));
    let again = house.refresh("oauth_public", tokens["refresh_token"].as_str().unwrap()).await;
    assert!(again.json()["refresh_token"].as_str().unwrap().starts_with("cs_test_rt_"));
}

#[tokio::test]
async fn a_confidential_apps_new_connection_replaces_the_old_and_a_public_ones_does_not() {
    let house = House::new().await;
    for (kind, survives) in [("oauth_confidential", false), ("oauth_public", true)] {
        let acme = house.company("acme");
        let first = house.tokens(kind, "owner", &acme, SCOPE).await;
        let second = house.tokens(kind, "owner", &acme, SCOPE).await;
        let status = |tokens: &Value| tokens["access_token"].as_str().unwrap().to_owned();
        let old = house.call(&status(&first), "/customers").await.status;
        assert_eq!(old == StatusCode::OK, survives, "{kind}");
        let new = house.call(&status(&second), "/customers").await.status;
        assert_eq!(new, StatusCode::OK, "{kind}");
    }
}

#[tokio::test]
async fn a_person_who_was_disabled_after_consent_gets_no_token() {
    let house = House::new().await;
    let code = public_code(&house).await;
    house.ops.disable_user(house.user_id("owner"), Default::default()).await.unwrap();
    assert_eq!(house.redeem("oauth_public", &code).await.error(), "invalid_grant");
}

#[tokio::test]
async fn client_authentication_fails_with_401_and_a_challenge_where_basic_was_used() {
    let house = House::new().await;
    let app = house.app("oauth_confidential");
    let form = [("grant_type", "authorization_code"), ("code", "x")];
    let secret = app.client_secret.clone().unwrap();
    let wrong = format!("{}x", &secret[..secret.len() - 1]);
    for (id, secret) in [
        (app.client_id.as_str(), wrong.as_str()),
        (app.client_id.as_str(), ""),
        ("nobody", "secret"),
        (house.app("oauth_public").client_id.as_str(), secret.as_str()),
    ] {
        let mut posted = form.to_vec();
        posted.extend([("client_id", id), ("client_secret", secret)]);
        let answer = house.post("/oauth/token", &posted).await;
        assert_eq!(
            (answer.status, answer.error().as_str()),
            (StatusCode::UNAUTHORIZED, "invalid_client")
        );
        assert_eq!(answer.header("www-authenticate"), "");
        let basic = data_encoding::BASE64.encode(format!("{id}:{secret}").as_bytes());
        let basic = format!("Basic {basic}");
        let answer = house.post_with("/oauth/token", &form, &[("authorization", &basic)]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.header("www-authenticate").starts_with("Basic"), "{answer:?}");
    }
}
