//! Requests that the token endpoint refuses: RFC 6749 sections 3.2 and 5.2.

use axum::body::Body;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::CALLBACK;
use crate::harness::House;
use crate::harness::VERIFIER;
use crate::harness::encoded;
use crate::harness::request;

const SCOPE: &str = "customers:readonly";

async fn public_code(house: &House) -> String {
    house.code("oauth_public", "owner", &house.company("acme"), SCOPE).await
}

/// The form of RFC 6749 section 5.2: these members, these characters, and nothing to keep.
fn assert_is_error(answer: &Answer) {
    let body = answer.json();
    let names: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(names, ["error", "error_description"]);
    let legal = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
    for value in body.as_object().unwrap().values() {
        assert!(!value.as_str().unwrap().is_empty());
        assert!(value.as_str().unwrap().chars().all(legal), "{body}");
    }
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn every_fault_has_its_own_code_and_400() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let secret = house.app("oauth_confidential").client_secret.clone().unwrap();
    for (kind, form, error) in [
        ("oauth_public", vec![], "invalid_request"),
        ("oauth_public", vec![("grant_type", "authorization_code")], "invalid_request"),
        ("oauth_public", vec![("grant_type", "refresh_token")], "invalid_request"),
        (
            "oauth_public",
            vec![("grant_type", "authorization_code"), ("code", "x")],
            "invalid_grant",
        ),
        (
            "oauth_public",
            vec![("grant_type", "authorization_code"), ("code", secret.as_str())],
            "invalid_grant",
        ),
        (
            "oauth_public",
            vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
            "invalid_grant",
        ),
        (
            "oauth_public",
            vec![("grant_type", "refresh_token"), ("refresh_token", code.as_str())],
            "invalid_grant",
        ),
        ("oauth_public", vec![("grant_type", "client_credentials")], "unauthorized_client"),
        (
            "api_credentials",
            vec![("grant_type", "authorization_code"), ("code", code.as_str())],
            "unauthorized_client",
        ),
        (
            "resource_server",
            vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
            "unauthorized_client",
        ),
        (
            "api_credentials",
            vec![("grant_type", "client_credentials"), ("scope", "no:such")],
            "invalid_scope",
        ),
        (
            "api_credentials",
            vec![("grant_type", "client_credentials"), ("resource", "https://elsewhere.example/")],
            "invalid_target",
        ),
    ] {
        let answer = house.as_app(kind, &form).await;
        assert_eq!(answer.refusal(), (400, error.to_owned()), "{kind} {form:?}");
        assert_is_error(&answer);
    }
    assert_eq!(house.redeem("oauth_public", &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn grants_that_do_not_exist_here_are_unsupported() {
    let house = House::new().await;
    for grant in [
        "password",
        "implicit",
        "token",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:openid:params:grant-type:ciba",
        "Authorization_Code",
        "authorization_code ",
        "refresh_token,client_credentials",
    ] {
        let form = [("grant_type", grant), ("username", "owner@acme.example"), ("password", "x")];
        let answer = house.as_app("oauth_public", &form).await;
        assert_eq!(answer.refusal(), (400, "unsupported_grant_type".to_owned()), "{grant}");
        assert_is_error(&answer);
    }
}

#[tokio::test]
async fn a_refusal_repeats_nothing_that_was_sent_and_the_audit_trail_keeps_nothing_of_it() {
    let house = House::new().await;
    let canary = "CANARY\"><script>";
    for name in [
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "resource",
        "scope",
        "refresh_token",
        "company_id",
        "client_id",
        "client_secret",
    ] {
        for grant in ["authorization_code", "refresh_token", "client_credentials"] {
            let mut form = vec![("grant_type", grant), ("code", "x"), ("refresh_token", "x")];
            form.retain(|(key, _)| *key != name);
            form.push((name, canary));
            if name != "client_id" {
                form.push(("client_id", house.app("oauth_public").client_id.as_str()));
            }
            let answer = house.post("/oauth/token", &form).await;
            assert!(answer.status.is_client_error(), "{name}: {answer:?}");
            assert_is_error(&answer);
            assert!(!answer.body.contains("CANARY"), "{name}: {answer:?}");
            assert!(!format!("{:?}", answer.headers).contains("CANARY"), "{name}: {answer:?}");
        }
    }
    assert!(!house.ops.audit_lines(1..1000).unwrap().concat().contains("CANARY"));
}

#[tokio::test]
async fn a_parameter_without_a_value_is_absent() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let empty = [("redirect_uri", ""), ("resource", ""), ("scope", ""), ("client_secret", "")];
    let form = [
        &[("grant_type", "authorization_code"), ("code", &*code), ("code_verifier", VERIFIER)][..],
        &empty,
    ];
    let tokens = house.as_app("oauth_public", &form.concat()).await;
    assert_eq!(tokens.status, StatusCode::OK, "{tokens:?}");
    let more = [("scope", ""), ("resource", ""), ("resource", "")];
    let refreshed = house.refresh_with("oauth_public", &tokens.text("refresh_token"), &more).await;
    assert_eq!(refreshed.text("scope"), SCOPE);
    let form = [("grant_type", "client_credentials"), ("scope", ""), ("company_id", "")];
    let whole = house.as_app("api_credentials", &form).await;
    assert_eq!(whole.text("scope"), house.app("api_credentials").scope.clone().unwrap());
    for form in [
        [("grant_type", ""), ("code", "x")],
        [("grant_type", "authorization_code"), ("code", "")],
        [("grant_type", "refresh_token"), ("refresh_token", "")],
    ] {
        let answer = house.as_app("oauth_public", &form).await;
        assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{form:?}");
    }
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let more = [("audience", "https://elsewhere.example"), ("state", "x"), ("x", "\u{1F600}")];
    let answer = house.redeem_with("oauth_public", &code, &more).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
}

#[tokio::test]
async fn a_parameter_that_stands_twice_is_refused_and_nothing_is_used_up() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let client = house.app("oauth_public").client_id.clone();
    let right = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", client.as_str()),
    ];
    for (name, value) in right {
        for second in [value, "other", ""] {
            let form = [&right[..], &[(name, second)]].concat();
            let answer = house.post("/oauth/token", &form).await;
            assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{name}={second}");
            assert_is_error(&answer);
        }
    }
    let unknown = [&right[..], &[("x", "1"), ("x", "1")]].concat();
    assert_eq!(house.post("/oauth/token", &unknown).await.error(), "invalid_request");
    assert_eq!(house.post("/oauth/token", &right).await.status, StatusCode::OK);
}

#[tokio::test]
async fn parameters_in_the_url_are_not_read() {
    let house = House::new().await;
    let code = public_code(&house).await;
    let client = house.app("oauth_public").client_id.clone();
    let all = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_id", client.as_str()),
    ];
    for split in 0..all.len() {
        let (body, url) = all.split_at(split);
        let answer = house.post(&format!("/oauth/token?{}", encoded(url)), body).await;
        assert!(answer.status.is_client_error(), "{split}: {answer:?}");
    }
    assert_eq!(house.post("/oauth/token", &all).await.status, StatusCode::OK);
}

#[tokio::test]
async fn only_post_is_taken_and_a_refusal_says_so() {
    let house = House::new().await;
    for path in ["/oauth/token", "/token", "/oauth/revoke", "/oauth/introspect"] {
        for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE"] {
            let answer = house.send(request(method, path).body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(answer.header("allow"), "POST", "{method} {path}");
            if method != "HEAD" {
                assert_is_error(&answer);
            }
        }
    }
}

#[tokio::test]
async fn a_form_may_say_its_charset_and_must_be_one() {
    let house = House::new().await;
    let app = house.app("api_credentials");
    let secret = app.client_secret.clone().unwrap();
    let form = encoded(&[
        ("grant_type", "client_credentials"),
        ("client_id", &app.client_id),
        ("client_secret", &secret),
    ]);
    for (kind, expected) in [
        ("application/x-www-form-urlencoded; charset=UTF-8", StatusCode::OK),
        ("Application/X-WWW-Form-URLEncoded", StatusCode::OK),
        ("application/x-www-form-urlencodedx", StatusCode::BAD_REQUEST),
        ("text/plain", StatusCode::BAD_REQUEST),
    ] {
        let request = request("POST", "/oauth/token").header(header::CONTENT_TYPE, kind);
        let answer = house.send(request.body(Body::from(form.clone())).unwrap()).await;
        assert_eq!(answer.status, expected, "{kind}");
    }
}
