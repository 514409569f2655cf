//! Resource indicators at the authorization endpoint: RFC 8707 section 2.

use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::harness::House;
use crate::harness::encoded;
use crate::harness::offered_places;

const API: &str = "https://cs.example/api/external/v2";
const SCOPE: &str = "customers:readonly";

/// An access token that comes of these resources, and what its own client is told of it.
async fn granted(house: &House, name: &str, place: &str, resources: &[&str]) -> (String, Value) {
    let mut url = house.authorize_url("oauth_confidential", &[("scope", SCOPE)]);
    for resource in resources {
        url = format!("{url}&{}", encoded(&[("resource", resource)]));
    }
    let answer = house.signed_in(name).await.allow(&url, place, None).await;
    let code = answer.redirected("code").unwrap_or_else(|| panic!("no code: {answer:?}"));
    let tokens = house.redeem("oauth_confidential", &code).await.json();
    let access = tokens["access_token"].as_str().unwrap().to_owned();
    let form = [("token", access.as_str())];
    let seen = house.as_app_at("/oauth/introspect", "oauth_confidential", &form).await.json();
    (access, seen)
}

#[tokio::test]
async fn whether_a_company_exists_is_told_to_nobody_who_cannot_reach_it() {
    let house = House::new().await;
    let url = |slug: &str| {
        let resource = format!("https://cs.example/companies/{slug}/mcp");
        house.authorize_url("oauth_public", &[("resource", &resource)])
    };
    for slug in ["clinic", "nobody"] {
        assert!(house.get(&url(slug)).await.location().starts_with("/consent/"), "{slug}");
    }
    let mut junior = house.signed_in("junior").await;
    let mut pages = Vec::new();
    for slug in ["clinic", "nobody"] {
        let (_, page) = junior.follow(&url(slug)).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{slug}");
        let reference = page.header("x-request-id").to_owned();
        pages.push(page.body.replace(&reference, ""));
    }
    assert_eq!(pages[0], pages[1]);
}

#[tokio::test]
async fn resources_of_two_companies_are_refused() {
    let house = House::new().await;
    let resources = encoded(&[
        ("resource", "https://cs.example/companies/bakery/mcp"),
        ("resource", "https://cs.example/companies/acme/mcp"),
    ]);
    let url = format!("{}&{resources}", house.authorize_url("oauth_public", &[]));
    assert_eq!(house.get(&url).await.redirected("error").as_deref(), Some("invalid_target"));
}

/// An absolute URI without fragment, and exactly one of ours.
#[tokio::test]
async fn a_resource_that_is_not_exactly_a_surface_of_ours_is_an_invalid_target() {
    let house = House::new().await;
    for resource in [
        "https://cs.example",
        "https://cs.example/",
        "https://cs.example/api/external/v2/",
        "https://cs.example/api/external/v2#x",
        "https://cs.example/api/external/v2?x",
        "https://cs.example:443/api/external/v2",
        "https://CS.example/api/external/v2",
        "http://cs.example/api/external/v2",
        "https://cs.example.evil.example/api/external/v2",
        "https://user@cs.example/api/external/v2",
        "/api/external/v2",
        "api",
        "urn:cs:api",
        "https://cs.example/companies/acme/mcp/",
        "https://cs.example/companies/Acme/mcp",
        "https://cs.example/companies/acme",
        "https://cs.example/companies/../companies/acme/mcp",
        " https://cs.example/api/external/v2",
    ] {
        let url = house.authorize_url("oauth_public", &[("resource", resource)]);
        let error = house.get(&url).await.redirected("error");
        assert_eq!(error.as_deref(), Some("invalid_target"), "{resource}");
        let beside = format!("{url}&{}", encoded(&[("resource", API)]));
        let error = house.get(&beside).await.redirected("error");
        assert_eq!(error.as_deref(), Some("invalid_target"), "{resource} beside a good one");
    }
}

#[tokio::test]
async fn without_resource_a_company_is_reached_by_api_and_mcp_and_a_firm_by_the_api() {
    let house = House::new().await;
    let (_, company) = granted(&house, "owner", &house.company("acme"), &[]).await;
    assert_eq!(company["aud"], json!([API, "https://cs.example/companies/acme/mcp"]));
    let (_, firm) = granted(&house, "partner", &house.firm(), &[]).await;
    assert_eq!(firm["aud"], json!([API]));
    assert_eq!(firm["firm_id"], house.firm());
}

#[tokio::test]
async fn with_resource_the_token_is_good_for_that_alone() {
    let house = House::new().await;
    let mcp = "https://cs.example/companies/acme/mcp";
    let acme = house.company("acme");
    for (resources, aud, api) in [
        (&[API][..], json!([API]), StatusCode::OK),
        (&[mcp], json!([mcp]), StatusCode::UNAUTHORIZED),
        (&[mcp, mcp], json!([mcp]), StatusCode::UNAUTHORIZED),
        (&[mcp, API, API], json!([API, mcp]), StatusCode::OK),
    ] {
        let (access, seen) = granted(&house, "owner", &acme, resources).await;
        assert_eq!(seen["aud"], aud, "{resources:?}");
        assert_eq!(house.call(&access, "/customers").await.status, api, "{resources:?}");
    }
}

#[tokio::test]
async fn a_companys_mcp_yields_a_company_token_to_members_of_its_firm_too() {
    let house = House::new().await;
    let mcp = "https://cs.example/companies/bakery/mcp";
    let bakery = house.company("bakery");
    let (_, seen) = granted(&house, "partner", &bakery, &[mcp]).await;
    assert_eq!(seen["company_id"], bakery);
    assert!(seen.get("firm_id").is_none());
    let url = house.authorize_url("oauth_public", &[("resource", mcp), ("scope", SCOPE)]);
    let mut partner = house.signed_in("partner").await;
    let (path, page) = partner.consent_page(&url).await;
    assert_eq!(offered_places(&page.body), [bakery]);
    for place in [house.firm(), house.company("acme")] {
        let code = house.next_code("partner");
        let answer = partner.answer(&page, &path, &place, None, &code).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{place}");
    }
}
