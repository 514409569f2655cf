//! The refresh grant: RFC 6749 section 6, RFC 9700 section 4.14.

use countersign::domain::audit::EventKind;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
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
    house.ops.grant_role(owner, acme, viewer, MACHINE).await.unwrap();
    let second = house.refresh("oauth_public", &text(&first, "refresh_token")).await.json();
    assert_eq!(second["scope"], "customers:readonly products:readonly");
    house.ops.remove_role(owner, acme, MACHINE).await.unwrap();
    assert!(!works(&house, &second).await);
    let refused = house.refresh("oauth_public", &text(&second, "refresh_token")).await;
    assert_eq!(refused.error(), "invalid_grant");
    let owner_again = RoleName("owner".to_owned());
    house.ops.grant_role(owner, acme, owner_again, MACHINE).await.unwrap();
    assert!(works(&house, &second).await);
    let back = house.refresh("oauth_public", &text(&second, "refresh_token")).await.json();
    assert_eq!(back["scope"], SCOPE);
}

#[tokio::test]
async fn a_revoked_app_gets_no_refresh_and_its_tokens_are_dead_at_the_next_request() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let app = house.app("oauth_public").client_id.parse().unwrap();
    house.ops.revoke_app(app, MACHINE).await.unwrap();
    assert!(!works(&house, &first).await);
    let answer = house.refresh("oauth_public", &text(&first, "refresh_token")).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (StatusCode::UNAUTHORIZED, "invalid_client")
    );
}

#[tokio::test]
async fn a_request_that_is_refused_uses_nothing_up() {
    let house = House::new().await;
    let token = text(&tokens(&house).await, "refresh_token");
    for (name, value, error) in [
        ("scope", "customers:all trial_balance:readonly", "invalid_scope"),
        ("scope", "no:such", "invalid_scope"),
        ("scope", "\"", "invalid_scope"),
        ("scope", "customers:all\tproducts:readonly", "invalid_scope"),
        ("resource", "https://elsewhere.example/", "invalid_target"),
        ("resource", "https://cs.example/companies/bakery/mcp", "invalid_target"),
        ("resource", "https://cs.example/companies/nobody/mcp", "invalid_target"),
    ] {
        let answer = house.refresh_with("oauth_public", &token, &[(name, value)]).await;
        assert_eq!(answer.refusal(), (400, error.to_owned()), "{name}={value}");
    }
    let answer = house.refresh("oauth_public", &token).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!house.happened(1000).contains(&EventKind::RefreshRepeated));
}

#[tokio::test]
async fn a_dead_grant_is_an_invalid_grant_whatever_resource_is_named() {
    let house = House::new().await;
    let unknown = [("resource", "https://elsewhere.example/"), ("scope", "no:such")];
    let refused = |token: String| {
        let house = &house;
        async move { house.refresh_with("oauth_public", &token, &unknown).await.error() }
    };
    assert_eq!(refused("x".to_owned()).await, "invalid_grant", "unknown");
    let revoked = text(&tokens(&house).await, "refresh_token");
    house.as_app_at("/oauth/revoke", "oauth_public", &[("token", &revoked)]).await;
    assert_eq!(refused(revoked).await, "invalid_grant", "revoked");
    let used = text(&tokens(&house).await, "refresh_token");
    let next = house.refresh("oauth_public", &used).await.text("refresh_token");
    assert_eq!(refused(used.clone()).await, "invalid_grant", "repeated");
    house.advance(61);
    assert_eq!(refused(used).await, "invalid_grant", "replayed");
    assert_eq!(refused(next).await, "invalid_grant", "its successor");
    let forbidden = text(&tokens(&house).await, "refresh_token");
    let old = text(&tokens(&house).await, "refresh_token");
    house.ops.disable_user(house.user_id("owner"), MACHINE).await.unwrap();
    assert_eq!(refused(forbidden).await, "invalid_grant", "of somebody who was disabled");
    house.ops.enable_user(house.user_id("owner"), MACHINE).await.unwrap();
    house.advance(90 * DAY);
    assert_eq!(refused(old).await, "invalid_grant", "expired");
}

#[tokio::test]
async fn a_resource_narrows_the_access_token_and_not_the_connection() {
    let house = House::new().await;
    let first = tokens(&house).await;
    let mcp = [("resource", "https://cs.example/companies/acme/mcp")];
    let narrow = house.refresh_with("oauth_public", &text(&first, "refresh_token"), &mcp).await;
    let narrow = narrow.json();
    assert!(!works(&house, &narrow).await);
    let wide = house.refresh("oauth_public", &text(&narrow, "refresh_token")).await.json();
    assert!(works(&house, &wide).await);
}

#[tokio::test]
async fn a_grant_for_one_resource_is_never_refreshed_for_another() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let api = ("resource", "https://cs.example/api/external/v2");
    let mcp = ("resource", "https://cs.example/companies/acme/mcp");
    let url = house.authorize_url("oauth_public", &[mcp, ("scope", SCOPE)]);
    let answer = browser.allow(&url, &house.company("acme"), None).await;
    let of_mcp = house.redeem("oauth_public", &answer.redirected("code").unwrap()).await;
    let token = of_mcp.text("refresh_token");
    for asked in [&[api][..], &[api, mcp]] {
        let answer = house.refresh_with("oauth_public", &token, asked).await;
        assert_eq!(answer.refusal(), (400, "invalid_target".to_owned()), "{asked:?}");
    }
    assert!(!works(&house, &house.refresh("oauth_public", &token).await.json()).await);
    // Narrowing at the code narrows that access token; the grant is what was approved.
    let code = house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let narrow = house.redeem_with("oauth_public", &code, &[mcp]).await.json();
    assert!(!works(&house, &narrow).await);
    let wide = house.refresh("oauth_public", &text(&narrow, "refresh_token")).await.json();
    assert!(works(&house, &wide).await);
}

#[tokio::test]
async fn offline_access_is_ignored_and_never_granted() {
    let house = House::new().await;
    let token = text(&tokens(&house).await, "refresh_token");
    let more = [("scope", "offline_access")];
    let whole = house.refresh_with("oauth_public", &token, &more).await;
    assert_eq!(whole.text("scope"), SCOPE);
    let more = [("scope", "offline_access products:readonly")];
    let some = house.refresh_with("oauth_public", &whole.text("refresh_token"), &more).await;
    assert_eq!(some.text("scope"), "products:readonly");
}

#[tokio::test]
async fn a_confidential_client_must_authenticate_to_refresh() {
    let house = House::new().await;
    let kind = "oauth_confidential";
    let first = house.tokens(kind, "owner", &house.company("acme"), SCOPE).await;
    let token = text(&first, "refresh_token");
    let client = house.app(kind).client_id.clone();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", token.as_str()),
        ("client_id", client.as_str()),
    ];
    let answer = house.post("/oauth/token", &form).await;
    assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
    assert_eq!(house.refresh(kind, &token).await.status, StatusCode::OK);
}
