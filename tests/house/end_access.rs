//! "End all access now", rehearsed: whatever got in before gets in no more.

use countersign::domain::app::AppKind;
use countersign::domain::audit::EventKind;
use countersign::domain::company::Place;
use http::StatusCode;

use crate::harness::Browser;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::basic;

const SCOPE: &str = "customers:readonly";

/// All that reaches Acme, and one thing that reaches another company.
struct Reaching {
    tokens: Vec<String>,
    refresh: String,
    code: String,
    credentials: (String, String),
    elsewhere: String,
}

async fn reaching(house: &House) -> Reaching {
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, SCOPE).await;
    let new = house.acting(AppKind::ApiCredentials, "acme", "owner", SCOPE);
    let made = house.ops.create_app(new, MACHINE).await.unwrap();
    let credentials = (made.app.client_id(), made.secret.unwrap().expose().to_owned());
    let new = house.acting(AppKind::ApiToken, "acme", "owner", SCOPE);
    let api_token = house.ops.create_app(new, MACHINE).await.unwrap().secret.unwrap();
    let own = house.client_token().await;
    let code = house.code("oauth_public", "owner", &acme, SCOPE).await;
    let other = house.company("acme-test");
    let new = house.acting(AppKind::ApiToken, "acme-test", "owner", SCOPE);
    let elsewhere = house.ops.create_app(new, MACHINE).await.unwrap().secret.unwrap();
    assert_ne!(other, acme);
    Reaching {
        tokens: vec![
            tokens["access_token"].as_str().unwrap().to_owned(),
            api_token.expose().to_owned(),
            own,
        ],
        refresh: tokens["refresh_token"].as_str().unwrap().to_owned(),
        code,
        credentials,
        elsewhere: elsewhere.expose().to_owned(),
    }
}

async fn assert_dead(house: &House, reaching: &Reaching) {
    for token in &reaching.tokens {
        let status = house.call(token, "/customers").await.status;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{token}");
    }
    let answer = house.refresh("oauth_public", &reaching.refresh).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let answer = house.redeem("oauth_public", &reaching.code).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    let (id, secret) = &reaching.credentials;
    let authorization = basic(id, secret);
    let headers = [("authorization", authorization.as_str())];
    let form = [("grant_type", "client_credentials")];
    let answer = house.post_with("/oauth/token", &form, &headers).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.body);
}

async fn end(browser: &mut Browser<'_>, path: &str, name: &str) -> StatusCode {
    let page = browser.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let code = browser.house.next_code("owner");
    let wrong = [("typed_name", "something else"), ("code", code.as_str())];
    let answer = browser.submit(&page, path, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.submit(&page, path, &[("typed_name", name), ("code", &code)]).await.status
}

#[tokio::test]
async fn nothing_reaches_a_company_whose_access_was_ended() {
    let house = House::new().await;
    let reaching = reaching(&house).await;
    let mut owner = house.signed_in("owner").await;
    owner.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    let mut viewer = house.signed_in("viewer").await;
    for token in reaching.tokens.iter().chain([&reaching.elsewhere]) {
        assert_eq!(house.call(token, "/customers").await.status, StatusCode::OK);
    }
    let status = end(&mut owner, "/settings/data/end-all-access", "Acme Trading").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(house.happened(1), [EventKind::AllAccessEnded]);
    assert_dead(&house, &reaching).await;
    assert_eq!(house.call(&reaching.elsewhere, "/customers").await.status, StatusCode::OK);
    assert_eq!(owner.get("/settings/data").await.status, StatusCode::OK);
    let away = viewer.get("/settings/app-connect/activity").await;
    assert!(away.location().starts_with("/sign-in"), "{away:?}");
}

#[tokio::test]
async fn what_comes_through_a_firm_reaches_the_company_no_more_and_others_still() {
    let house = House::new().await;
    let firm = house.firm();
    let tokens = house.tokens("oauth_public", "partner", &firm, SCOPE).await;
    let token = tokens["access_token"].as_str().unwrap();
    let call = async |slug: &str| {
        let company = house.company(slug);
        house.call_with(token, "/customers", &[("x-company-id", &company)]).await.status
    };
    for slug in ["acme", "bakery"] {
        assert_eq!(call(slug).await, StatusCode::OK, "{slug}");
    }
    let acme: Place = house.company("acme").parse().unwrap();
    house.ops.end_all_access(Some(acme), MACHINE).await.unwrap();
    assert_ne!(call("acme").await, StatusCode::OK);
    assert_eq!(call("bakery").await, StatusCode::OK);
}

#[tokio::test]
async fn nothing_reaches_an_installation_whose_access_was_ended() {
    let house = House::new().await;
    let reaching = reaching(&house).await;
    let mut owner = house.signed_in("owner").await;
    owner.cookies.insert("__Host-cs_place".to_owned(), house.company("acme"));
    let path = "/settings/data/end-all-access-everywhere";
    assert_eq!(end(&mut owner, path, "cs.example").await, StatusCode::SEE_OTHER);
    assert_eq!(house.happened(1), [EventKind::AllAccessEnded]);
    assert_dead(&house, &reaching).await;
    let status = house.call(&reaching.elsewhere, "/customers").await.status;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(owner.get("/settings/data").await.status, StatusCode::OK);
    assert!(house.ops.live_tokens().unwrap().iter().all(|token| token.expires_at.is_some()));
}

#[tokio::test]
async fn only_an_operator_ends_all_access_everywhere_and_only_who_administers_in_a_company() {
    let house = House::new().await;
    let mut viewer = house.signed_in("viewer").await;
    for path in ["/settings/data/end-all-access", "/settings/data/end-all-access-everywhere"] {
        assert_eq!(viewer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let mut partner = house.signed_in("partner").await;
    let path = "/settings/data/end-all-access-everywhere";
    assert_eq!(partner.get(path).await.status, StatusCode::FORBIDDEN);
}
