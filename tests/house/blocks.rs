//! Blocks: a company keeps an app or a connection away, whoever allowed it and through whichever firm.

use countersign::base::id::CompanyId;
use countersign::domain::app::AppKind;
use countersign::domain::audit::EventKind;
use countersign::domain::block::Blocked;
use countersign::domain::company::Place;
use countersign::ops::administration::refusal::Refusal;
use countersign::ops::failure::Failure;
use http::StatusCode;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::offered_places;

const SCOPE: &str = "companies:readonly customers:readonly";

fn id(house: &House, slug: &str) -> CompanyId {
    house.company(slug).parse().unwrap()
}

fn app(house: &House, kind: &str) -> Blocked {
    house.app(kind).client_id.parse().unwrap()
}

async fn block(house: &House, slug: &str, blocked: Blocked) {
    let by = Some(house.user_id("owner"));
    house.ops.block(id(house, slug), blocked, by, "over", MACHINE).await.unwrap();
}

async fn unblock(house: &House, slug: &str, blocked: Blocked) {
    house.ops.unblock(id(house, slug), blocked, None, MACHINE).await.unwrap();
}

async fn access(house: &House, name: &str, place: &str) -> (String, String) {
    let tokens = house.tokens("oauth_public", name, place, SCOPE).await;
    let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

/// The connection behind a token.
async fn connection(house: &House, token: &str) -> Blocked {
    let item = house.get_as(token, "/connections").await.json()["items"][0].clone();
    item["connection_id"].as_str().unwrap().parse().unwrap()
}

async fn customers(house: &House, token: &str, slug: &str) -> StatusCode {
    let path = format!("/companies/{}/customers", house.company(slug));
    house.call(token, &path).await.status
}

#[tokio::test]
async fn a_blocked_app_reaches_that_company_by_no_grant_and_no_use_and_others_as_before() {
    let house = House::new().await;
    let acme = house.company("acme");
    let (own, refresh) = access(&house, "owner", &acme).await;
    let (firm, _) = access(&house, "partner", &house.firm()).await;
    let code = house.code("oauth_public", "viewer", &acme, SCOPE).await;
    block(&house, "acme", app(&house, "oauth_public")).await;
    for path in ["/me", "/customers", "/companies"] {
        assert_eq!(house.call(&own, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let form = [("token", own.as_str())];
    let seen = house.as_app_at("/oauth/introspect", "resource_server", &form).await;
    assert_eq!(seen.json(), serde_json::json!({"active": false}));
    assert_eq!(house.refresh("oauth_public", &refresh).await.error(), "invalid_grant");
    assert_eq!(house.redeem("oauth_public", &code).await.error(), "invalid_grant");
    assert_eq!(customers(&house, &firm, "acme").await, StatusCode::FORBIDDEN);
    assert_eq!(customers(&house, &firm, "bakery").await, StatusCode::OK);
    let listed = house.call(&firm, "/companies").await;
    assert!(!listed.body.contains("\"acme\"") && listed.body.contains("\"bakery\""), "{listed:?}");
    assert_eq!(house.call(&house.client_token().await, "/customers").await.status, StatusCode::OK);
    unblock(&house, "acme", app(&house, "oauth_public")).await;
    assert_eq!(house.call(&own, "/customers").await.status, StatusCode::OK);
    assert_eq!(customers(&house, &firm, "acme").await, StatusCode::OK);
    assert_eq!(house.refresh("oauth_public", &refresh).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_block_is_answered_like_a_company_out_of_reach() {
    let house = House::new().await;
    let (firm, _) = access(&house, "junior", &house.firm()).await;
    block(&house, "acme", app(&house, "oauth_public")).await;
    let mut answers = Vec::new();
    for slug in ["acme", "clinic"] {
        let path = format!("/companies/{}/customers", house.company(slug));
        let answer = house.call(&firm, &path).await;
        answers.push((
            answer.status,
            answer.body.clone(),
            answer.header("www-authenticate").to_owned(),
        ));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_company_is_not_offered_to_an_app_that_it_blocks() {
    let house = House::new().await;
    block(&house, "acme", app(&house, "oauth_public")).await;
    let mut browser = house.signed_in("partner").await;
    let url = house.authorize_url("oauth_public", &[("scope", SCOPE)]);
    let (_, page) = browser.consent_page(&url).await;
    let offered = offered_places(&page.body);
    assert!(!offered.contains(&house.company("acme")), "{offered:?}");
    assert!(offered.contains(&house.firm()) && !page.body.contains("Acme Trading"));
    let mut pages = Vec::new();
    for slug in ["acme", "nobody"] {
        let resource = format!("https://cs.example/companies/{slug}/mcp");
        let url = house.authorize_url("oauth_public", &[("resource", &resource)]);
        let (_, page) = browser.follow(&url).await;
        let reference = page.header("x-request-id").to_owned();
        pages.push((page.status, page.body.replace(&reference, "")));
    }
    assert_eq!(pages[0].0, StatusCode::FORBIDDEN);
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn a_block_between_offer_and_allow_yields_no_code() {
    let house = House::new().await;
    let mut browser = house.signed_in("owner").await;
    let url = house.authorize_url("oauth_public", &[("scope", SCOPE)]);
    let (path, page) = browser.consent_page(&url).await;
    block(&house, "acme", app(&house, "oauth_public")).await;
    let code = house.next_code("owner");
    let answer = browser.answer(&page, &path, &house.company("acme"), None, &code).await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    assert!(answer.headers.get("location").is_none());
}

#[tokio::test]
async fn a_blocked_connection_is_that_one_and_no_other_of_the_same_app() {
    let house = House::new().await;
    let acme = house.company("acme");
    let (first, _) = access(&house, "owner", &acme).await;
    let (second, _) = access(&house, "owner", &acme).await;
    let (firm, refresh) = access(&house, "partner", &house.firm()).await;
    block(&house, "acme", connection(&house, &first).await).await;
    block(&house, "acme", connection(&house, &firm).await).await;
    assert_eq!(house.call(&first, "/customers").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.call(&second, "/customers").await.status, StatusCode::OK);
    assert_eq!(customers(&house, &firm, "acme").await, StatusCode::FORBIDDEN);
    assert_eq!(customers(&house, &firm, "bakery").await, StatusCode::OK);
    let next = house.refresh("oauth_public", &refresh).await.text("access_token");
    assert_eq!(customers(&house, &next, "acme").await, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_firms_credentials_and_tokens_do_not_reach_a_company_that_blocks_them() {
    let mut house = House::new().await;
    for (name, kind) in [("sync", AppKind::ApiCredentials), ("static", AppKind::ApiToken)] {
        let new = house.acting(kind, "firm", "partner", SCOPE);
        house.register(name, new).await;
    }
    let bakery = house.company("bakery");
    let narrowed = house.grant("sync", &[("company_id", &bakery)]).await.text("access_token");
    let token = house.app("static").client_secret.clone().unwrap();
    for name in ["sync", "static"] {
        block(&house, "bakery", app(&house, name)).await;
    }
    let of_none = house.company("acme-test");
    let refused = house.grant("sync", &[("company_id", &bakery)]).await;
    assert_eq!(refused.body, house.grant("sync", &[("company_id", &of_none)]).await.body);
    assert_eq!(refused.refusal(), (400, "invalid_target".to_owned()));
    assert_eq!(house.call(&narrowed, "/customers").await.status, StatusCode::FORBIDDEN);
    let wide = house.grant("sync", &[]).await.text("access_token");
    for token in [&wide, &token] {
        assert_eq!(customers(&house, token, "bakery").await, StatusCode::FORBIDDEN);
        assert_eq!(customers(&house, token, "acme").await, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_company_sees_what_reaches_it_directly_and_through_its_firm_and_what_it_blocks() {
    let mut house = House::new().await;
    let new = house.acting(AppKind::ApiToken, "firm", "junior", SCOPE);
    house.register("static", new).await;
    let (own, _) = access(&house, "partner", &house.company("clinic")).await;
    let (partner, _) = access(&house, "partner", &house.firm()).await;
    access(&house, "junior", &house.firm()).await;
    access(&house, "owner", &house.company("acme")).await;
    let reaching = |house: &House, slug: &str| {
        let found = house.ops.reaching(id(house, slug)).unwrap();
        let brief = |found: &countersign::ops::administration::reaching::Reaching| {
            (found.what, found.through.is_some(), found.blocked)
        };
        found.iter().map(brief).collect::<Vec<_>>()
    };
    let (own, through) = (connection(&house, &own).await, connection(&house, &partner).await);
    assert_eq!(reaching(&house, "clinic"), [(own, false, false), (through, true, false)]);
    assert_eq!(reaching(&house, "bakery").len(), 3);
    block(&house, "clinic", through).await;
    assert_eq!(reaching(&house, "clinic"), [(own, false, false), (through, true, true)]);
    assert_eq!(house.ops.blocks(id(&house, "clinic")).unwrap().len(), 1);
    assert!(house.ops.blocks(id(&house, "bakery")).unwrap().is_empty());
    let clinic: Place = house.company("clinic").parse().unwrap();
    house
        .ops
        .remove_role(house.user_id("partner"), house.firm().parse().unwrap(), MACHINE)
        .await
        .unwrap();
    assert!(reaching(&house, "clinic").is_empty(), "{clinic}");
}

#[tokio::test]
async fn blocks_are_written_down_once_and_only_of_what_could_reach_the_company() {
    let house = House::new().await;
    let (own, _) = access(&house, "owner", &house.company("acme")).await;
    let (own, public) = (connection(&house, &own).await, app(&house, "oauth_public"));
    let refused = |slug: &str, blocked: Blocked| {
        let act = house.ops.block(id(&house, slug), blocked, None, "", MACHINE);
        async move {
            match act.await {
                Err(Failure::Refused(why)) => why,
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(refused("bakery", own).await, Refusal::UnknownConnection);
    let nobody = house.user_id("owner").to_string().replace("cs_user_", "cs_app_").parse().unwrap();
    assert_eq!(refused("bakery", nobody).await, Refusal::UnknownApp);
    block(&house, "acme", public).await;
    block(&house, "acme", public).await;
    block(&house, "acme", own).await;
    unblock(&house, "acme", public).await;
    assert_eq!(house.call(&house.client_token().await, "/me").await.status, StatusCode::OK);
    let lift = house.ops.unblock(id(&house, "acme"), public, None, MACHINE).await;
    assert!(matches!(lift, Err(Failure::Refused(Refusal::NotBlocked))));
    assert_eq!(house.ops.blocks(id(&house, "acme")).unwrap().len(), 1);
    let entries = house.ops.audit_entries(None, 100).unwrap();
    let of = |kind: EventKind| entries.iter().filter(|entry| entry.event.kind == kind).count();
    assert_eq!((of(EventKind::AccessBlocked), of(EventKind::AccessUnblocked)), (2, 1));
}
