//! The refresh grant: RFC 6749 section 6, RFC 9700 section 4.14.

use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use http::StatusCode;
use serde_json::Value;

use crate::harness::House;

const SCOPE: &str = "customers:all products:readonly";
const DAY: u64 = 86400;

async fn tokens(house: &House) -> Value {
    house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

async fn works(house: &House, tokens: &Value) -> bool {
    house.call(&text(tokens, "access_token"), "/customers").await.status == StatusCode::OK
}

#[tokio::test]
async fn a_refresh_rotates_both_tokens() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let second = house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    assert_eq!(second.status, StatusCode::OK);
    let second = second.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    assert_eq!(second["scope"], SCOPE);
    assert!(works(&house, &second).await);
}

#[tokio::test]
async fn a_repeat_within_the_grace_gets_the_identical_tokens() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let token = text(&first, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    house.advance(59);
    let repeated = house.refresh("oauth_public", &token).await.json();
    assert_eq!(second["refresh_token"], repeated["refresh_token"]);
    assert_eq!(second["access_token"], repeated["access_token"]);
    assert_eq!(repeated["expires_in"], DAY - 59);
    assert!(works(&house, &repeated).await);
}

#[tokio::test]
async fn a_repeat_that_asks_for_something_else_is_refused_and_ends_nothing() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let token = text(&first, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
        ("scope", "products:readonly"),
    ];
    assert_eq!(house.as_app("oauth_public", &form).await.error(), "invalid_grant");
    assert!(works(&house, &second).await);
}

#[tokio::test]
async fn a_replay_after_the_grace_ends_the_family() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let token = text(&first, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    house.advance(61);
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    assert!(!works(&house, &second).await);
    let next = house.refresh("oauth_public", &text(&second, "refresh_token")).await;
    assert_eq!(next.error(), "invalid_grant");
}

#[tokio::test]
async fn a_replay_within_the_grace_whose_successor_was_used_ends_the_family() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let token = text(&first, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    let third = house.refresh("oauth_public", &text(&second, "refresh_token")).await.json();
    assert!(works(&house, &third).await);
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    assert!(!works(&house, &third).await);
}

#[tokio::test]
async fn without_a_grace_every_replay_ends_the_family() {
    let house = House::with(&[("tokens.refresh_grace", "0s")]).await;
    let first = tokens(&house).await;
    let token = text(&first, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    assert!(!works(&house, &second).await);
}

#[tokio::test]
async fn another_client_is_refused_and_ends_nothing() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let token = text(&first, "refresh_token");
    let other = house.refresh("oauth_confidential", &token).await;
    assert_eq!(other.error(), "invalid_grant");
    let second = house.refresh("oauth_public", &token).await;
    assert_eq!(second.status, StatusCode::OK);
    house.advance(120);
    assert_eq!(house.refresh("oauth_confidential", &token).await.error(), "invalid_grant");
    assert!(works(&house, &second.json()).await);
}

#[tokio::test]
async fn the_access_token_before_lives_on_for_the_grace_only() {
    let house = House::new().await;
    let first = tokens(&house).await;
    house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    assert!(works(&house, &first).await);
    house.advance(61);
    assert!(!works(&house, &first).await);
}

#[tokio::test]
async fn a_narrower_scope_narrows_the_access_token_and_not_the_connection() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let with_scope = |token: String, scope: &'static str| {
        let house = &house;
        async move {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token.as_str()),
                ("scope", scope),
            ];
            house.as_app("oauth_public", &form).await
        }
    };
    let beyond = with_scope(text(&first, "refresh_token"), "trial_balance:readonly").await;
    assert_eq!(beyond.error(), "invalid_scope");
    let narrow = with_scope(text(&first, "refresh_token"), "customers:readonly").await.json();
    assert_eq!(narrow["scope"], "customers:readonly");
    let wide = house.refresh("oauth_public", &text(&narrow, "refresh_token")).await.json();
    assert_eq!(wide["scope"], SCOPE);
}

#[tokio::test]
async fn a_sliding_life_never_passes_the_absolute_limit() {
    let house = House::with(&[("tokens.refresh_absolute", "100days")]).await;
    let mut current = tokens(&house).await;
    for _ in 0..3 {
        house.advance(30 * DAY);
        current = house.refresh("oauth_public", &text(&current, "refresh_token")).await.json();
    }
    let left = current["refresh_token_expires_in"].as_u64().unwrap();
    assert!(left <= 10 * DAY, "{left}");
    house.advance(9 * DAY + DAY / 2);
    let last = house.refresh("oauth_public", &text(&current, "refresh_token")).await.json();
    assert!(last["expires_in"].as_u64().unwrap() <= DAY / 2);
    house.advance(DAY);
    let over = house.refresh("oauth_public", &text(&last, "refresh_token")).await;
    assert_eq!(over.error(), "invalid_grant");
}

#[tokio::test]
async fn an_unused_refresh_token_ends_after_ninety_days() {
    let house = House::new().await;
    let first = tokens(&house).await;
    house.advance(90 * DAY + 1);
    let answer = house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    assert_eq!(answer.error(), "invalid_grant");
}

#[tokio::test]
async fn taking_a_permission_from_a_person_takes_it_from_the_tokens_they_granted() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let owner = house.user_id("owner");
    let acme: Place = house.company("acme").parse().unwrap();
    let viewer = RoleName("viewer".to_owned());
    house.ops.grant_role(owner, acme, viewer, Default::default()).await.unwrap();
    let second = house.refresh("oauth_public", &text(&first, "refresh_token")).await.json();
    assert_eq!(second["scope"], "customers:readonly products:readonly");
    house.ops.remove_role(owner, acme, Default::default()).await.unwrap();
    assert!(!works(&house, &second).await);
    let refused = house.refresh("oauth_public", &text(&second, "refresh_token")).await;
    assert_eq!(refused.error(), "invalid_grant");
    let owner_again = RoleName("owner".to_owned());
    house.ops.grant_role(owner, acme, owner_again, Default::default()).await.unwrap();
    assert!(works(&house, &second).await);
    let back = house.refresh("oauth_public", &text(&second, "refresh_token")).await.json();
    assert_eq!(back["scope"], SCOPE);
}

#[tokio::test]
async fn a_revoked_app_gets_no_refresh_and_its_tokens_are_dead_at_the_next_request() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let app = house.app("oauth_public").client_id.parse().unwrap();
    house.ops.revoke_app(app, Default::default()).await.unwrap();
    assert!(!works(&house, &first).await);
    let answer = house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (StatusCode::UNAUTHORIZED, "invalid_client")
    );
}
