//! What pages of other origins may call and read: discovery, tokens, the API; never a page of ours.
//! RFC 9700 section 2.6.

use axum::body::Body;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::request;

const OTHER: &str = "https://app.example";
const REFRESH: &str = "grant_type=refresh_token&refresh_token=x&client_id=x";

async fn send(house: &House, method: &str, path: &str, body: &'static str) -> Answer {
    let request = request(method, path)
        .header(header::ORIGIN, OTHER)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-mode", "cors");
    house.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn preflight_requests_are_answered_where_programs_in_browsers_call() {
    let house = House::new().await;
    for (path, open) in [
        ("/.well-known/oauth-authorization-server", true),
        ("/.well-known/openid-configuration", true),
        ("/.well-known/oauth-protected-resource/companies/acme/mcp", true),
        ("/oauth/token", true),
        ("/token", true),
        ("/oauth/revoke", true),
        ("/api/external/v2/customers", true),
        ("/oauth/authorize", false),
        ("/authorize", false),
        ("/oauth/par", false),
        ("/oauth/introspect", false),
        ("/consent/x", false),
        ("/sign-in", false),
    ] {
        let request = request("OPTIONS", path)
            .header("origin", OTHER)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "mcp-protocol-version, authorization");
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status == StatusCode::NO_CONTENT, open, "{path}: {answer:?}");
        assert_eq!(answer.header("access-control-allow-origin") == "*", open, "{path}");
        if open {
            let echoed = answer.header("access-control-allow-headers");
            assert_eq!(echoed, "mcp-protocol-version, authorization");
            assert!(answer.header("access-control-allow-methods").contains("POST"), "{path}");
            assert!(answer.body.is_empty(), "{path}");
        }
    }
}

#[tokio::test]
async fn every_answer_of_an_open_endpoint_can_be_read_elsewhere_refusals_included() {
    let house = House::new().await;
    for (method, path, body, status) in [
        ("GET", "/.well-known/oauth-authorization-server", "", StatusCode::OK),
        ("GET", "/.well-known/openid-configuration", "", StatusCode::NOT_FOUND),
        ("POST", "/oauth/token", REFRESH, StatusCode::UNAUTHORIZED),
        ("POST", "/oauth/token", "client_id=x&client_id=y", StatusCode::BAD_REQUEST),
        ("POST", "/token", REFRESH, StatusCode::UNAUTHORIZED),
        ("GET", "/oauth/token", "", StatusCode::METHOD_NOT_ALLOWED),
        ("POST", "/oauth/revoke", "token=x&client_id=x", StatusCode::UNAUTHORIZED),
        ("GET", "/api/external/v2/customers", "", StatusCode::UNAUTHORIZED),
        ("GET", "/api/external/v2/nothing", "", StatusCode::UNAUTHORIZED),
    ] {
        let answer = send(&house, method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{method} {path}");
        let exposed = answer.header("access-control-expose-headers");
        assert!(exposed.contains("WWW-Authenticate"), "{method} {path}: {exposed}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        assert!(answer.headers.get("access-control-allow-credentials").is_none(), "{path}");
    }
}

#[tokio::test]
async fn no_page_elsewhere_can_read_the_authorization_endpoint_or_a_page_of_ours() {
    let house = House::new().await;
    let url = house.authorize_url("oauth_public", &[]);
    let error = house.authorize_url("oauth_public", &[("scope", "no:such")]);
    for (method, path) in [
        ("GET", url.as_str()),
        ("GET", error.as_str()),
        ("GET", "/oauth/authorize"),
        ("GET", "/authorize"),
        ("POST", "/oauth/par"),
        ("POST", "/oauth/introspect"),
        ("GET", "/consent/x"),
        ("POST", "/consent/x"),
        ("GET", "/sign-in"),
        ("GET", "/"),
        ("GET", "/nothing"),
    ] {
        let answer = send(&house, method, path, "").await;
        for (name, _) in &answer.headers {
            assert!(!name.as_str().starts_with("access-control-"), "{method} {path}: {name}");
        }
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
    }
}
