//! The guard of the protected surface: RFC 6750, companies and firms.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use countersign::gateway::Upstream;
use http::StatusCode;
use http::header;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::request;

const SCOPE: &str = "customers:readonly companies:readonly";

#[tokio::test]
async fn without_a_token_the_challenge_names_the_scope_and_no_error() {
    let house = House::new().await;
    let answer = house.get("/api/external/v2/customers").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer ") && challenge.contains("scope=\"customers:readonly\""));
    assert!(!challenge.contains("error"), "{challenge}");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.json()["error"], "unauthorized");
}

#[tokio::test]
async fn a_token_that_is_none_is_invalid_token_whatever_kind_it_is() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let access = tokens["access_token"].as_str().unwrap();
    let secret = house.app("api_credentials").client_secret.clone().unwrap();
    for token in [
        "x",
        tokens["refresh_token"].as_str().unwrap(),
        secret.as_str(),
        &access[..access.len() - 1],
        &format!("{access}0"),
        &access.to_uppercase(),
    ] {
        let answer = house.call(token, "/customers").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{token}");
    }
    assert_eq!(house.call(access, "/customers").await.status, StatusCode::OK);
}

#[tokio::test]
async fn tokens_count_only_in_the_authorization_header_and_the_scheme_in_any_case() {
    let house = House::new().await;
    let token = house.client_token().await;
    let path = format!("/api/external/v2/customers?access_token={token}");
    assert_eq!(house.get(&path).await.status, StatusCode::UNAUTHORIZED);
    for scheme in ["bearer", "BEARER"] {
        let request = request("GET", "/api/external/v2/customers")
            .header(header::AUTHORIZATION, format!("{scheme} {token}"));
        let answer = house.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK, "{scheme}");
    }
    let twice = request("GET", "/api/external/v2/customers")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::AUTHORIZATION, "Bearer other");
    let answer = house.send(twice.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_missing_scope_is_403_and_named_and_a_broad_scope_satisfies_the_narrow_one() {
    let house = House::new().await;
    let tokens = house
        .tokens("oauth_public", "owner", &house.company("acme"), "customer_invoices:all")
        .await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(house.call(access, "/customer_invoices").await.status, StatusCode::OK);
    let answer = house.call(access, "/customers").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(answer.json()["error"], "forbidden");
    assert_eq!(answer.json()["message"], "Missing scope: customers:readonly");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.contains("insufficient_scope") && challenge.contains("customers:readonly"));
}

#[tokio::test]
async fn what_is_not_listed_is_denied() {
    let house = House::new().await;
    let token = house.client_token().await;
    for path in ["/nothing", "/customers/1/2", "/", "/customers/"] {
        assert_eq!(house.call(&token, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["//customers", "/x/../customers", "/customers%2f", "/..;/customers", "/a;b"] {
        assert_eq!(house.call(&token, path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn a_company_token_reaches_its_company_and_no_other() {
    let house = House::new().await;
    let token = house.client_token().await;
    let (acme, bakery) = (house.company("acme"), house.company("bakery"));
    assert_eq!(
        house.call(&token, &format!("/companies/{acme}/customers")).await.status,
        StatusCode::OK
    );
    for path in [format!("/companies/{bakery}/customers"), "/companies/acme/customers".to_owned()] {
        assert_eq!(house.call(&token, &path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let header = [("x-company-id", bakery.as_str())];
    assert_eq!(house.call_with(&token, "/customers", &header).await.status, StatusCode::FORBIDDEN);
    let both = format!("/companies/{acme}/customers");
    assert_eq!(house.call_with(&token, &both, &header).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_firm_token_lists_its_companies_and_must_name_one() {
    let house = House::new().await;
    for (name, expected) in
        [("partner", vec!["acme", "bakery", "clinic"]), ("junior", vec!["acme", "bakery"])]
    {
        let tokens = house.tokens("oauth_public", name, &house.firm(), SCOPE).await;
        let access = tokens["access_token"].as_str().unwrap();
        let listed = house.call(access, "/companies").await.json();
        let mut slugs: Vec<&str> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|company| company["slug"].as_str().unwrap())
            .collect();
        slugs.sort_unstable();
        assert_eq!(slugs, expected, "{name}");
        let unnamed = house.call(access, "/customers").await;
        assert_eq!(unnamed.status, StatusCode::BAD_REQUEST);
        assert_eq!(unnamed.json()["error"], "company_required");
        for slug in ["acme", "bakery", "clinic", "acme-test"] {
            let path = format!("/companies/{}/customers", house.company(slug));
            let reached = house.call(access, &path).await.status == StatusCode::OK;
            assert_eq!(reached, expected.contains(&slug), "{name} {slug}");
        }
    }
}

#[tokio::test]
async fn a_company_that_becomes_confidential_is_out_of_reach_at_the_next_call() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "junior", &house.firm(), SCOPE).await;
    let access = tokens["access_token"].as_str().unwrap();
    let bakery = house.company("bakery");
    let path = format!("/companies/{bakery}/customers");
    assert_eq!(house.call(access, &path).await.status, StatusCode::OK);
    let confided = vec![house.user_id("partner")];
    let id = bakery.parse().unwrap();
    house.ops.set_confidential(id, true, confided, MACHINE).await.unwrap();
    assert_eq!(house.call(access, &path).await.status, StatusCode::FORBIDDEN);
    let listed = house.call(access, "/companies").await;
    assert!(!listed.body.contains("bakery"));
}

#[tokio::test]
async fn me_needs_no_scope_and_tells_person_company_and_scopes() {
    let house = House::new().await;
    let acme = house.company("acme");
    let tokens = house.tokens("oauth_public", "owner", &acme, "products:readonly").await;
    let me = house.call(tokens["access_token"].as_str().unwrap(), "/me").await.json();
    assert_eq!(me["user"]["email"], "owner@acme.example");
    assert_eq!(me["company"]["id"], acme);
    assert_eq!(me["scopes"], serde_json::json!(["products:readonly"]));
    let tokens = house.tokens("oauth_public", "partner", &house.firm(), SCOPE).await;
    let me = house.call(tokens["access_token"].as_str().unwrap(), "/me").await.json();
    assert_eq!(me["firm"]["slug"], "ledgerwise");
    assert!(me["company"].is_null());
}

#[tokio::test]
async fn a_bad_origin_is_refused_with_cors_headers() {
    let house = House::new().await;
    let token = house.client_token().await;
    for (origin, expected) in [
        ("null", StatusCode::FORBIDDEN),
        ("nonsense", StatusCode::FORBIDDEN),
        ("https://app.example/path", StatusCode::FORBIDDEN),
        ("https://user:secret@app.example", StatusCode::FORBIDDEN),
        ("https://app.example", StatusCode::OK),
        ("https://app.example:8443", StatusCode::OK),
        ("chrome-extension://abcdefgh", StatusCode::OK),
        ("vscode-webview://x1", StatusCode::OK),
    ] {
        let answer = house.call_with(&token, "/customers", &[("origin", origin)]).await;
        assert_eq!(answer.status, expected, "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{origin}");
    }
}

#[tokio::test]
async fn a_draft_needs_the_writing_scope() {
    let house = House::new().await;
    let acme = house.company("acme");
    let reading = house.tokens("oauth_public", "viewer", &acme, "customer_invoices:all").await;
    let writing = house.tokens("oauth_public", "owner", &acme, "customer_invoices:all").await;
    for (tokens, expected) in
        [(reading, StatusCode::FORBIDDEN), (writing, StatusCode::UNPROCESSABLE_ENTITY)]
    {
        let access = tokens["access_token"].as_str().unwrap();
        let request = request("POST", "/api/external/v2/customer_invoices")
            .header(header::AUTHORIZATION, format!("Bearer {access}"))
            .header(header::CONTENT_TYPE, "application/json");
        let answer = house.send(request.body(axum::body::Body::from("{}")).unwrap()).await;
        assert_eq!(answer.status, expected, "{answer:?}");
    }
}

#[tokio::test]
async fn who_may_not_act_any_more_learns_nothing_from_me_either() {
    let house = House::new().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(house.call(access, "/me").await.status, StatusCode::OK);
    house.ops.disable_user(house.user_id("owner"), MACHINE).await.unwrap();
    for path in ["/me", "/companies", "/customers"] {
        assert_eq!(house.call(access, path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test]
async fn a_company_that_is_named_must_be_within_reach_whatever_is_asked() {
    let house = House::new().await;
    let token = house.client_token().await;
    let bakery = house.company("bakery");
    for path in ["/me", "/companies", "/customers"] {
        for company in [bakery.as_str(), "garbage"] {
            let by_path = house.call(&token, &format!("/companies/{company}{path}")).await;
            assert_eq!(by_path.status, StatusCode::FORBIDDEN, "{company}{path}");
            let header = [("x-company-id", company)];
            let by_header = house.call_with(&token, path, &header).await;
            assert_eq!(by_header.status, StatusCode::FORBIDDEN, "{company} {path}");
        }
    }
}

#[tokio::test]
async fn head_is_get_and_other_methods_are_told_what_is_allowed() {
    let house = House::new().await;
    let token = house.client_token().await;
    let send = |method: &'static str, path: &'static str| {
        let request = request(method, path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(axum::body::Body::empty())
            .unwrap();
        house.send(request)
    };
    assert_eq!(send("HEAD", "/api/external/v2/customers").await.status, StatusCode::OK);
    assert_eq!(send("HEAD", "/api/external/v2/me").await.status, StatusCode::OK);
    for (path, allowed) in [
        ("/api/external/v2/customers", "GET, HEAD"),
        ("/api/external/v2/me", "GET, HEAD"),
        ("/api/external/v2/customer_invoices", "GET, POST, HEAD"),
    ] {
        let answer = send("DELETE", path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(answer.header("allow"), allowed, "{path}");
    }
    for path in ["/api/external/v2", "/api/external/v2/"] {
        let answer = send("GET", path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["error"], "not_found");
    }
}

#[tokio::test]
async fn a_token_may_call_25_times_in_5_seconds_and_is_told_where_it_stands() {
    let house = House::new().await;
    let (token, other) = (house.client_token().await, house.client_token().await);
    for left in (0..25).rev() {
        let answer = house.call(&token, "/me").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("ratelimit-limit"), "25");
        assert_eq!(answer.header("ratelimit-remaining"), left.to_string());
        assert!(answer.headers.get("retry-after").is_none());
    }
    let over = house.call(&token, "/customers").await;
    assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(over.json()["error"], "too_many_requests");
    assert_eq!(over.header("retry-after"), "5");
    let reset: u64 = over.header("ratelimit-reset").parse().unwrap();
    assert_eq!(house.call(&other, "/me").await.status, StatusCode::OK);
    house.advance(5);
    assert_eq!(house.ops.now().seconds(), reset);
    assert_eq!(house.call(&token, "/me").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_in_the_body_or_in_two_headers_is_not_taken() {
    let house = House::new().await;
    let token = house.client_token().await;
    let path = "/api/external/v2/customer_invoices";
    let answer = house.post(path, &[("access_token", &token)]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(!answer.header("www-authenticate").contains("error"), "{answer:?}");
    let both = format!("Bearer {token}, Bearer {token}");
    let answer = house.post_with(path, &[], &[("authorization", &both)]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let headers = [("authorization", both.as_str()), ("authorization", "Bearer other")];
    let answer = house.post_with(path, &[], &headers).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_request\""));
}

#[tokio::test]
async fn another_scheme_or_an_unfinished_one_is_no_token() {
    let house = House::new().await;
    let token = house.client_token().await;
    for header in
        [format!("Basic {token}"), format!("DPoP {token}"), token.clone(), "Bearer".into()]
    {
        let headers = [("authorization", header.as_str())];
        let answer = house.post_with("/api/external/v2/me", &[], &headers).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{header}");
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer ") && !challenge.contains("error"), "{challenge}");
    }
    for header in
        [format!("Bearer {token} x"), format!("Bearer \"{token}\""), "Bearer \u{e9}".into()]
    {
        let headers = [("authorization", header.as_str())];
        let answer = house.post_with("/api/external/v2/me", &[], &headers).await;
        assert!(answer.status.is_client_error(), "{header}");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_"), "{header}");
    }
}

#[tokio::test]
async fn one_challenge_tells_a_dead_token_alike_whatever_it_died_of() {
    let house = House::new().await;
    let acme = house.company("acme");
    let revoked = house.client_token().await;
    house.as_app_at("/oauth/revoke", "api_credentials", &[("token", &revoked)]).await;
    let expired = house.client_token().await;
    house.advance(3600);
    let code = house.code("oauth_public", "owner", &acme, SCOPE).await;
    let mcp = [("resource", "https://cs.example/companies/acme/mcp")];
    let elsewhere = house.redeem_with("oauth_public", &code, &mcp).await.text("access_token");
    let mut told = Vec::new();
    for token in ["cs_at_x", &revoked, &expired, &elsewhere] {
        let answer = house.call(token, "/customers").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{token}");
        assert_eq!(answer.headers.get_all("www-authenticate").iter().count(), 1);
        assert_eq!(answer.header("cache-control"), "no-store");
        told.push((answer.header("www-authenticate").to_owned(), answer.body.clone()));
    }
    let metadata = "https://cs.example/.well-known/oauth-protected-resource/api/external/v2";
    let challenge = format!(
        "Bearer error=\"invalid_token\", resource_metadata=\"{metadata}\", scope=\"customers:readonly\""
    );
    assert_eq!(told[0].0, challenge);
    assert!(told.iter().all(|one| one == &told[0]), "{told:?}");
}

#[tokio::test]
async fn neither_token_nor_cookie_nor_forged_header_goes_on_to_the_api() {
    let upstream: Upstream = Arc::new(|permitted| {
        Box::pin(async move {
            let headers = permitted.into_request().headers().clone();
            let names = headers.keys().map(|name| name.as_str().to_owned());
            axum::Json(names.collect::<Vec<_>>()).into_response()
        })
    });
    let house = House::new().await.in_front_of(upstream);
    let token = house.client_token().await;
    let company = house.company("acme");
    let headers = [
        ("cookie", "__Host-cs_session=x"),
        ("forwarded", "for=10.0.0.1"),
        ("x-forwarded-for", "10.0.0.1"),
        ("X-Forwarded-Host", "evil.example"),
        ("x_forwarded_user", "root"),
        ("x-countersign-user", "root"),
        ("x_countersign_company", "evil"),
        ("x_company_id", "evil"),
        ("x_request_id", "evil"),
        ("x-original-url", "/admin"),
        ("x-company-id", company.as_str()),
        ("accept-language", "en"),
    ];
    let answer = house.call_with(&token, "/customers", &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let mut went_on: Vec<String> = serde_json::from_str(&answer.body).unwrap();
    went_on.sort_unstable();
    let expected = [
        "accept-language",
        "host",
        "x-company-id",
        "x-countersign-assertion",
        "x-countersign-client",
        "x-countersign-company",
        "x-countersign-company-slug",
        "x-countersign-scopes",
        "x-countersign-token",
        "x-request-id",
    ];
    assert_eq!(went_on, expected);
}
