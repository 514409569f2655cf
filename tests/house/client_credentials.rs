//! The client credentials grant: RFC 6749 section 4.4.

use countersign::domain::app::AppKind;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::create_app::CreatedApp;
use countersign::ops::administration::create_app::NewApp;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::basic;

async fn grant(house: &House, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(more);
    house.as_app("api_credentials", &form).await
}

#[tokio::test]
async fn an_app_gets_a_token_of_an_hour_with_all_that_is_delegated_and_no_refresh_token() {
    let house = House::new().await;
    let answer = grant(&house, &[]).await;
    assert_eq!(answer.status, StatusCode::OK);
    let body = answer.json();
    assert_eq!(body["expires_in"], 3600);
    assert_eq!(body["scope"], house.app("api_credentials").scope.clone().unwrap());
    assert!(body.get("refresh_token").is_none());
    let token = body["access_token"].as_str().unwrap();
    assert_eq!(house.call(token, "/customers").await.status, StatusCode::OK);
    house.advance(3601);
    assert_eq!(house.call(token, "/customers").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_scope_narrows_and_one_beyond_the_delegation_is_refused() {
    let house = House::new().await;
    let narrow = grant(&house, &[("scope", "customers:readonly")]).await.json();
    assert_eq!(narrow["scope"], "customers:readonly");
    for scope in ["supplier_invoices:readonly", "customers:all", "customers:readonly no:such", "\""]
    {
        let answer = grant(&house, &[("scope", scope)]).await;
        assert_eq!(answer.error(), "invalid_scope", "{scope}");
    }
}

#[tokio::test]
async fn only_api_credentials_may_use_it() {
    let house = House::new().await;
    for kind in ["oauth_confidential", "resource_server", "oauth_public"] {
        let answer = house.as_app(kind, &[("grant_type", "client_credentials")]).await;
        assert_eq!(answer.error(), "unauthorized_client", "{kind}");
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_secret_used_from_a_browser_is_refused_and_written_down() {
    let house = House::new().await;
    let app = house.app("api_credentials");
    let secret = app.client_secret.clone().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let origin = [("origin", "https://app.example")];
    let answer = house.post_with("/oauth/token", &form, &origin).await;
    assert_eq!(
        (answer.status, answer.error().as_str()),
        (StatusCode::BAD_REQUEST, "invalid_request")
    );
    let newest = house.ops.audit_entries(None, 1).unwrap();
    let kind = serde_json::to_value(newest[0].event.kind).unwrap();
    assert_eq!(kind, "secret_used_in_browser");
}

#[tokio::test]
async fn the_mcp_of_a_company_is_for_people() {
    let house = House::new().await;
    let answer = grant(&house, &[("resource", "https://cs.example/companies/acme/mcp")]).await;
    assert_eq!(answer.error(), "invalid_target");
    let api = grant(&house, &[("resource", "https://cs.example/api/external/v2")]).await;
    assert_eq!(api.status, StatusCode::OK);
}

#[tokio::test]
async fn it_never_has_more_than_its_delegator_and_stops_with_them() {
    let house = House::new().await;
    let token = house.client_token().await;
    let owner = house.user_id("owner");
    let acme: Place = house.company("acme").parse().unwrap();
    let viewer = RoleName("viewer".to_owned());
    house.ops.grant_role(owner, acme, viewer, MACHINE).await.unwrap();
    let reduced = grant(&house, &[]).await.json();
    assert!(!reduced["scope"].as_str().unwrap().contains(":all"), "{reduced}");
    house.ops.disable_user(owner, MACHINE).await.unwrap();
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(grant(&house, &[]).await.status, StatusCode::BAD_REQUEST);
}

async fn firm_app(house: &House, delegator: &str) -> CreatedApp {
    let new = NewApp {
        place: Some(house.firm().parse().unwrap()),
        delegated_by: Some(house.user_id(delegator)),
        scopes: Some(ScopeSet::parse("customers:readonly companies:readonly")),
        ..NewApp::of(AppKind::ApiCredentials, "Firm sync")
    };
    house.ops.create_app(new, MACHINE).await.unwrap()
}

async fn firm_grant(house: &House, app: &CreatedApp, company: Option<&str>) -> Answer {
    let id = app.app.id.to_string();
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
        ("client_secret", app.secret.as_ref().unwrap().expose()),
    ];
    form.extend(company.map(|company| ("company_id", company)));
    house.post("/oauth/token", &form).await
}

#[tokio::test]
async fn a_firms_app_is_firm_wide_or_narrowed_to_one_company_that_its_delegator_sees() {
    let house = House::new().await;
    let app = firm_app(&house, "junior").await;
    let wide = firm_grant(&house, &app, None).await.json();
    let wide = wide["access_token"].as_str().unwrap();
    assert_eq!(house.call(wide, "/customers").await.status, StatusCode::BAD_REQUEST);
    let (bakery, clinic) = (house.company("bakery"), house.company("clinic"));
    let named = |company: String| [("x-company-id", company)];
    let call = |company: String| {
        let house = &house;
        async move {
            let headers = named(company);
            let headers = [(headers[0].0, headers[0].1.as_str())];
            house.call_with(wide, "/customers", &headers).await.status
        }
    };
    assert_eq!(call(bakery.clone()).await, StatusCode::OK);
    assert_eq!(call(clinic.clone()).await, StatusCode::FORBIDDEN);
    assert_eq!(call(house.company("acme-test")).await, StatusCode::FORBIDDEN);
    let narrow = firm_grant(&house, &app, Some(&bakery)).await.json();
    let narrow = narrow["access_token"].as_str().unwrap();
    assert_eq!(house.call(narrow, "/customers").await.status, StatusCode::OK);
    let elsewhere = [("x-company-id", house.company("acme"))];
    let elsewhere = [(elsewhere[0].0, elsewhere[0].1.as_str())];
    let answer = house.call_with(narrow, "/customers", &elsewhere).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    for company in [clinic.as_str(), &house.company("acme-test"), "nonsense"] {
        let answer = firm_grant(&house, &app, Some(company)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{company}: {answer:?}");
    }
}

#[tokio::test]
async fn offline_access_is_ignored_and_never_granted() {
    let house = House::new().await;
    for scope in ["offline_access", " ", "offline_access customers:readonly"] {
        let answer = grant(&house, &[("scope", scope)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{scope:?}");
        assert!(!answer.json()["scope"].as_str().unwrap().contains("offline_access"));
    }
}

#[tokio::test]
async fn a_secret_may_be_used_from_a_browser_where_that_is_switched_on() {
    let house = House::with(&[("clients.allow_browser_secrets", "true")]).await;
    let app = house.app("api_credentials");
    let header = basic(&app.client_id, app.client_secret.as_ref().unwrap());
    let headers = [("origin", "https://app.example"), ("authorization", header.as_str())];
    let form = [("grant_type", "client_credentials")];
    let answer = house.post_with("/oauth/token", &form, &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn any_origin_at_all_is_a_browser_and_gets_no_token() {
    let house = House::new().await;
    let app = house.app("api_credentials");
    let header = basic(&app.client_id, app.client_secret.as_ref().unwrap());
    for origin in ["null", "", "https://cs.example", "chrome-extension://x", "nonsense"] {
        let headers = [("origin", origin), ("authorization", header.as_str())];
        let form = [("grant_type", "client_credentials")];
        let answer = house.post_with("/oauth/token", &form, &headers).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{origin:?}");
        assert!(!answer.body.contains("access_token"));
    }
}

#[tokio::test]
async fn an_app_is_its_own_subject_and_never_shares_a_name_with_a_person() {
    let house = House::new().await;
    let token = house.client_token().await;
    let form = [("token", token.as_str())];
    let seen = house.as_app_at("/oauth/introspect", "resource_server", &form).await;
    let subject = seen.text("sub");
    assert_eq!(subject, house.app("api_credentials").client_id);
    assert!(subject.starts_with("cs_app_"));
    for user in house.ops.users().unwrap() {
        assert!(user.user.id.to_string().starts_with("cs_user_"));
    }
    let me = house.call(&token, "/me").await.json();
    assert!(me["user"].is_null(), "{me}");
}

#[tokio::test]
async fn a_companys_app_may_name_its_company_and_no_other() {
    let house = House::new().await;
    let own = house.company("acme");
    assert_eq!(grant(&house, &[("company_id", &own)]).await.status, StatusCode::OK);
    let mut told = Vec::new();
    for company in
        [house.company("bakery"), "cs_co_0000000000000000000000".to_owned(), "acme".to_owned()]
    {
        let answer = grant(&house, &[("company_id", &company)]).await;
        assert_eq!(answer.refusal(), (400, "invalid_target".to_owned()), "{company}");
        told.push(answer.body);
    }
    assert!(told.iter().all(|body| body == &told[0]), "whether one exists is not told");
}

#[tokio::test]
async fn a_resource_that_is_none_of_ours_is_an_invalid_target() {
    let house = House::new().await;
    let api = ("resource", "https://cs.example/api/external/v2");
    for resource in [
        "https://elsewhere.example/",
        "api/external/v2",
        "https://cs.example/api/external/v2#x",
        "https://cs.example/companies/nobody/mcp",
        "https://cs.example/companies/bakery/mcp",
    ] {
        for asked in [&[("resource", resource)][..], &[api, ("resource", resource)]] {
            let answer = grant(&house, asked).await;
            assert_eq!(answer.refusal(), (400, "invalid_target".to_owned()), "{asked:?}");
        }
    }
    let token = grant(&house, &[api]).await.text("access_token");
    let form = [("token", token.as_str())];
    let seen = house.as_app_at("/oauth/introspect", "resource_server", &form).await;
    assert_eq!(seen.json()["aud"], serde_json::json!([api.1]));
}

#[tokio::test]
async fn an_app_of_a_test_company_gets_tokens_that_say_so() {
    let house = House::new().await;
    let new = NewApp {
        place: Some(house.company("acme-test").parse().unwrap()),
        delegated_by: Some(house.user_id("owner")),
        scopes: Some(ScopeSet::parse("customers:readonly")),
        ..NewApp::of(AppKind::ApiCredentials, "Test sync")
    };
    let app = house.ops.create_app(new, MACHINE).await.unwrap();
    let token = firm_grant(&house, &app, None).await.text("access_token");
    assert!(token.starts_with("cs_test_ct_"), "{token}");
}
