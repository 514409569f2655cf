//! Attacks on the walls between companies, and on flows that this server does not have.
//!
//! R, 4.6: `each_call_reaches_…`, `a_cursor_…`, `no_id_…`
//! C (other company): `a_grant_for_one_company_…`
//! L, M, P, Q and "Also": `what_is_not_offered_…`, `no_grant_type_…`, `nothing_is_advertised_…`

use axum::body::Body;
use countersign::domain::scope::ScopeSet;
use http::StatusCode;
use http::header;
use serde_json::Value;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::request;
use crate::routes;

const COMPANIES: [&str; 4] = ["acme", "acme-test", "bakery", "clinic"];
const ALL: &str =
    "companies:readonly customers:all products:all customer_invoices:all trial_balance:readonly";

/// Tokens by who holds them, with the companies that each reaches.
async fn holders(house: &House) -> Vec<(&'static str, String, Vec<&'static str>)> {
    let access = |tokens: Value| tokens["access_token"].as_str().unwrap().to_owned();
    let mut all = vec![("the app", house.client_token().await, vec!["acme"])];
    for (name, place, reach) in [
        ("owner", "acme", vec!["acme"]),
        ("owner", "acme-test", vec!["acme-test"]),
        ("viewer", "acme", vec!["acme"]),
        ("partner", "", vec!["acme", "bakery", "clinic"]),
        ("partner", "clinic", vec!["clinic"]),
        ("junior", "", vec!["acme", "bakery"]),
        ("junior", "bakery", vec!["bakery"]),
    ] {
        let place = if place.is_empty() { house.firm() } else { house.company(place) };
        let tokens = house.tokens("oauth_public", name, &place, ALL).await;
        all.push((name, access(tokens), reach));
    }
    all
}

async fn call(
    house: &House,
    token: &str,
    method: &str,
    path: &str,
    company: Option<&str>,
) -> Answer {
    house.advance(1);
    let mut request =
        request(method, path).header(header::AUTHORIZATION, format!("Bearer {token}"));
    if let Some(company) = company {
        request = request.header("x-company-id", company);
    }
    house.send(request.body(Body::from("{}")).unwrap()).await
}

fn scopes_of(me: &Answer) -> ScopeSet {
    let body = me.json();
    let scopes: Vec<&str> =
        body["scopes"].as_array().unwrap().iter().map(|scope| scope.as_str().unwrap()).collect();
    ScopeSet::parse(&scopes.join(" "))
}

#[tokio::test]
async fn each_call_reaches_the_companies_of_its_token_and_no_other_however_they_are_named() {
    let house = House::new().await;
    let mut reached = 0;
    for (who, token, reach) in holders(&house).await {
        let me = call(&house, &token, "GET", "/api/external/v2/me", None).await;
        let held = house.ops.catalogue().closure(&scopes_of(&me));
        for (route, scope) in routes::calls() {
            let below = route.path.strip_prefix("/api/external/v2").unwrap().to_owned();
            let may = scope.is_none_or(|scope| held.contains(&scope.parse().unwrap()));
            for slug in COMPANIES {
                let id = house.company(slug);
                let by_path = format!("/api/external/v2/companies/{id}{below}");
                let by_header = call(&house, &token, route.method, &route.path, Some(&id)).await;
                let by_path = call(&house, &token, route.method, &by_path, None).await;
                for answer in [by_header, by_path] {
                    let through = answer.status == StatusCode::OK
                        || answer.status == StatusCode::UNPROCESSABLE_ENTITY;
                    let expected = may && reach.contains(&slug);
                    assert_eq!(
                        through, expected,
                        "{who} {} {below} of {slug}: {answer:?}",
                        route.method
                    );
                    if !through {
                        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{who} {below} {slug}");
                        assert!(!answer.body.contains(slug), "{answer:?}");
                    }
                    reached += usize::from(through);
                }
            }
        }
    }
    assert!(reached > 50);
}

#[tokio::test]
async fn no_id_that_is_made_up_is_told_from_one_out_of_reach() {
    let house = House::new().await;
    let token = house.client_token().await;
    let real = house.company("bakery");
    let mut made_up = real.clone();
    made_up.replace_range(made_up.len() - 4.., "0000");
    let swapped = house.user_id("owner").to_string();
    let app = house.app("api_credentials").client_id.clone();
    for (route, _) in routes::calls() {
        let mut answers = Vec::new();
        for id in
            [real.as_str(), &made_up, &swapped, &app, &house.firm(), "acme", "1", "-", "*", "null"]
        {
            let answer = call(&house, &token, route.method, &route.path, Some(id)).await;
            answers.push((answer.status, answer.body));
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{route:?}: {answers:?}");
        assert_eq!(answers[0].0, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_cursor_is_one_of_ours_or_refused() {
    let house = House::new().await;
    let token = house.client_token().await;
    let first = house.call(&token, "/products?limit=1").await.json();
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    assert_eq!(
        house.call(&token, &format!("/products?cursor={cursor}")).await.status,
        StatusCode::OK
    );
    for wrong in ["'", "1%20OR%201=1", "-1", "../x", "99999999999999999999", "%00", "x", "{}", "[]"]
    {
        house.advance(1);
        let answer = house.call(&token, &format!("/products?cursor={wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}: {answer:?}");
    }
}

#[tokio::test]
async fn a_grant_for_one_company_is_never_widened_to_another() {
    let house = House::new().await;
    let (acme, bakery) = (house.company("acme"), house.company("bakery"));
    let tokens = house.tokens("oauth_public", "partner", &acme, "customers:readonly").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let resource = "https://cs.example/companies/bakery/mcp";
    for more in [("resource", resource), ("scope", "customers:all"), ("scope", "products:readonly")]
    {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh), more];
        let answer = house.as_app("oauth_public", &form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{more:?}: {answer:?}");
    }
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("company_id", &bakery),
        ("audience", resource),
    ];
    let next = house.as_app("oauth_public", &form).await.json();
    let access = next["access_token"].as_str().unwrap();
    let me = house.call(access, "/me").await.json();
    assert_eq!(me["company"]["id"], acme);
    let header = [("x-company-id", bakery.as_str())];
    assert_eq!(house.call_with(access, "/customers", &header).await.status, StatusCode::FORBIDDEN);
}

/// Paths at which other servers have what this one has not.
const ABSENT: [&str; 18] = [
    "/oauth/device_authorization",
    "/oauth/device",
    "/device",
    "/oauth/bc-authorize",
    "/oauth/ciba",
    "/oauth/userinfo",
    "/userinfo",
    "/oauth/logout",
    "/logout",
    "/oauth/end_session",
    "/oauth/jwks",
    "/jwks",
    "/.well-known/openid-configuration",
    "/.well-known/webfinger",
    "/scim/v2/Users",
    "/saml/acs",
    "/oauth/token_info",
    "/oauth/check_session",
];

#[tokio::test]
async fn what_is_not_offered_is_not_there() {
    let house = House::new().await;
    for path in ABSENT {
        let form = [("client_id", "x"), ("jwks_uri", "http://169.254.169.254/")];
        assert_eq!(house.post(path, &form).await.status, StatusCode::NOT_FOUND, "{path}");
        let answer = house.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        let readers = if path.starts_with("/.well-known/") { "*" } else { "" };
        assert_eq!(answer.header("access-control-allow-origin"), readers, "{path}");
    }
    for url in
        ["https://client.example/metadata.json", "http://169.254.169.254/", "https://127.0.0.1/"]
    {
        let answer = house.get(&house.authorize_url("oauth_public", &[("client_id", url)])).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{url}");
        let request_uri = house.authorize_url("oauth_public", &[("request_uri", url)]);
        let error = house.get(&request_uri).await.redirected("error");
        assert_eq!(error.as_deref(), Some("invalid_request_uri"), "{url}");
    }
}

#[tokio::test]
async fn no_grant_type_or_response_type_but_the_three_and_the_one_is_taken() {
    let house = House::new().await;
    for grant in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:openid:params:grant-type:ciba",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "AUTHORIZATION_CODE",
        "client_credentials ",
        "authorization_code refresh_token",
        "none",
    ] {
        for kind in ["oauth_public", "oauth_confidential", "api_credentials"] {
            let form =
                [("grant_type", grant), ("username", "x"), ("password", "x"), ("assertion", "x")];
            let answer = house.as_app(kind, &form).await;
            assert_eq!(answer.error(), "unsupported_grant_type", "{grant} {kind}");
        }
    }
    for response in
        ["token", "id_token", "code token", "code id_token", "none", "CODE", "code code"]
    {
        let url = house.authorize_url("oauth_public", &[("response_type", response)]);
        let error = house.get(&url).await.redirected("error");
        assert_eq!(error.as_deref(), Some("unsupported_response_type"), "{response}");
    }
    for mode in ["fragment", "form_post", "query.jwt", "web_message", "jwt", "QUERY"] {
        let url = house.authorize_url("oauth_public", &[("response_mode", mode)]);
        let answer = house.get(&url).await;
        assert_eq!(answer.redirected("error").as_deref(), Some("invalid_request"), "{mode}");
        assert!(answer.location().contains("?error="), "{mode}");
    }
}

#[tokio::test]
async fn an_assertion_proves_no_client() {
    let house = House::new().await;
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.";
    for path in ["/oauth/token", "/token", "/oauth/revoke", "/oauth/introspect", "/oauth/par"] {
        for app in ["oauth_confidential", "oauth_public", "api_credentials"] {
            let form = [
                ("client_id", house.app(app).client_id.as_str()),
                ("client_assertion_type", kind),
                ("client_assertion", none),
                ("grant_type", "client_credentials"),
                ("token", "x"),
                ("response_type", "code"),
            ];
            let answer = house.post(path, &form).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {app}");
            assert_eq!(answer.error(), "invalid_client", "{path} {app}");
        }
    }
}

#[tokio::test]
async fn nothing_is_advertised_that_is_not_there() {
    let house = House::new().await;
    let document = house.get("/.well-known/oauth-authorization-server").await;
    for absent in [
        "registration_endpoint",
        "device_authorization_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "end_session_endpoint",
        "backchannel",
        "private_key_jwt",
        "implicit",
        "password",
        "fragment",
        "form_post",
        "plain",
        "client_id_metadata_document_supported",
        "openid",
        "http://",
    ] {
        assert!(!document.body.contains(absent), "{absent}: {}", document.body);
    }
}

#[tokio::test]
async fn tokens_are_given_to_a_post_alone_and_secrets_are_read_from_no_address() {
    let house = House::new().await;
    let app = house.app("api_credentials");
    let secret = app.client_secret.clone().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", secret.as_str()),
    ];
    let query = crate::harness::encoded(&form);
    for path in routes::paths(|_| true) {
        let url = format!("{path}?{query}");
        for method in ["GET", "HEAD", "PUT"] {
            let answer = house.send(request(method, &url).body(Body::empty()).unwrap()).await;
            assert!(!answer.body.contains("cs_ct_"), "{method} {path}");
        }
        let answer = house.post(&url, &[]).await;
        assert!(answer.status != StatusCode::OK, "{path}: {answer:?}");
    }
    let repeated = [form[0], form[1], form[2], ("client_id", &app.client_id)];
    assert_eq!(house.post("/oauth/token", &repeated).await.error(), "invalid_request");
    let unknown = [form[0], form[1], form[2], ("unheard_of", "x"), ("scope", "")];
    assert_eq!(house.post("/oauth/token", &unknown).await.status, StatusCode::OK);
}
