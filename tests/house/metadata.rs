//! RFC 8414: the discovery document.

use axum::body::Body;
use http::StatusCode;
use http::header;
use serde_json::Value;
use serde_json::json;

use crate::harness::House;
use crate::harness::ISSUER;
use crate::harness::request;

const METADATA: &str = "/.well-known/oauth-authorization-server";

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
        "/.well-known/oauth-authorization-server/",
        "/.well-known/oauth-authorization-server/companies/acme/mcp",
        "/.well-known/openid-configuration/companies/acme/mcp",
        "/companies/acme/mcp/.well-known/openid-configuration",
        "/companies/acme/mcp/.well-known/oauth-authorization-server",
        "/.well-known/nothing",
        "/.well-known/",
    ] {
        let answer = house.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert!(answer.headers.get("location").is_none(), "{path}");
        assert!(answer.headers.get("set-cookie").is_none(), "{path}");
        if path.starts_with("/.well-known/") {
            assert!(!answer.header("content-type").contains("html"), "{path}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn forwarded_headers_and_hosts_change_nothing() {
    let house = House::empty();
    let request = request("GET", "/.well-known/oauth-authorization-server")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "http")
        .header("forwarded", "host=evil.example")
        .body(Body::empty())
        .unwrap();
    let answer = house.send(request).await;
    assert!(!answer.body.contains("evil.example"));
    let other_host = http::Request::builder()
        .uri("/.well-known/oauth-authorization-server")
        .header("host", "evil.example")
        .body(Body::empty())
        .unwrap();
    assert_eq!(house.send(other_host).await.status, StatusCode::MISDIRECTED_REQUEST);
}

/// Clients keep what they read here: a change of this document is a change of the product.
#[tokio::test]
async fn the_document_is_exactly_this() {
    let house = House::empty();
    let either = json!(["client_secret_basic", "client_secret_post"]);
    let or_none = json!(["none", "client_secret_basic", "client_secret_post"]);
    let mut expected = json!({
        "issuer": "https://cs.example",
        "authorization_endpoint": "https://cs.example/oauth/authorize",
        "token_endpoint": "https://cs.example/oauth/token",
        "token_endpoint_auth_methods_supported": or_none,
        "revocation_endpoint": "https://cs.example/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": or_none,
        "introspection_endpoint": "https://cs.example/oauth/introspect",
        "introspection_endpoint_auth_methods_supported": either,
        "pushed_authorization_request_endpoint": "https://cs.example/oauth/par",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    });
    let document = house.get(METADATA).await.json();
    expected["scopes_supported"] = document["scopes_supported"].clone();
    assert_eq!(document, expected);
}

#[tokio::test]
async fn the_scopes_that_are_named_only_read_and_leave_the_refresh_scope_last() {
    let house = House::empty();
    let document = house.get(METADATA).await.json();
    let scopes: Vec<&str> =
        document["scopes_supported"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let (last, reading) = scopes.split_last().unwrap();
    assert_eq!(*last, "offline_access");
    assert!(reading.contains(&"customers:readonly"));
    assert!(reading.iter().all(|scope| !scope.ends_with(":all")), "{reading:?}");
}

#[tokio::test]
async fn what_is_not_offered_is_neither_named_nor_answered() {
    let house = House::new().await;
    let said = house.get(METADATA).await.body;
    for word in [
        "registration_endpoint",
        "jwks_uri",
        "device",
        "jwt-bearer",
        "private_key_jwt",
        "openid",
        "implicit",
        "password",
        "token-exchange",
        "require_pushed_authorization_requests",
        "client_id_metadata_document_supported",
        "plain",
        "fragment",
        "form_post",
        "null",
    ] {
        assert!(!said.contains(word), "{word}: {said}");
    }
    for path in ["/oauth/device", "/oauth/userinfo", "/oauth/jwks"] {
        for method in ["GET", "POST"] {
            let answer = house.send(request(method, path).body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
}

/// A grant or a method that is named is one that the endpoint takes.
#[tokio::test]
async fn every_grant_and_client_authentication_that_is_named_is_accepted() {
    let house = House::new().await;
    let document = house.get(METADATA).await.json();
    for grant in document["grant_types_supported"].as_array().unwrap() {
        let form = [("grant_type", grant.as_str().unwrap())];
        let error = house.as_app("oauth_confidential", &form).await.error();
        assert_ne!(error, "unsupported_grant_type", "{grant}");
    }
    for endpoint in ["token", "revocation", "introspection"] {
        let url = document[format!("{endpoint}_endpoint")].as_str().unwrap();
        let path = url.strip_prefix(ISSUER).unwrap();
        let named = &document[format!("{endpoint}_endpoint_auth_methods_supported")];
        for method in ["none", "client_secret_basic", "client_secret_post"] {
            let answer = authenticated(&house, path, method).await;
            let accepted = answer.status != StatusCode::UNAUTHORIZED;
            assert_eq!(
                named.as_array().unwrap().contains(&json!(method)),
                accepted,
                "{path} {method}"
            );
        }
    }
}

async fn authenticated(house: &House, path: &str, method: &str) -> crate::harness::Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("token", "x")];
    let app = house.app("oauth_confidential");
    let secret = app.client_secret.as_deref().unwrap();
    match method {
        "none" => house.as_app_at(path, "oauth_public", &form).await,
        "client_secret_post" => house.as_app_at(path, "oauth_confidential", &form).await,
        _ => {
            let pair = format!("{}:{secret}", app.client_id);
            let basic = format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()));
            house.post_with(path, &form, &[("authorization", &basic)]).await
        }
    }
}

#[tokio::test]
async fn the_document_is_the_same_whoever_asks_and_is_asked_for_by_get() {
    let house = House::new().await;
    let expected = house.get(METADATA).await;
    let ask = |method: &str| {
        let request = request(method, METADATA)
            .header(header::AUTHORIZATION, "Bearer cs_at_garbage")
            .header(header::COOKIE, "__Host-cs_session=x; __Host-cs_browser=y")
            .header(header::ACCEPT, "text/html")
            .header(header::ORIGIN, "null");
        house.send(request.body(Body::empty()).unwrap())
    };
    let answer = ask("GET").await;
    assert_eq!((answer.status, &answer.body), (StatusCode::OK, &expected.body));
    assert!(answer.headers.get("set-cookie").is_none());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(ask("HEAD").await.status, StatusCode::OK);
    for method in ["POST", "PUT", "DELETE"] {
        let refused = ask(method).await;
        assert_eq!(refused.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert!(refused.header("allow").contains("GET"), "{method}: {refused:?}");
    }
}

#[tokio::test]
async fn an_issuer_with_a_port_is_named_with_it_everywhere() {
    let issuer = "https://cs.example:8443";
    let house = House::with(&[("issuer", issuer)]).await;
    let send = |path: String| {
        let request = http::Request::builder().uri(path).header(header::HOST, "cs.example:8443");
        house.send(request.body(Body::empty()).unwrap())
    };
    let document = send(METADATA.to_owned()).await.json();
    assert_eq!(document["issuer"], issuer);
    for (name, value) in document.as_object().unwrap() {
        if name.ends_with("_endpoint") {
            assert!(value.as_str().unwrap().starts_with(&format!("{issuer}/oauth/")), "{name}");
        }
    }
    let refused = send(house.authorize_url("oauth_public", &[("scope", "no:such")])).await;
    assert_eq!(refused.redirected("iss").as_deref(), Some(issuer));
}
