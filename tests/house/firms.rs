//! What firms reach: lists in pages, tokens narrowed to one company, and what a token says of itself.

use std::collections::BTreeSet;

use countersign::domain::app::AppKind;
use countersign::domain::company::Environment;
use countersign::ops::administration::create_app::NewApp;
use countersign::ops::administration::create_company::NewCompany;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::request;

const SCOPE: &str = "companies:readonly customers:readonly";
const API: &str = "https://cs.example/api/external/v2";

async fn firm_token(house: &House, name: &str) -> String {
    let tokens = house.tokens("oauth_public", name, &house.firm(), SCOPE).await;
    tokens["access_token"].as_str().unwrap().to_owned()
}

fn slugs(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["slug"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_firm_with_many_companies_lists_each_once_in_bounded_pages() {
    let house = House::new().await;
    let firm = house.firm().parse().ok();
    for number in 0..230 {
        let new = NewCompany {
            firm,
            confidential: number % 3 == 0,
            ..NewCompany::named(format!("Client {number}"), Environment::Production)
        };
        house.ops.create_company(new, MACHINE).await.unwrap();
    }
    let token = firm_token(&house, "junior").await;
    for limit in ["", "limit=100", "limit=7"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            house.advance(1);
            let page = house.call(&token, &format!("/companies?{limit}{cursor}")).await.json();
            let found = slugs(&page);
            assert!(found.len() <= if limit == "limit=7" { 7 } else { 100 });
            seen.extend(found);
            assert_eq!(page["has_more"], page["next_cursor"].is_string());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let each: BTreeSet<&String> = seen.iter().collect();
        assert_eq!((seen.len(), each.len()), (155, 155), "{limit}");
        assert!(!seen.contains(&"client-3".to_owned()) && !seen.contains(&"clinic".to_owned()));
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_alone() {
    let house = House::new().await;
    let (partner, junior) =
        (firm_token(&house, "partner").await, firm_token(&house, "junior").await);
    let page = house.call(&partner, "/companies?limit=1").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let again = house.call(&partner, &format!("/companies?limit=1&cursor={cursor}")).await;
    assert_eq!((again.status, slugs(&again.json()).len()), (StatusCode::OK, 1));
    let mut changed = cursor.to_owned();
    changed.replace_range(0..1, if cursor.starts_with('A') { "B" } else { "A" });
    let (acme, short) = (house.company("acme"), &cursor[..22]);
    for wrong in
        [changed.as_str(), short, "c1", "", &acme, "%00", "1%20OR%201=1", &cursor.to_lowercase()]
    {
        house.advance(1);
        let answer = house.call(&partner, &format!("/companies?cursor={wrong}")).await;
        let expected = if wrong.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        assert_eq!(answer.status, expected, "{wrong}: {answer:?}");
    }
    for query in ["limit=0", "limit=101", "limit=x", "limit=-1", "limit=1&limit=2"] {
        let answer = house.call(&partner, &format!("/companies?{query}")).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{query}");
    }
    for token in [&junior, &house.client_token().await] {
        let answer = house.call(token, &format!("/companies?cursor={cursor}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer:?}");
    }
}

#[tokio::test]
async fn connections_tells_what_a_token_is_for_and_takes_no_scope() {
    let house = House::new().await;
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, "products:readonly").await;
    let answer = house.get_as(tokens["access_token"].as_str().unwrap(), "/connections").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cache-control"), "no-store");
    let item = answer.json()["items"][0].clone();
    assert_eq!(item["type"], "company");
    assert_eq!((&item["id"], &item["slug"]), (&json!(acme), &json!("acme")));
    assert_eq!(item["environment"], "production");
    assert_eq!(item["scopes"], json!(["products:readonly"]));
    assert_eq!(item["resources"], json!([API, "https://cs.example/companies/acme/mcp"]));
    assert_eq!(item["client_id"], house.app("oauth_public").client_id);
    assert!(item["connection_id"].as_str().unwrap().starts_with("cs_conn_"));
    let item = house.get_as(&firm_token(&house, "junior").await, "/connections").await;
    let item = item.json()["items"][0].clone();
    assert_eq!((&item["type"], &item["id"]), (&json!("firm"), &json!(house.firm())));
    assert_eq!(item["resources"], json!([API]));
    let tokens = house.tokens("oauth_public", "junior", &house.firm(), "customers:readonly").await;
    let item = house.get_as(tokens["access_token"].as_str().unwrap(), "/connections").await.json();
    assert_eq!(item["items"].as_array().unwrap().len(), 1, "companies take a scope: {item}");
    let item = house.get_as(&house.client_token().await, "/connections").await.json();
    assert_eq!(item["items"].as_array().unwrap().len(), 1);
    assert!(item["items"][0].get("connection_id").is_none());
}

#[tokio::test]
async fn connections_lists_the_companies_of_a_firm_that_companies_lists() {
    let house = House::new().await;
    for (person, all) in [("partner", 3), ("junior", 2)] {
        let token = firm_token(&house, person).await;
        let listed = |answer: Answer| {
            let items = answer.json()["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
        };
        let companies = listed(house.call(&token, "/companies").await);
        let reached = listed(house.get_as(&token, "/connections").await);
        assert_eq!(reached[0], json!(house.firm()));
        assert_eq!((&reached[1..], reached.len()), (&companies[..], all + 1), "{person}");
        let first = house.get_as(&token, "/connections?limit=1").await.json();
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = house.get_as(&token, &format!("/connections?limit=1&cursor={cursor}")).await;
        assert_eq!(listed(second), companies[1..2], "the firm stands on the first page alone");
    }
}

#[tokio::test]
async fn connections_is_guarded_like_the_api() {
    let house = House::new().await;
    let answer = house.get("/connections").await;
    assert_eq!(answer.refusal(), (401, "unauthorized".to_owned()));
    assert!(answer.header("www-authenticate").contains("resource_metadata=\""), "{answer:?}");
    let secret = house.app("api_credentials").client_secret.clone().unwrap();
    let answer = house.get_as(&secret, "/connections").await;
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    let token = house.client_token().await;
    for method in ["POST", "DELETE"] {
        let request = request(method, "/connections")
            .header("authorization", format!("Bearer {token}"))
            .body(axum::body::Body::empty());
        let answer = house.send(request.unwrap()).await;
        assert_eq!(answer.refusal(), (405, "method_not_allowed".to_owned()), "{method}");
    }
    let answer = house.call(&token, "/connections").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND, "it stands beside the API, not in it");
    for _ in 0..25 {
        house.get_as(&token, "/connections").await;
    }
    assert_eq!(house.get_as(&token, "/connections").await.status, StatusCode::TOO_MANY_REQUESTS);
}

/// Credentials of the firm, delegated by June Junior, who does not see the clinic.
async fn credentials(house: &mut House, mcp: bool) {
    let new = house.acting(AppKind::ApiCredentials, "firm", "junior", SCOPE);
    house.register("sync", NewApp { mcp, ..new }).await;
}

async fn audience(house: &House, token: &str) -> Value {
    let form = [("token", token)];
    house.as_app_at("/oauth/introspect", "sync", &form).await.json()["aud"].clone()
}

#[tokio::test]
async fn a_resource_narrows_a_firms_app_to_one_company_as_company_id_does() {
    let mut house = House::new().await;
    credentials(&mut house, false).await;
    let (acme, bakery) = (house.company("acme"), house.company("bakery"));
    let of = |id: &str| format!("{API}/companies/{id}");
    let resource = of(&bakery);
    for more in [
        &[("resource", resource.as_str())][..],
        &[("resource", resource.as_str()), ("company_id", &bakery)],
        &[("resource", API), ("resource", &resource), ("resource", &resource)],
    ] {
        let token = house.grant("sync", more).await.text("access_token");
        let me = house.call(&token, "/me").await.json();
        assert_eq!(me["company"]["id"], bakery, "{more:?}");
        assert_eq!(audience(&house, &token).await, json!([API]));
    }
    let wide = house.grant("sync", &[("resource", API)]).await.text("access_token");
    assert_eq!(house.call(&wide, "/me").await.json()["firm"]["id"], house.firm());
    for more in [
        &[("resource", resource.as_str()), ("company_id", acme.as_str())][..],
        &[("resource", resource.as_str()), ("resource", &of(&acme))],
        &[("resource", &format!("{resource}/"))],
        &[("resource", &format!("{resource}/customers"))],
        &[("resource", &of("bakery"))],
        &[("resource", "https://cs.example/companies/bakery/mcp")],
    ] {
        assert_eq!(
            house.grant("sync", more).await.refusal(),
            (400, "invalid_target".to_owned()),
            "{more:?}"
        );
    }
}

#[tokio::test]
async fn a_company_that_the_delegator_does_not_see_is_refused_like_one_that_does_not_exist() {
    let mut house = House::new().await;
    for mcp in [false, true] {
        credentials(&mut house, mcp).await;
        let mut made_up = house.company("clinic");
        made_up.replace_range(made_up.len() - 4.., "0000");
        let mut bodies = BTreeSet::new();
        for id in [house.company("clinic"), house.company("acme-test"), made_up] {
            let of = format!("{API}/companies/{id}");
            bodies.insert(("resource", house.grant("sync", &[("resource", &of)]).await.body));
            bodies.insert(("company_id", house.grant("sync", &[("company_id", &id)]).await.body));
        }
        for slug in ["clinic", "acme-test", "nobody"] {
            let of = format!("https://cs.example/companies/{slug}/mcp");
            bodies.insert(("resource", house.grant("sync", &[("resource", &of)]).await.body));
        }
        assert_eq!(bodies.len(), 2, "{bodies:?}");
        assert!(bodies.iter().all(|(_, body)| body.contains("invalid_target")));
        house.guide.apps.retain(|app| app.kind != "sync");
    }
}

#[tokio::test]
async fn only_an_app_that_was_made_for_mcp_gets_a_token_for_it_and_for_one_company() {
    let mut house = House::new().await;
    let mcp = "https://cs.example/companies/bakery/mcp";
    credentials(&mut house, true).await;
    let token = house.grant("sync", &[("resource", mcp)]).await.text("access_token");
    assert_eq!(audience(&house, &token).await, json!([mcp]));
    for path in ["/me", "/customers"] {
        let answer = house.call(&token, path).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    }
    assert_eq!(house.get_as(&token, "/connections").await.status, StatusCode::UNAUTHORIZED);
    let both = house.grant("sync", &[("resource", mcp), ("resource", API)]).await;
    let both = both.text("access_token");
    assert_eq!(audience(&house, &both).await, json!([API, mcp]));
    assert_eq!(house.call(&both, "/me").await.json()["company"]["slug"], "bakery");
    let wide = house.grant("sync", &[]).await.text("access_token");
    assert_eq!(audience(&house, &wide).await, json!([API]), "a firm's token reaches no MCP");
    let other = [("resource", mcp), ("resource", "https://cs.example/companies/acme/mcp")];
    assert_eq!(house.grant("sync", &other).await.error(), "invalid_target");
    let acme = house.company("acme");
    let differ = [("resource", mcp), ("company_id", acme.as_str())];
    assert_eq!(house.grant("sync", &differ).await.error(), "invalid_target");
    let own = [("resource", "https://cs.example/companies/acme/mcp")];
    assert_eq!(
        house
            .as_app("api_credentials", &[("grant_type", "client_credentials"), own[0]])
            .await
            .error(),
        "invalid_target"
    );
}
