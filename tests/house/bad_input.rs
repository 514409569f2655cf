//! Every endpoint answers a broken request with the right 4xx, and nothing else happens.

use axum::body::Body;
use http::StatusCode;
use http::header;

use crate::harness::House;
use crate::harness::request;

const FORMS: [&str; 5] =
    ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/par", "/token"];
const PAGES: [&str; 5] =
    ["/sign-in", "/sign-in/verify", "/sign-in/enrol", "/sign-in/recovery-codes", "/consent/x"];

#[tokio::test]
async fn oauth_endpoints_refuse_what_is_not_a_form() {
    let house = House::new().await;
    let before = house.ops.audit_entries(None, 1000).unwrap().len();
    for path in FORMS {
        for (kind, body) in [
            ("application/json", "{}"),
            ("text/plain", "grant_type=client_credentials"),
            ("multipart/form-data; boundary=x", "--x--"),
            ("", "grant_type=client_credentials"),
        ] {
            let request = request("POST", path).header(header::CONTENT_TYPE, kind);
            let answer = house.send(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {kind}");
            assert_eq!(answer.error(), "invalid_request", "{path} {kind}");
        }
    }
    assert_eq!(house.ops.audit_entries(None, 1000).unwrap().len(), before);
}

#[tokio::test]
async fn oauth_endpoints_refuse_repeated_and_missing_parameters() {
    let house = House::new().await;
    for path in FORMS {
        let twice = house.post(path, &[("client_id", "x"), ("client_id", "x")]).await;
        assert_eq!(
            (twice.status, twice.error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_request"),
            "{path}"
        );
        let empty = house.post(path, &[]).await;
        assert!(empty.status.is_client_error(), "{path}");
        assert!(!empty.error().is_empty(), "{path}");
        let strange =
            house.post(path, &[("\u{0}", "\u{0}"), ("client_id", "\u{fffd}\r\nX: y")]).await;
        assert!(strange.status.is_client_error(), "{path}: {strange:?}");
    }
    let unsupported = [("grant_type", "password"), ("username", "x"), ("password", "y")];
    assert_eq!(house.post("/oauth/token", &unsupported).await.error(), "unsupported_grant_type");
}

#[tokio::test]
async fn every_path_refuses_other_methods_with_405() {
    let house = House::new().await;
    for (method, path) in [
        ("GET", "/oauth/token"),
        ("PUT", "/oauth/token"),
        ("GET", "/oauth/revoke"),
        ("GET", "/oauth/introspect"),
        ("GET", "/oauth/par"),
        ("POST", "/oauth/authorize"),
        ("DELETE", "/sign-in"),
        ("GET", "/sign-out"),
        ("POST", "/"),
        ("TRACE", "/"),
        ("POST", "/.well-known/oauth-authorization-server"),
    ] {
        let answer = house.send(request(method, path).body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
}

#[tokio::test]
async fn pages_refuse_forms_that_they_did_not_hand_out() {
    let house = House::new().await;
    for path in PAGES {
        let json = request("POST", path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{}"))
            .unwrap();
        assert_eq!(house.send(json).await.status, StatusCode::BAD_REQUEST, "{path}");
        let answer = house.post(path, &[("csrf", "x"), ("code", "1")]).await;
        assert!(
            answer.status.is_client_error() || answer.location().starts_with("/sign-in"),
            "{path}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn what_is_too_large_is_refused_by_name() {
    let house = House::new().await;
    let long = format!("/oauth/authorize?state={}", "s".repeat(9000));
    assert_eq!(house.get(&long).await.status, StatusCode::URI_TOO_LONG);
    let body = "x".repeat(70 * 1024);
    let answer = house.post("/oauth/token", &[("grant_type", &body)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let headers = request("GET", "/").header("x-large", "x".repeat(20 * 1024));
    let answer = house.send(headers.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn every_answer_carries_a_reference_and_the_headers_that_keep_a_browser_safe() {
    let house = House::new().await;
    for path in [
        "/",
        "/sign-in",
        "/nothing",
        "/oauth/authorize",
        "/oauth/token",
        "/healthz",
        "/api/external/v2/me",
        "/.well-known/oauth-authorization-server",
        "/setup/x",
        "/consent/x",
    ] {
        let answer = house.get(path).await;
        assert!(answer.header("x-request-id").starts_with("req_"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("strict-transport-security").contains("31536000"), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("object-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe"), "{path}");
        assert!(answer.headers.get("server").is_none(), "{path}");
    }
}

#[tokio::test]
async fn a_refusal_can_be_looked_up_by_its_reference() {
    let house = House::new().await;
    let form = [("grant_type", "authorization_code"), ("code", "cs_code_x")];
    let answer = house.confidential(&form).await;
    assert_eq!(answer.error(), "invalid_grant");
    let reference = answer.header("x-request-id");
    let entries = house.ops.audit_entries(None, 10).unwrap();
    let found = entries
        .iter()
        .find(|entry| entry.event.reference.is_some_and(|id| id.to_string() == reference));
    assert_eq!(found.unwrap().event.cause.as_deref(), Some("CodeUnknown"));
}

#[tokio::test]
async fn equal_refusals_within_a_minute_are_one_entry_with_a_count() {
    let house = House::new().await;
    let before = house.ops.audit_entries(None, 1000).unwrap().len();
    for _ in 0..50 {
        house.confidential(&[("grant_type", "authorization_code"), ("code", "cs_code_x")]).await;
    }
    assert_eq!(house.ops.audit_entries(None, 1000).unwrap().len(), before + 1);
    house.advance(61);
    house.ops.flush_refusals().await.unwrap();
    let newest = house.ops.audit_entries(None, 1).unwrap();
    assert_eq!(newest[0].event.count, 49);
    assert_eq!(house.ops.verify_audit().unwrap(), Ok(newest[0].sequence));
}

#[tokio::test]
async fn a_form_with_thousands_of_parameters_is_refused_at_once() {
    let house = House::new().await;
    let names: Vec<String> = (0..5000).map(|n| format!("p{n}")).collect();
    let form: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
    for path in FORMS {
        assert_eq!(house.post(path, &form).await.error(), "invalid_request", "{path}");
    }
}
