//! RFC 8414: the discovery document.

use http::StatusCode;
use serde_json::Value;

use crate::harness::House;
use crate::harness::ISSUER;

#[tokio::test]
async fn names_the_issuer_byte_for_byte_and_only_what_answers() {
    let house = House::new().await;
    let answer = house.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let document = answer.json();
    assert_eq!(document["issuer"], ISSUER);
    assert!(document.get("registration_endpoint").is_none());
    assert!(document.get("jwks_uri").is_none());
    for (name, value) in document.as_object().unwrap() {
        assert!(!value.is_null() && value != "" && value != &Value::Array(Vec::new()), "{name}");
        if name.ends_with("_endpoint") {
            let path = value.as_str().unwrap().strip_prefix(ISSUER).unwrap();
            let probe = house.get(path).await.status;
            assert_ne!(probe, StatusCode::NOT_FOUND, "{name} does not answer");
        }
    }
}

#[tokio::test]
async fn unknown_well_knowns_are_clean_404s() {
    let house = House::empty();
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-protected-resource",
        "/.well-known/nothing",
    ] {
        assert_eq!(house.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn forwarded_headers_and_hosts_change_nothing() {
    let house = House::empty();
    let request = crate::harness::request("GET", "/.well-known/oauth-authorization-server")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header("forwarded", "host=evil.example")
        .body(axum::body::Body::empty())
        .unwrap();
    let answer = house.send(request).await;
    assert!(!answer.body.contains("evil.example"));
    let other_host = http::Request::builder()
        .uri("/.well-known/oauth-authorization-server")
        .header("host", "evil.example")
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(house.send(other_host).await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn preflight_requests_are_answered_where_programs_in_browsers_call() {
    let house = House::new().await;
    for (path, open) in [
        ("/.well-known/oauth-authorization-server", true),
        ("/oauth/token", true),
        ("/oauth/revoke", true),
        ("/api/external/v2/customers", true),
        ("/oauth/authorize", false),
        ("/oauth/introspect", false),
        ("/sign-in", false),
    ] {
        let request = crate::harness::request("OPTIONS", path)
            .header("origin", "https://app.example")
            .header("access-control-request-headers", "mcp-protocol-version, authorization")
            .body(axum::body::Body::empty())
            .unwrap();
        let answer = house.send(request).await;
        assert_eq!(answer.status == StatusCode::NO_CONTENT, open, "{path}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin") == "*", open, "{path}");
        if open {
            let echoed = answer.header("access-control-allow-headers");
            assert_eq!(echoed, "mcp-protocol-version, authorization");
        }
    }
}
