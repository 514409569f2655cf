//! API tokens: static bearer tokens for a company's or firm's own use, through the same gate.

use countersign::domain::app::AppKind;
use countersign::domain::company::Place;
use countersign::domain::role::RoleName;
use countersign::domain::scope::ScopeSet;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::expiry;
use countersign::ops::administration::refusal::AppRefusal;
use countersign::ops::administration::refusal::Refusal;
use countersign::ops::failure::Failure;
use http::StatusCode;

use crate::harness::House;
use crate::harness::MACHINE;

const SCOPES: &str = "companies:readonly customers:readonly";

async fn token(house: &mut House, name: &str, new: NewApp) -> String {
    house.register(name, new).await;
    house.app(name).client_secret.clone().unwrap()
}

async fn of_acme(house: &mut House) -> String {
    let new = house.acting(AppKind::ApiToken, "acme", "owner", SCOPES);
    token(house, "api_token", new).await
}

async fn active(house: &House, kind: &str, token: &str) -> serde_json::Value {
    house.as_app_at("/oauth/introspect", kind, &[("token", token)]).await.json()
}

#[tokio::test(start_paused = true)]
async fn an_api_token_is_no_client_anywhere() {
    let mut house = House::new().await;
    let token = of_acme(&mut house).await;
    let id = house.app("api_token").client_id.clone();
    for secret in [Some(token.as_str()), Some("x"), None] {
        for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/par"] {
            for grant in ["client_credentials", "authorization_code", "refresh_token"] {
                let mut form = vec![
                    ("grant_type", grant),
                    ("token", token.as_str()),
                    ("code", "x"),
                    ("refresh_token", "x"),
                    ("client_id", id.as_str()),
                ];
                form.extend(secret.map(|secret| ("client_secret", secret)));
                let answer = house.post(path, &form).await;
                assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()), "{path} {grant}");
            }
        }
    }
    let url = house.authorize_url("oauth_public", &[("client_id", &id)]);
    assert_eq!(house.get(&url).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
}

#[tokio::test]
async fn nobody_ends_an_api_token_by_revoking_it_at_the_endpoint() {
    let mut house = House::new().await;
    let token = of_acme(&mut house).await;
    for kind in ["api_credentials", "oauth_public", "oauth_confidential", "resource_server"] {
        let answer = house.as_app_at("/oauth/revoke", kind, &[("token", &token)]).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""), "{kind}");
    }
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_api_token_says_what_it_is_and_for_which_environment() {
    let mut house = House::new().await;
    assert!(of_acme(&mut house).await.starts_with("cs_api_"));
    let new = house.acting(AppKind::ApiToken, "acme-test", "owner", SCOPES);
    let test = token(&mut house, "test_token", new).await;
    assert!(test.starts_with("cs_test_api_"));
    let me = house.call(&test, "/me").await.json();
    assert_eq!(me["company"]["environment"], "test");
    assert!(me["user"].is_null(), "it acts in its own right: {me}");
    let header = [("x-company-id", house.company("acme"))];
    let header = [(header[0].0, header[0].1.as_str())];
    assert_eq!(house.call_with(&test, "/customers", &header).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_api_token_is_delegated_and_never_elevated_at_its_making_and_at_each_use() {
    let mut house = House::new().await;
    let new = house.acting(AppKind::ApiToken, "acme", "viewer", "customers:all");
    let refused = house.ops.create_app(new, MACHINE).await.unwrap_err();
    let beyond = AppRefusal::BeyondDelegator(ScopeSet::parse("customers:all"));
    assert!(matches!(refused, Failure::Refused(Refusal::App(why)) if why == beyond));
    let token = of_acme(&mut house).await;
    let acme: Place = house.company("acme").parse().unwrap();
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    let owner = house.user_id("owner");
    house.ops.remove_role(owner, acme, MACHINE).await.unwrap();
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::FORBIDDEN);
    assert_eq!(active(&house, "resource_server", &token).await["active"], false);
    let role = RoleName("viewer".to_owned());
    house.ops.grant_role(owner, acme, role, MACHINE).await.unwrap();
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    house.ops.disable_user(owner, MACHINE).await.unwrap();
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_api_token_needs_a_place_a_creator_and_scopes_and_takes_nothing_of_an_oauth_app() {
    let house = House::new().await;
    let good = || house.acting(AppKind::ApiToken, "acme", "owner", SCOPES);
    let firm = house.acting(AppKind::ApiToken, "firm", "partner", SCOPES);
    let oauth = NewApp {
        redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
        mcp: true,
        ..NewApp::of(AppKind::OauthPublic, "x")
    };
    for (new, expected) in [
        (NewApp { place: None, ..good() }, AppRefusal::PlaceMissing),
        (NewApp { delegated_by: None, ..good() }, AppRefusal::DelegatorMissing),
        (NewApp { scopes: None, ..good() }, AppRefusal::ScopesMissing),
        (
            NewApp { redirect_uris: oauth.redirect_uris.clone(), ..good() },
            AppRefusal::RedirectUriNotUsed,
        ),
        (NewApp { mcp: true, ..firm }, AppRefusal::McpOfFirmToken),
        (oauth, AppRefusal::McpNotUsed),
    ] {
        let refused = house.ops.create_app(new, MACHINE).await.unwrap_err();
        assert!(
            matches!(&refused, Failure::Refused(Refusal::App(why)) if *why == expected),
            "{refused:?}"
        );
    }
    assert!(house.ops.create_app(good(), MACHINE).await.is_ok());
}

#[tokio::test]
async fn a_firms_api_token_names_a_company_always() {
    let mut house = House::new().await;
    let new = house.acting(AppKind::ApiToken, "firm", "junior", SCOPES);
    let token = token(&mut house, "firm_token", new).await;
    assert_eq!(house.call(&token, "/customers").await.error(), "company_required");
    for (slug, expected) in [
        ("acme", StatusCode::OK),
        ("bakery", StatusCode::OK),
        ("clinic", StatusCode::FORBIDDEN),
        ("acme-test", StatusCode::FORBIDDEN),
    ] {
        let path = format!("/companies/{}/customers", house.company(slug));
        assert_eq!(house.call(&token, &path).await.status, expected, "{slug}");
    }
}

#[tokio::test]
async fn a_revoked_api_token_is_over_at_once_and_one_with_a_date_when_its_day_ends() {
    let mut house = House::new().await;
    let revoked = of_acme(&mut house).await;
    let id = house.app("api_token").client_id.parse().unwrap();
    house.ops.revoke_app(id, MACHINE).await.unwrap();
    assert_eq!(house.call(&revoked, "/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        active(&house, "resource_server", &revoked).await,
        serde_json::json!({"active": false})
    );
    let today = house.ops.now().rfc3339();
    let end = expiry::end_of_day(today.get(..10).unwrap()).unwrap();
    let new = house.acting(AppKind::ApiToken, "acme", "owner", SCOPES);
    let dated = token(&mut house, "dated", NewApp { expires_at: Some(end), ..new }).await;
    let left = end.since(house.ops.now()).as_secs();
    house.advance(left - 1);
    assert_eq!(house.call(&dated, "/me").await.status, StatusCode::OK);
    assert_eq!(active(&house, "resource_server", &dated).await["exp"], end.seconds());
    house.advance(1);
    assert_eq!(house.call(&dated, "/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(active(&house, "resource_server", &dated).await["active"], false);
}

#[tokio::test]
async fn an_upstream_is_told_of_an_api_token_and_no_other_client_is() {
    let mut house = House::new().await;
    let token = of_acme(&mut house).await;
    let seen = active(&house, "resource_server", &token).await;
    let id = house.app("api_token").client_id.clone();
    assert_eq!(seen["token_type"], "Bearer");
    assert_eq!((&seen["client_id"], &seen["sub"]), (&id.clone().into(), &id.into()));
    assert_eq!(seen["company_id"], house.company("acme"));
    assert_eq!(seen["aud"], serde_json::json!(["https://cs.example/api/external/v2"]));
    assert!(seen.get("exp").is_none(), "it ends by itself at no time: {seen}");
    for kind in ["api_credentials", "oauth_confidential"] {
        assert_eq!(active(&house, kind, &token).await, serde_json::json!({"active": false}));
    }
}

#[tokio::test]
async fn an_api_token_is_for_mcp_only_where_it_was_made_for_it() {
    let mut house = House::new().await;
    for (mcp, expected) in [
        (false, vec!["https://cs.example/api/external/v2"]),
        (true, vec!["https://cs.example/api/external/v2", "https://cs.example/companies/acme/mcp"]),
    ] {
        let new = house.acting(AppKind::ApiToken, "acme", "owner", SCOPES);
        let name = format!("mcp {mcp}");
        let token = token(&mut house, &name, NewApp { mcp, ..new }).await;
        assert_eq!(
            active(&house, "resource_server", &token).await["aud"],
            serde_json::json!(expected)
        );
    }
}

#[tokio::test]
async fn an_api_token_may_call_as_often_as_any_other() {
    let mut house = House::new().await;
    let token = of_acme(&mut house).await;
    for _ in 0..25 {
        assert_eq!(house.call(&token, "/me").await.status, StatusCode::OK);
    }
    assert_eq!(house.call(&token, "/me").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn an_api_token_works_after_a_restart_and_its_file_does_not_tell_it() {
    let mut house = House::on_disk().await;
    let token = of_acme(&mut house).await;
    let house = house.restarted(&[]);
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    let secret = token.as_bytes().get(29..).unwrap();
    for entry in std::fs::read_dir(house.folder()).unwrap() {
        let Ok(bytes) = std::fs::read(entry.unwrap().path()) else { continue };
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
}
