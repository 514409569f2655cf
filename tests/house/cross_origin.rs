//! Which answers a program in a browser may read: CORS on what it calls, and never with credentials.

use axum::body::Body;
use http::StatusCode;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::request;

const SCOPE: &str = "customers:readonly";
const ORIGIN: (&str, &str) = ("origin", "https://app.example");

fn assert_open(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{answer:?}");
    assert!(answer.headers.get("access-control-allow-credentials").is_none(), "{answer:?}");
    let exposed = answer.header("access-control-expose-headers").to_ascii_lowercase();
    assert!(exposed.split(", ").any(|name| name == "www-authenticate"), "{exposed}");
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin", "{answer:?}");
}

#[tokio::test]
async fn token_and_revocation_answers_can_be_read_from_any_origin_refusals_included() {
    let house = House::new().await;
    let client = house.app("oauth_public").client_id.clone();
    let (confidential, secret) = (house.app("oauth_confidential").client_id.clone(), "wrong");
    for path in ["/oauth/token", "/token", "/oauth/revoke"] {
        for (form, status) in [
            (vec![], StatusCode::BAD_REQUEST),
            (
                vec![("grant_type", "refresh_token"), ("refresh_token", "x"), ("token", "x")],
                StatusCode::UNAUTHORIZED,
            ),
            (
                vec![
                    ("grant_type", "client_credentials"),
                    ("token", "x"),
                    ("client_id", confidential.as_str()),
                    ("client_secret", secret),
                ],
                StatusCode::UNAUTHORIZED,
            ),
        ] {
            if path == "/oauth/revoke" && form.is_empty() {
                continue;
            }
            let answer = house.post_with(path, &form, &[ORIGIN]).await;
            assert_eq!(answer.status, status, "{path} {form:?}");
            assert_open(&answer);
        }
        let wrong = house.send(request("GET", path).body(Body::empty()).unwrap()).await;
        assert_open(&wrong);
    }
    let form = [("token", "x"), ("client_id", client.as_str())];
    assert_open(&house.post_with("/oauth/revoke", &form, &[ORIGIN]).await);
}

#[tokio::test]
async fn a_public_client_redeems_and_refreshes_from_a_web_page() {
    let house = House::new().await;
    let code = house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let client = house.app("oauth_public").client_id.clone();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("code_verifier", crate::harness::VERIFIER),
        ("client_id", client.as_str()),
    ];
    let tokens = house.post_with("/oauth/token", &form, &[ORIGIN]).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    assert_open(&tokens);
    let refresh = tokens.text("refresh_token");
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
        ("client_id", client.as_str()),
    ];
    let refreshed = house.post_with("/token", &form, &[("origin", "null")]).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{refreshed:?}");
    assert_open(&refreshed);
}

#[tokio::test]
async fn every_refusal_of_the_api_can_be_read_from_any_origin() {
    let house = House::new().await;
    let token = house.client_token().await;
    let call = |token: &str, path: &str| {
        let (house, token, path) = (&house, token.to_owned(), path.to_owned());
        async move { house.call_with(&token, &path, &[ORIGIN]).await }
    };
    for (answer, status) in [
        (call("wrong", "/customers").await, 401),
        (call(&token, "/supplier_invoices").await, 404),
        (call(&token, "//customers").await, 400),
        (call(&token, "/companies/x/customers").await, 403),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
        assert_open(&answer);
    }
}

#[tokio::test]
async fn preflight_asks_for_no_token_and_tells_the_methods() {
    let house = House::new().await;
    for path in ["/oauth/token", "/token", "/oauth/revoke", "/api/external/v2/customers"] {
        let preflight = request("OPTIONS", path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type");
        let answer = house.send(preflight.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(answer.body, "", "{path}");
        assert_open(&answer);
        let methods = answer.header("access-control-allow-methods");
        assert!(methods.split(", ").any(|method| method == "POST"), "{path}: {methods}");
        assert_eq!(answer.header("access-control-allow-headers"), "content-type", "{path}");
        assert!(answer.header("vary").contains("Access-Control-Request-Headers"), "{path}");
    }
}

#[tokio::test]
async fn introspection_and_pushed_requests_are_for_servers() {
    let house = House::new().await;
    for path in ["/oauth/introspect", "/oauth/par"] {
        let answer = house.post_with(path, &[("token", "x")], &[ORIGIN]).await;
        assert!(answer.status.is_client_error(), "{path}");
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{path}");
    }
}
