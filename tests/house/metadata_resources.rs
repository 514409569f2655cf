//! RFC 9728: the document of a protected resource, and how a client gets there.

use axum::body::Body;
use countersign::app::router::Protected;
use countersign::app::sandbox;
use countersign::domain::mcp_surface::McpSurface;
use http::StatusCode;
use http::header;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::request;

const API: &str = "/api/external/v2";
const MCP: &str = "/companies/acme/mcp";

fn document_of(path: &str) -> String {
    format!("/.well-known/oauth-protected-resource{path}")
}

async fn send(house: &House, method: &str, path: &str) -> Answer {
    house.send(request(method, path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_companys_mcp_is_described_exactly_so() {
    let house = House::new().await;
    let document = house.get(&document_of(MCP)).await;
    assert_eq!(document.status, StatusCode::OK);
    assert_eq!(document.header("content-type"), "application/json");
    assert_eq!(document.header("cache-control"), "public, max-age=300");
    assert_eq!(
        document.json(),
        json!({
            "resource": "https://cs.example/companies/acme/mcp",
            "resource_name": "MCP server of acme",
            "authorization_servers": ["https://cs.example"],
            "bearer_methods_supported": ["header"],
            "scopes_supported": [
                "customer_invoices:all",
                "customer_invoices:readonly",
                "customers:readonly",
                "trial_balance:readonly",
            ],
        })
    );
}

#[tokio::test]
async fn the_api_is_described_by_the_scopes_of_its_routes_and_without_the_refresh_scope() {
    let house = House::new().await;
    let document = house.get(&document_of(API)).await.json();
    assert_eq!(document["resource"], format!("{ISSUER}{API}"));
    assert_eq!(document["authorization_servers"], json!([ISSUER]));
    let needed: std::collections::BTreeSet<&str> =
        crate::routes::calls().filter_map(|(_, scope)| scope).collect();
    assert_eq!(document["scopes_supported"], json!(needed));
    assert!(needed.contains("companies:readonly") && !needed.contains("offline_access"));
}

#[tokio::test]
async fn the_issuer_is_byte_for_byte_that_of_the_authorization_server() {
    let house = House::empty();
    let server = house.get("/.well-known/oauth-authorization-server").await.json();
    for path in [API, MCP] {
        let document = house.get(&document_of(path)).await.json();
        assert_eq!(document["authorization_servers"][0], server["issuer"], "{path}");
        assert_eq!(document["resource"], format!("{ISSUER}{path}"));
    }
}

#[tokio::test]
async fn every_company_that_could_be_is_described_alike_and_no_other() {
    let house = House::new().await;
    let shape = |slug: &str, answer: Answer| {
        assert_eq!(answer.status, StatusCode::OK, "{slug}");
        let told = answer.body.replace(&format!("/{slug}/"), "/*/");
        told.replace(&format!("of {slug}\""), "of *\"")
    };
    let path = |slug: &str| document_of(&format!("/companies/{slug}/mcp"));
    let acme = shape("acme", house.get(&path("acme")).await);
    for slug in ["nobody", "clinic", "ledgerwise", "a", "0-0"] {
        assert_eq!(shape(slug, house.get(&path(slug)).await), acme, "{slug}");
    }
    let long = "a".repeat(64);
    for slug in ["ACME", "-a", "a_b", "%61cme", "a%2fb", "..", "", &long] {
        let answer = house.get(&path(slug)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{slug}: {answer:?}");
        assert!(!answer.header("content-type").contains("html"), "{slug}");
    }
}

#[tokio::test]
async fn there_is_no_document_of_anything_else() {
    let house = House::new().await;
    for path in [
        "",
        "/",
        "/api",
        "/api/external",
        "/api/external/v2/",
        "/api/external/v2/customers",
        "/api/external/V2",
        "/companies",
        "/companies/acme",
        "/companies/acme/",
        "/companies/acme/mcp/",
        "/companies/acme/MCP",
        "/companies/acme/mcp/tools",
        "/companies/acme/other",
        "/mcp",
    ] {
        let answer = house.get(&document_of(path)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {answer:?}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    }
}

#[tokio::test]
async fn only_surfaces_that_are_there_are_described() {
    let alone = Protected { mcp: None, ..sandbox::protected().unwrap() };
    let mcp_absent = House::empty().protecting(Some(alone));
    assert_eq!(mcp_absent.get(&document_of(API)).await.status, StatusCode::OK);
    assert_eq!(mcp_absent.get(&document_of(MCP)).await.status, StatusCode::NOT_FOUND);
    let nothing = House::empty().protecting(None);
    for path in [API, MCP] {
        assert_eq!(nothing.get(&document_of(path)).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_surface_that_needs_no_scope_names_none() {
    let house = House::empty().with_mcp(McpSurface::default());
    let document = house.get(&document_of(MCP)).await.json();
    assert!(document.get("scopes_supported").is_none(), "{document}");
    assert!(!document.to_string().contains("null") && !document.to_string().contains("[]"));
}

#[tokio::test]
async fn documents_are_read_by_any_site_and_by_get_alone() {
    let house = House::new().await;
    for path in [document_of(API), document_of(MCP)] {
        let answer = send(&house, "GET", &path).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let head = send(&house, "HEAD", &path).await;
        assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
        assert_eq!(send(&house, "OPTIONS", &path).await.status, StatusCode::NO_CONTENT);
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let refused = send(&house, method, &path).await;
            assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
            assert_eq!(refused.header("allow"), "GET,HEAD", "{method}");
        }
    }
}

#[tokio::test]
async fn who_asks_and_by_which_name_changes_nothing() {
    let house = House::new().await;
    let expected = house.get(&document_of(MCP)).await.body;
    let asked = request("GET", &document_of(MCP))
        .header(header::AUTHORIZATION, "Bearer cs_at_garbage")
        .header(header::ORIGIN, "null")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example;proto=http")
        .header("mcp-protocol-version", "2025-06-18");
    let answer = house.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status, answer.body), (StatusCode::OK, expected));
}

#[tokio::test]
async fn the_apis_challenge_leads_to_the_document_and_the_document_back_to_the_api() {
    let house = House::new().await;
    let challenge = house.get(&format!("{API}/customers")).await;
    let challenge = challenge.header("www-authenticate").to_owned();
    let url = challenge.split("resource_metadata=\"").nth(1).unwrap().split('"').next().unwrap();
    let document = house.get(url.strip_prefix(ISSUER).unwrap()).await.json();
    assert_eq!(document["resource"], format!("{ISSUER}{API}"));
}
