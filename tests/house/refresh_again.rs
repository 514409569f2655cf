//! A refresh token that comes again: the grace for lost answers, and the end of the family (RFC 9700
//! section 4.14.2).

use countersign::domain::audit::EventKind;
use countersign::domain::connection::ConnectionStatus;
use http::StatusCode;
use serde_json::Value;

use crate::harness::House;
use crate::harness::MACHINE;

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
async fn the_access_token_before_lives_on_for_the_grace_only() {
    let house = House::new().await;
    let first = tokens(&house).await;
    house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    assert!(works(&house, &first).await);
    house.advance(61);
    assert!(!works(&house, &first).await);
}

#[tokio::test]
async fn the_grace_lasts_as_long_as_it_is_configured_to_from_the_first_use_on() {
    let house = House::with(&[("tokens.refresh_grace", "30min")]).await;
    let token = text(&tokens(&house).await, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    for seconds in [1700, 99] {
        house.advance(seconds);
        let repeated = house.refresh("oauth_public", &token).await.json();
        assert_eq!(second["refresh_token"], repeated["refresh_token"]);
        assert_eq!(second["access_token"], repeated["access_token"]);
    }
    house.advance(1);
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    assert!(!works(&house, &second).await, "a repeat does not lengthen the grace");
}

#[tokio::test]
async fn a_repeat_tells_how_long_its_tokens_still_live() {
    let house = House::new().await;
    let token = text(&tokens(&house).await, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    assert_eq!(second["refresh_token_expires_in"], 90 * DAY);
    house.advance(40);
    let repeated = house.refresh("oauth_public", &token).await.json();
    assert_eq!(repeated["expires_in"], DAY - 40);
    assert_eq!(repeated["refresh_token_expires_in"], 90 * DAY - 40);
    assert_eq!((&repeated["scope"], &repeated["token_type"]), (&second["scope"], &"Bearer".into()));
}

#[tokio::test]
async fn using_the_new_access_token_does_not_end_the_grace() {
    let house = House::new().await;
    let token = text(&tokens(&house).await, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    assert!(works(&house, &second).await);
    assert_eq!(house.refresh("oauth_public", &token).await.json(), second);
}

#[tokio::test]
async fn every_repeat_and_every_replay_is_written_down() {
    let house = House::new().await;
    let token = text(&tokens(&house).await, "refresh_token");
    house.refresh("oauth_public", &token).await;
    let before = house.ops.audit_entries(None, 1).unwrap()[0].sequence;
    for _ in 0..3 {
        house.refresh("oauth_public", &token).await;
    }
    assert_eq!(house.happened(3), [EventKind::RefreshRepeated; 3]);
    assert_eq!(house.ops.audit_entries(None, 1).unwrap()[0].sequence, before + 3);
    house.advance(61);
    house.refresh("oauth_public", &token).await;
    assert!(house.happened(2).contains(&EventKind::RefreshReplayed));
    let connections = house.ops.connections().unwrap();
    let cause = match connections[0].status {
        ConnectionStatus::Ended { cause, .. } => cause,
        ConnectionStatus::Active => panic!("{connections:?}"),
    };
    assert!(cause.needs_reconnecting());
}

#[tokio::test]
async fn a_repeat_that_differs_in_any_way_is_refused_and_the_identical_one_still_answered() {
    let house = House::new().await;
    let api = "https://cs.example/api/external/v2";
    let mcp = "https://cs.example/companies/acme/mcp";
    for (first, others) in [
        (
            vec![],
            vec![
                vec![("scope", SCOPE)],
                vec![("resource", api)],
                vec![("scope", "no:such")],
                vec![("resource", "https://elsewhere.example/")],
            ],
        ),
        (
            vec![("resource", api)],
            vec![
                vec![],
                vec![("resource", mcp)],
                vec![("resource", api), ("resource", mcp)],
                vec![("scope", api)],
                vec![("scope", SCOPE), ("resource", api)],
            ],
        ),
        (
            vec![("scope", "customers:readonly")],
            vec![
                vec![],
                vec![("scope", "products:readonly")],
                vec![("scope", "customers:readonly products:readonly")],
                vec![("resource", "customers:readonly")],
                vec![("scope", "customers:readonly"), ("resource", api)],
            ],
        ),
    ] {
        let token = text(&tokens(&house).await, "refresh_token");
        let second = house.refresh_with("oauth_public", &token, &first).await;
        assert_eq!(second.status, StatusCode::OK, "{second:?}");
        for other in others {
            let answer = house.refresh_with("oauth_public", &token, &other).await;
            assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()), "{first:?} {other:?}");
        }
        let same = house.refresh_with("oauth_public", &token, &first).await;
        assert_eq!(same.json(), second.json(), "{first:?}");
    }
}

#[tokio::test]
async fn without_a_grace_the_access_token_before_ends_at_once() {
    let house = House::with(&[("tokens.refresh_grace", "0s")]).await;
    let first = tokens(&house).await;
    let second = house.refresh("oauth_public", &text(&first, "refresh_token")).await.json();
    assert!(!works(&house, &first).await);
    assert!(works(&house, &second).await);
}

#[tokio::test]
async fn a_long_grace_does_not_lengthen_the_access_token_before() {
    let settings = [("tokens.access", "5min"), ("tokens.refresh_grace", "30min")];
    let house = House::with(&settings).await;
    let first = tokens(&house).await;
    house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    house.advance(299);
    assert!(works(&house, &first).await);
    house.advance(1);
    assert!(!works(&house, &first).await);
}

#[tokio::test]
async fn a_replay_ends_its_own_family_and_no_other() {
    let house = House::new().await;
    let (one, other) = (tokens(&house).await, tokens(&house).await);
    house.refresh("oauth_public", &text(&one, "refresh_token")).await;
    house.advance(61);
    house.refresh("oauth_public", &text(&one, "refresh_token")).await;
    assert!(!works(&house, &one).await);
    assert!(works(&house, &other).await);
    let answer = house.refresh("oauth_public", &text(&other, "refresh_token")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_repeat_gets_nothing_that_has_ended_or_been_forbidden_since() {
    let house = House::new().await;
    let token = text(&tokens(&house).await, "refresh_token");
    let second = house.refresh("oauth_public", &token).await.json();
    let owner = house.user_id("owner");
    house.ops.disable_user(owner, MACHINE).await.unwrap();
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    house.ops.enable_user(owner, MACHINE).await.unwrap();
    assert_eq!(house.refresh("oauth_public", &token).await.json(), second);
    let access = [("token", second["access_token"].as_str().unwrap())];
    house.as_app_at("/oauth/revoke", "oauth_public", &access).await;
    let repeated = house.refresh("oauth_public", &token).await.json();
    assert!(!works(&house, &repeated).await, "what was given back stays dead");
    let refresh = [("token", second["refresh_token"].as_str().unwrap())];
    house.as_app_at("/oauth/revoke", "oauth_public", &refresh).await;
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_used_token_is_remembered_until_it_would_have_ended_and_forgotten_without_reviving() {
    let house = House::new().await;
    let token = text(&tokens(&house).await, "refresh_token");
    let mut current = house.refresh("oauth_public", &token).await.json();
    house.advance(89 * DAY);
    house.ops.sweep().await.unwrap();
    current = house.refresh("oauth_public", &text(&current, "refresh_token")).await.json();
    house.advance(2 * DAY);
    house.ops.sweep().await.unwrap();
    assert_eq!(house.refresh("oauth_public", &token).await.error(), "invalid_grant");
    let next = house.refresh("oauth_public", &text(&current, "refresh_token")).await;
    assert_eq!(next.status, StatusCode::OK, "one that has ended is no replay: {next:?}");
    let other = text(&tokens(&house).await, "refresh_token");
    let successor = house.refresh("oauth_public", &other).await.json();
    house.advance(89 * DAY);
    house.ops.sweep().await.unwrap();
    assert_eq!(house.refresh("oauth_public", &other).await.error(), "invalid_grant");
    let next = house.refresh("oauth_public", &text(&successor, "refresh_token")).await;
    assert_eq!(next.error(), "invalid_grant", "one that has not ended is");
}
