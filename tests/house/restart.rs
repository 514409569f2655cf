//! What a restart keeps: the store is closed and opened again from its file, at the same moment.

use std::fs;

use countersign::domain::audit::EventKind;
use http::StatusCode;
use serde_json::Value;

use crate::harness::CONFIG_FILE;
use crate::harness::House;
use crate::harness::MACHINE;

const SCOPE: &str = "customers:all products:readonly";
const DAY: u64 = 86400;

async fn tokens(house: &House) -> Value {
    house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await
}

async fn code(house: &House) -> String {
    house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

async fn works(house: &House, tokens: &Value) -> bool {
    house.call(&text(tokens, "access_token"), "/customers").await.status == StatusCode::OK
}

#[tokio::test]
async fn tokens_secrets_and_consent_work_on() {
    let house = House::on_disk().await;
    let first = tokens(&house).await;
    let client = house.client_token().await;
    let form = [("token", &*text(&first, "access_token"))];
    let seen = house.as_app_at("/oauth/introspect", "resource_server", &form).await.json();
    let house = house.restarted(&[]);
    assert!(works(&house, &first).await);
    assert_eq!(house.call(&client, "/customers").await.status, StatusCode::OK);
    let again = house.as_app_at("/oauth/introspect", "resource_server", &form).await.json();
    assert_eq!((seen["active"].as_bool(), &again), (Some(true), &seen));
    let next = house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    assert_eq!(next.status, StatusCode::OK);
    assert!(works(&house, &tokens(&house).await).await, "and people can connect anew");
}

#[tokio::test]
async fn time_goes_on_for_tokens_and_codes() {
    let house = House::on_disk().await;
    let (first, early, late) = (tokens(&house).await, code(&house).await, code(&house).await);
    house.advance(20);
    let house = house.restarted(&[]);
    house.advance(9);
    assert_eq!(house.redeem("oauth_public", &late).await.status, StatusCode::OK);
    house.advance(60);
    assert_eq!(house.redeem("oauth_public", &early).await.error(), "invalid_grant");
    house.advance(DAY);
    let house = house.restarted(&[]);
    assert!(!works(&house, &first).await);
    house.advance(90 * DAY);
    let house = house.restarted(&[]);
    let late = house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    assert_eq!(late.error(), "invalid_grant");
}

#[tokio::test]
async fn a_redeemed_code_stays_redeemed_and_its_replay_ends_what_it_gave() {
    let house = House::on_disk().await;
    let code = code(&house).await;
    let first = house.redeem("oauth_public", &code).await.json();
    let house = house.restarted(&[]);
    assert!(works(&house, &first).await);
    assert_eq!(house.redeem("oauth_public", &code).await.error(), "invalid_grant");
    assert!(!works(&house, &first).await);
    let house = house.restarted(&[]);
    assert!(!works(&house, &first).await);
    let next = house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    assert_eq!(next.error(), "invalid_grant");
}

#[tokio::test]
async fn the_kept_answer_is_given_again_within_the_grace_and_a_replay_after_it_ends_the_family() {
    let house = House::on_disk().await;
    let token = text(&tokens(&house).await, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    house.advance(30);
    let house = house.restarted(&[]);
    let repeated = house.refresh("oauth_public", &token).await.json();
    for name in ["access_token", "refresh_token", "scope"] {
        assert_eq!(repeated[name], second[name], "{name}");
    }
    assert_eq!(repeated["expires_in"], DAY - 30);
    assert_eq!(house.happened(1), [EventKind::RefreshRepeated]);
    house.advance(30);
    let house = house.restarted(&[]);
    assert!(works(&house, &second).await);
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    let house = house.restarted(&[]);
    assert!(!works(&house, &second).await);
    let next = house.refresh("oauth_public", &text(&second, "refresh_token")).await;
    assert_eq!(next.error(), "invalid_grant");
}

#[tokio::test]
async fn a_used_refresh_token_stays_used_when_its_successor_was_used_too() {
    let house = House::on_disk().await;
    let token = text(&tokens(&house).await, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    let third = house.refresh("oauth_public", &text(&second, "refresh_token")).await.json();
    let house = house.restarted(&[]);
    assert!(works(&house, &third).await);
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    assert!(!works(&house, &third).await);
}

#[tokio::test]
async fn a_shorter_life_chosen_at_the_restart_forgets_no_used_token() {
    let house = House::on_disk().await;
    let token = text(&tokens(&house).await, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    house.ops.sweep().await.unwrap();
    let house = house.restarted(&[("tokens.refresh", "1h"), ("tokens.refresh_absolute", "2h")]);
    house.advance(DAY / 2);
    house.ops.sweep().await.unwrap();
    let next = house.refresh("oauth_public", &text(&second, "refresh_token")).await;
    assert_eq!(next.status, StatusCode::OK, "what was promised longer is kept: {next:?}");
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    let last = house.refresh("oauth_public", &next.text("refresh_token")).await;
    assert_eq!(last.error(), "invalid_grant", "the replay was noticed");
}

#[tokio::test]
async fn revocations_hold() {
    let house = House::on_disk().await;
    let (access, family, app) =
        (tokens(&house).await, tokens(&house).await, house.client_token().await);
    let of_confidential =
        house.tokens("oauth_confidential", "owner", &house.company("acme"), SCOPE).await;
    let form = [("token", &*text(&access, "access_token"))];
    house.as_app_at("/oauth/revoke", "oauth_public", &form).await;
    let form = [("token", &*text(&family, "refresh_token"))];
    house.as_app_at("/oauth/revoke", "oauth_public", &form).await;
    let form = [("token", app.as_str())];
    house.as_app_at("/oauth/revoke", "api_credentials", &form).await;
    let id = house.app("oauth_confidential").client_id.parse().unwrap();
    house.ops.revoke_app(id, MACHINE).await.unwrap();
    let house = house.restarted(&[]);
    for (what, dead) in [("token", &access), ("family", &family), ("app", &of_confidential)] {
        assert!(!works(&house, dead).await, "{what}");
        let form = [("token", &*text(dead, "access_token"))];
        let seen = house.as_app_at("/oauth/introspect", "resource_server", &form).await;
        assert_eq!(seen.body, "{\"active\":false}", "{what}");
    }
    assert_eq!(house.call(&app, "/customers").await.status, StatusCode::UNAUTHORIZED);
    let refreshed = house.refresh("oauth_public", &text(&family, "refresh_token")).await;
    assert_eq!(refreshed.error(), "invalid_grant");
    let refused =
        house.refresh("oauth_confidential", &text(&of_confidential, "refresh_token")).await;
    assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()));
    let next = house.refresh("oauth_public", &text(&access, "refresh_token")).await;
    assert_eq!(next.status, StatusCode::OK, "a token given back leaves its refresh token");
}

#[tokio::test]
async fn the_files_reveal_no_code_token_or_secret() {
    let house = House::on_disk().await;
    let code = code(&house).await;
    let first = house.redeem("oauth_public", &code).await.json();
    let second = house.refresh("oauth_public", &text(&first, "refresh_token")).await.json();
    let mut secrets = vec![code, house.client_token().await];
    for tokens in [&first, &second] {
        secrets.extend([text(tokens, "access_token"), text(tokens, "refresh_token")]);
    }
    secrets.extend(house.guide.apps.iter().filter_map(|app| app.client_secret.clone()));
    for user in &house.guide.users {
        secrets.extend([user.password.clone(), user.totp_secret.clone()]);
        secrets.extend(user.recovery_codes.clone());
    }
    let house = house.restarted(&[]);
    let mut bytes = Vec::new();
    for file in fs::read_dir(house.folder()).unwrap() {
        bytes.extend(fs::read(file.unwrap().path()).unwrap());
    }
    let found = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(found("owner@acme.example"), "the search finds what is there");
    for secret in secrets {
        // The id in front is public; what follows it is not.
        let hidden = &secret[secret.len().saturating_sub(24)..];
        assert!(!found(hidden), "{secret}");
    }
}

#[tokio::test]
async fn the_audit_chain_goes_on_without_a_gap() {
    let house = House::on_disk().await;
    tokens(&house).await;
    let before = house.ops.verify_audit().unwrap().unwrap();
    let house = house.restarted(&[]);
    tokens(&house).await;
    assert!(house.ops.verify_audit().unwrap().unwrap() > before);
}

/// A permission under another name than the sandbox knew it by.
const RENAMED: &str = r#"
[[permissions]]
name = "customers:all"
title = "Customers"
area = "Sales"
access = "write"

[[permissions]]
name = "articles:readonly"
title = "Articles"
area = "Sales"
access = "read"
renamed_from = ["products:readonly"]
"#;

#[tokio::test]
async fn a_permission_that_was_renamed_can_be_asked_for_by_either_name_or_both() {
    let house = House::on_disk().await;
    let first = tokens(&house).await;
    fs::write(house.folder().join(CONFIG_FILE), RENAMED).unwrap();
    let house = house.restarted(&[]);
    let mut token = text(&first, "refresh_token");
    for asked in ["products:readonly", "articles:readonly", "products:readonly articles:readonly"] {
        let scope = [("scope", asked)];
        let refreshed = house.refresh_with("oauth_public", &token, &scope).await;
        assert_eq!(refreshed.status, StatusCode::OK, "{asked}: {refreshed:?}");
        assert_eq!(refreshed.text("scope"), "articles:readonly", "{asked}");
        token = refreshed.text("refresh_token");
        let form = [("grant_type", "client_credentials"), ("scope", asked)];
        let granted = house.as_app("api_credentials", &form).await;
        assert_eq!(granted.status, StatusCode::OK, "{asked}: {granted:?}");
        assert_eq!(granted.text("scope"), "articles:readonly", "{asked}");
    }
    let whole = house.refresh("oauth_public", &token).await;
    assert_eq!(whole.text("scope"), "articles:readonly customers:all");
    let unknown = [("scope", "articles:readonly no:such")];
    let refused = house.refresh_with("oauth_public", &whole.text("refresh_token"), &unknown).await;
    assert_eq!(refused.error(), "invalid_scope");
}
