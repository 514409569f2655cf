//! The authorization code grant: RFC 6749 section 4.1.3, RFC 7636 section 4.6, RFC 9700.

use countersign::domain::audit::EventKind;
use countersign::domain::connection::Connection;
use countersign::domain::connection::ConnectionStatus;
use http::StatusCode;
use serde_json::Value;

use crate::harness::House;
use crate::harness::MACHINE;

const SCOPE: &str = "customers:readonly";

async fn public_code(house: &House) -> String {
    house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await
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
        let answer = house.redeem_with("oauth_public", &code, &[(name, value)]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{name}={value}");
        assert_eq!(answer.error(), error, "{name}={value}");
    }
    let other = house.redeem_with("oauth_confidential", &code, &[]).await;
    assert_eq!(other.error(), "invalid_grant");
    assert_eq!(house.redeem("oauth_public", &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_redirect_uri_may_be_left_out_only_where_pkce_binds_the_code() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let answer = house.redeem_with("oauth_public", &code, &[("redirect_uri", "")]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let code = confidential_code_without_pkce(&house).await;
    let without = [("redirect_uri", ""), ("code_verifier", "")];
    let answer = house.redeem_with("oauth_confidential", &code, &without).await;
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
    let answer = house.redeem_with("oauth_confidential", &code, &[]).await;
    assert_eq!(answer.error(), "invalid_grant");
    let answer = house.redeem_with("oauth_confidential", &code, &[("code_verifier", "")]).await;
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
    house.redeem_with("oauth_public", &code, &wrong).await;
    house.redeem_with("oauth_confidential", &code, &[]).await;
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
    let tokens = house.redeem_with("oauth_public", &code, &mcp).await.json();
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
    house.ops.disable_user(house.user_id("owner"), MACHINE).await.unwrap();
    assert_eq!(house.redeem("oauth_public", &code).await.error(), "invalid_grant");
}

#[tokio::test]
async fn the_redirect_uri_is_byte_for_byte_that_of_the_authorization_request() {
    let house = House::new().await;
    let code = public_code(&house).await;
    for uri in [
        "http://127.0.0.1/callback",
        "http://127.0.0.1:5555/callback/",
        "http://127.0.0.1:5555/Callback",
        "HTTP://127.0.0.1:5555/callback",
        "http://127.0.0.1:5555/%63allback",
        "http://127.0.0.1:5555/callback?",
        "http://127.0.0.1:5555/callback#",
        "http://127.0.0.1:05555/callback",
        " http://127.0.0.1:5555/callback",
        "http://localhost:5555/callback",
    ] {
        let answer = house.redeem_with("oauth_public", &code, &[("redirect_uri", uri)]).await;
        assert_eq!(answer.error(), "invalid_grant", "{uri}");
    }
    assert_eq!(house.redeem("oauth_public", &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn client_redirect_uri_and_pkce_are_looked_at_before_the_resource() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let unknown = ("resource", "https://elsewhere.example/");
    let wrong = [("redirect_uri", "https://evil.example/"), ("code_verifier", "")];
    for fault in wrong {
        let answer = house.redeem_with("oauth_public", &code, &[fault, unknown]).await;
        assert_eq!(answer.error(), "invalid_grant", "{fault:?}");
    }
    let answer = house.redeem_with("oauth_confidential", &code, &[unknown]).await;
    assert_eq!(answer.error(), "invalid_grant", "another client");
    let answer = house.redeem_with("oauth_public", &code, &[unknown]).await;
    assert_eq!(answer.error(), "invalid_target");
}

#[tokio::test]
async fn a_replay_with_an_unknown_resource_ends_nothing() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let access = house.redeem("oauth_public", &code).await.text("access_token");
    let unknown = [("resource", "https://elsewhere.example/")];
    let answer = house.redeem_with("oauth_public", &code, &unknown).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(house.call(&access, "/customers").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_replay_is_noticed_for_a_day_and_then_the_code_is_unknown() {
    let house = House::new().await;
    for (hours, noticed) in [(23, true), (25, false)] {
        let code = public_code(&house).await;
        let tokens = house.redeem("oauth_public", &code).await;
        house.advance(hours * 3600);
        house.ops.sweep().await.unwrap();
        assert_eq!(house.redeem("oauth_public", &code).await.error(), "invalid_grant");
        let refreshed = house.refresh("oauth_public", &tokens.text("refresh_token")).await;
        assert_eq!(refreshed.status == StatusCode::BAD_REQUEST, noticed, "{hours}");
    }
}

#[tokio::test]
async fn a_replay_is_written_down_and_its_connection_needs_reconnecting() {
    let house = House::new().await;
    let code = public_code(&house).await;
    house.redeem("oauth_public", &code).await;
    let answer = house.redeem("oauth_public", &code).await;
    assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
    let happened = house.happened(2);
    assert!(happened.contains(&EventKind::CodeReplayed), "{happened:?}");
    let connections = house.ops.connections().unwrap();
    let ended = |connection: &Connection| match connection.status {
        ConnectionStatus::Ended { cause, .. } => cause.needs_reconnecting(),
        ConnectionStatus::Active => false,
    };
    assert!(connections.iter().all(ended), "{connections:?}");
}

#[tokio::test]
async fn a_replay_ends_its_own_connection_and_no_other() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let ended = house.redeem("oauth_public", &code).await.text("access_token");
    let other = house.redeem("oauth_public", &public_code(&house).await).await;
    house.redeem("oauth_public", &code).await;
    assert_eq!(house.call(&ended, "/customers").await.status, StatusCode::UNAUTHORIZED);
    let other = other.text("access_token");
    assert_eq!(house.call(&other, "/customers").await.status, StatusCode::OK);
}

#[tokio::test]
async fn several_resources_of_one_company_make_one_token_for_all_of_them() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let api = ("resource", "https://cs.example/api/external/v2");
    let mcp = ("resource", "https://cs.example/companies/acme/mcp");
    let answer = house.redeem_with("oauth_public", &code, &[api, mcp]).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let form = [("token", &*answer.text("access_token"))];
    let seen = house.as_app_at("/oauth/introspect", "resource_server", &form).await;
    assert_eq!(seen.json()["aud"], serde_json::json!([api.1, mcp.1]));
}

#[tokio::test]
async fn a_resource_that_is_no_url_of_ours_or_was_not_granted_is_an_invalid_target() {
    let house = House::new().await;
    let code = public_code(&house).await;
    for resource in [
        "x",
        "/api/external/v2",
        "api/external/v2",
        "https://cs.example",
        "https://cs.example/api/external/v2/",
        "https://cs.example/api/external/v2#x",
        "https://cs.example/api/external/v2?x=1",
        "https://CS.example/api/external/v2",
        "https://cs.example:443/api/external/v2",
        "http://cs.example/api/external/v2",
        "https://cs.example/companies/nobody/mcp",
        "https://cs.example/companies/bakery/mcp",
        "https://cs.example/companies/acme-test/mcp",
    ] {
        let known = ("resource", "https://cs.example/api/external/v2");
        for asked in [&[("resource", resource)][..], &[known, ("resource", resource)]] {
            let answer = house.redeem_with("oauth_public", &code, asked).await;
            assert_eq!(answer.refusal(), (400, "invalid_target".to_owned()), "{asked:?}");
        }
    }
    assert_eq!(house.redeem("oauth_public", &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn connecting_anew_replaces_the_connection_to_that_company_and_no_other() {
    let house = House::new().await;
    let mut tokens = Vec::new();
    for company in ["acme", "bakery", "acme"] {
        let place = house.company(company);
        let given =
            house.tokens("oauth_confidential", "partner", &place, "customers:readonly").await;
        tokens.push(given["access_token"].as_str().unwrap().to_owned());
    }
    for (token, status) in tokens.iter().zip([401, 200, 200]) {
        assert_eq!(house.call(token, "/customers").await.status, status, "{token}");
    }
}
