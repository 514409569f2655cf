//! A proxy asks whether a request may proceed: whom it is answered, what is believed, and that the
//! answer is the gateway's own.
//!
//! N (what proxies say), the part of `/forward-auth`: all tests here.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::response::IntoResponse as _;
use countersign::domain::audit::EventKind;
use countersign::domain::role::RoleName;
use countersign::gateway::Upstream;
use countersign::http::Peer;
use http::StatusCode;
use http::header;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::request;
use crate::routes;

const TRUSTED: (&str, &str) = ("server.trusted_proxies", "10.0.0.0/8,fd00::/8");
const PROXY: &str = "10.1.2.3";
const SCOPE: &str = "customers:readonly customer_invoices:all companies:readonly";
const CUSTOMERS: &str = "/api/external/v2/customers";

/// The headers in which a proxy says what it holds.
type Form = (&'static str, &'static str);

const NGINX: Form = ("x-original-method", "x-original-uri");
const CADDY: Form = ("x-forwarded-method", "x-forwarded-uri");

async fn house() -> House {
    with(&[TRUSTED]).await
}

/// Behind its gateway is what lets everything pass.
async fn with(settings: &[(&str, &str)]) -> House {
    let upstream: Upstream = Arc::new(|_| Box::pin(async { StatusCode::OK.into_response() }));
    House::with(settings).await.in_front_of_with(upstream, settings)
}

/// A question with exactly these headers, from a connection of `peer`.
async fn ask_from(house: &House, peer: &str, headers: &[(&str, &str)]) -> Answer {
    let mut question = request("GET", "/forward-auth");
    for (name, value) in headers {
        question = question.header(*name, *value);
    }
    let mut question = question.body(Body::empty()).unwrap();
    let address = SocketAddr::new(peer.parse().unwrap(), 4711);
    question.extensions_mut().insert(Peer::at(address));
    house.send(question).await
}

async fn ask(house: &House, headers: &[(&str, &str)]) -> Answer {
    ask_from(house, PROXY, headers).await
}

/// A question about a call, as it should be asked.
fn about<'a>(
    form: Form,
    call: (&'a str, &'a str),
    authorization: &'a str,
) -> Vec<(&'static str, &'a str)> {
    vec![(form.0, call.0), (form.1, call.1), ("authorization", authorization)]
}

#[tokio::test]
async fn nobody_is_answered_who_is_not_a_trusted_proxy() {
    let house = house().await;
    let bearer = format!("Bearer {}", house.client_token().await);
    let question = about(NGINX, ("GET", CUSTOMERS), &bearer);
    for peer in [PROXY, "10.255.255.255", "::ffff:10.0.0.1", "fd00::1"] {
        assert_eq!(ask_from(&house, peer, &question).await.status, StatusCode::NO_CONTENT);
    }
    for peer in ["11.0.0.1", "9.255.255.255", "127.0.0.1", "::1", "fe80::1", "::10.0.0.1"] {
        let mut claimed = question.clone();
        claimed.extend([("x-forwarded-for", PROXY), ("x-real-ip", PROXY), ("forwarded", PROXY)]);
        for question in [&question, &claimed] {
            let answer = ask_from(&house, peer, question).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{peer}");
            assert!(answer.headers.get("x-countersign-client").is_none(), "{answer:?}");
            assert!(answer.headers.get("www-authenticate").is_none(), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn by_default_nobody_may_ask() {
    let house = with(&[]).await;
    let bearer = format!("Bearer {}", house.client_token().await);
    for peer in ["127.0.0.1", "::1", PROXY] {
        let answer = ask_from(&house, peer, &about(CADDY, ("GET", CUSTOMERS), &bearer)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let question = request("GET", "/forward-auth").body(Body::empty()).unwrap();
    assert_eq!(house.send(question).await.status, StatusCode::FORBIDDEN, "nor who has no address");
}

#[tokio::test]
async fn what_is_missing_doubled_contradictory_or_unreadable_is_refused() {
    let house = house().await;
    let bearer = format!("Bearer {}", house.client_token().await);
    let (get, uri) = ("GET", CUSTOMERS);
    let invoices = "/api/external/v2/customer_invoices";
    let refused: &[&[(&str, &str)]] = &[
        &[],
        &[(NGINX.0, get)],
        &[(NGINX.1, uri)],
        &[(CADDY.0, get)],
        &[(CADDY.1, uri)],
        &[(NGINX.0, get), (CADDY.1, uri)],
        &[(CADDY.0, get), (NGINX.1, uri)],
        &[("x_original_method", get), ("x_original_uri", uri)],
        &[("x-method", get), ("x-uri", uri)],
        &[(NGINX.0, get), (NGINX.1, uri), (NGINX.1, uri)],
        &[(NGINX.0, get), (NGINX.0, get), (NGINX.1, uri)],
        &[(CADDY.0, get), (CADDY.1, uri), (CADDY.1, uri)],
        &[(CADDY.0, get), (CADDY.1, uri), (NGINX.1, invoices)],
        &[(CADDY.0, get), (CADDY.1, uri), (NGINX.0, "POST")],
        &[(NGINX.0, get), (NGINX.1, uri), (CADDY.0, "HEAD")],
        &[(NGINX.0, get), (NGINX.1, uri), (CADDY.0, get), (CADDY.1, invoices)],
        &[(NGINX.0, ""), (NGINX.1, uri)],
        &[(NGINX.0, get), (NGINX.1, "")],
        &[(NGINX.0, "GET HEAD"), (NGINX.1, uri)],
        &[(NGINX.0, get), (NGINX.1, "api/external/v2/customers")],
        &[(NGINX.0, get), (NGINX.1, "https://cs.example/api/external/v2/customers")],
        &[(NGINX.0, get), (NGINX.1, "/api/external/v2/customers#/../me")],
        &[(NGINX.0, get), (NGINX.1, "/api/external/v2/customers HTTP/1.1")],
        &[(NGINX.0, get), (NGINX.1, "/api/external/v2/cust\u{f6}mers")],
        &[(NGINX.0, get), (NGINX.1, "/customers")],
        &[(NGINX.0, get), (NGINX.1, "/api/external/v22/customers")],
        &[(NGINX.0, get), (NGINX.1, "/API/external/v2/customers")],
        &[(NGINX.0, get), (NGINX.1, "//api/external/v2/customers")],
        &[(NGINX.0, get), (NGINX.1, "/x/../api/external/v2/customers")],
    ];
    for headers in refused {
        house.advance(1);
        let mut headers = headers.to_vec();
        headers.push(("authorization", &bearer));
        let answer = ask(&house, &headers).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        assert!(answer.headers.get("x-countersign-client").is_none(), "{headers:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let agreeing = [(NGINX.0, get), (NGINX.1, uri), (CADDY.0, get), (CADDY.1, uri)];
    let agreeing: Vec<_> = agreeing.into_iter().chain([("authorization", &*bearer)]).collect();
    assert_eq!(ask(&house, &agreeing).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn who_calls_is_told_as_an_upstream_is_told_and_what_the_caller_claims_is_not() {
    let house = house().await;
    let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let mut question = about(CADDY, ("GET", CUSTOMERS), &bearer);
    question.extend([
        ("x-countersign-user", "root"),
        ("x-countersign-firm", "evil"),
        ("x-countersign-assertion", "a.b.c"),
        ("x-countersign-anything", "else"),
    ]);
    let answer = ask(&house, &question).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NO_CONTENT, ""));
    assert_eq!(answer.header("x-countersign-user"), house.user_id("owner").to_string());
    assert_eq!(answer.header("x-countersign-user-email"), "owner@acme.example");
    assert_eq!(answer.header("x-countersign-company-slug"), "acme");
    assert_eq!(answer.header("x-countersign-assertion").split('.').count(), 3);
    assert_eq!(answer.header("cache-control"), "no-store");
    for name in ["x-countersign-firm", "x-countersign-anything", "access-control-allow-origin"] {
        assert!(answer.headers.get(name).is_none(), "{name}");
    }
    assert!(!format!("{:?}", answer.headers).contains(&bearer[7..]));
    assert!(answer.header("x-request-id").starts_with("req_"));
}

/// Each kind of token that a call may bear, and none.
async fn tokens(house: &House) -> Vec<(&'static str, String)> {
    let (acme, firm) = (house.company("acme"), house.firm());
    let person = async |name, place: &str, scope| {
        let tokens = house.tokens("oauth_public", name, place, scope).await;
        format!("Bearer {}", tokens["access_token"].as_str().unwrap())
    };
    let reduced = person("owner", &house.company("acme-test"), SCOPE).await;
    let place = countersign::domain::company::Place::Company(
        house.ops.find_company("acme-test").unwrap().id,
    );
    let viewer = RoleName("viewer".to_owned());
    let owner = house.user_id("owner");
    house.ops.grant_role(owner, place, viewer, MACHINE).await.unwrap();
    let revoked = house.client_token().await;
    house.as_app_at("/oauth/revoke", "api_credentials", &[("token", &revoked)]).await;
    let code = house.code("oauth_public", "owner", &acme, SCOPE).await;
    let mcp = [("resource", "https://cs.example/companies/acme/mcp")];
    let elsewhere = house.redeem_with("oauth_public", &code, &mcp).await.text("access_token");
    let app = house.client_token().await;
    vec![
        ("none", String::new()),
        ("basic", "Basic eDp5".to_owned()),
        ("doubled", format!("Bearer {app}, Bearer {app}")),
        ("unknown", format!("Bearer {app}x")),
        ("revoked", format!("Bearer {revoked}")),
        ("another surface", format!("Bearer {elsewhere}")),
        ("app", format!("Bearer {app}")),
        ("person", person("owner", &acme, SCOPE).await),
        ("viewer", person("viewer", &acme, SCOPE).await),
        ("narrow", person("owner", &acme, "products:readonly").await),
        ("role reduced", reduced),
        ("firm", person("partner", &firm, SCOPE).await),
        ("firm, junior", person("junior", &firm, SCOPE).await),
    ]
}

/// Every call of the surface with each way of naming a company, and paths that are none.
fn calls(house: &House) -> Vec<(String, String, Option<String>)> {
    let below = |path: &str| path.strip_prefix("/api/external/v2").unwrap().to_owned();
    let mut calls = Vec::new();
    for (route, _) in routes::calls() {
        let (method, path) = (route.method.to_owned(), below(&route.path));
        calls.push((method.clone(), path.clone(), None));
        for company in [house.company("acme"), house.company("clinic"), "nonsense".to_owned()] {
            calls.push((method.clone(), format!("/companies/{company}{path}"), None));
            calls.push((method.clone(), path.clone(), Some(company)));
        }
    }
    let token = "/customers?access_token=x";
    for path in [
        "",
        "/",
        "/nothing",
        "/customers/",
        "/Customers",
        token,
        "/a/../customers",
        "/./customers",
        "/%2e%2e/customers",
        "/customers%2f7",
        "/customers;x",
        "//customers",
        "/customers\\7",
        "/%63ustomers",
        "/customers%00",
    ] {
        calls.push(("GET".to_owned(), path.to_owned(), None));
    }
    for method in ["HEAD", "DELETE", "BREW", "TRACE"] {
        calls.push((method.to_owned(), "/customers".to_owned(), None));
    }
    let differ = (house.company("acme"), house.company("bakery"));
    calls.push(("GET".to_owned(), format!("/companies/{}/customers", differ.0), Some(differ.1)));
    calls
}

/// What a proxy is told where the gateway answers `status`; `own` to a path that it answers itself.
fn expected(form: Form, status: StatusCode, own: bool) -> StatusCode {
    let told = match status {
        StatusCode::OK if own => StatusCode::NOT_FOUND,
        StatusCode::OK => StatusCode::NO_CONTENT,
        other => other,
    };
    let known = [StatusCode::NO_CONTENT, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
    if form == NGINX && !known.contains(&told) { StatusCode::FORBIDDEN } else { told }
}

#[tokio::test]
async fn each_call_is_answered_to_a_proxy_as_to_the_caller() {
    let house = house().await;
    let tokens = tokens(&house).await;
    let mut seen = std::collections::BTreeSet::new();
    for (method, below, company) in calls(&house) {
        let uri = format!("/api/external/v2{below}");
        let own = ["/me", "/companies"].iter().any(|own| below.ends_with(own));
        for (of, authorization) in &tokens {
            house.advance(1);
            let mut headers = Vec::new();
            if !authorization.is_empty() {
                headers.push(("authorization", authorization.as_str()));
            }
            headers.extend(company.as_deref().map(|company| ("x-company-id", company)));
            let call = headers
                .iter()
                .fold(request(&method, &uri), |to, (name, value)| to.header(*name, *value));
            let Ok(call) = call.body(Body::empty()) else {
                // No client can send it; a proxy that holds it is refused.
                headers.extend([(NGINX.0, &*method), (NGINX.1, &*uri)]);
                assert_eq!(ask(&house, &headers).await.status, StatusCode::FORBIDDEN, "{uri}");
                continue;
            };
            let answer = house.send(call).await;
            for form in [NGINX, CADDY] {
                let mut question = headers.clone();
                question.extend([(form.0, &*method), (form.1, &*uri)]);
                let told = ask(&house, &question).await;
                let what = format!("{of}: {method} {uri} {company:?}: {answer:?} {told:?}");
                assert_eq!(told.status, expected(form, answer.status, own), "{what}");
                let challenge = told.header(header::WWW_AUTHENTICATE.as_str());
                if !own {
                    assert_eq!(challenge, answer.header("www-authenticate"), "{what}");
                }
                let named = told.headers.contains_key("x-countersign-client");
                assert_eq!(named, told.status == StatusCode::NO_CONTENT, "{what}");
                assert_eq!(told.header("cache-control"), "no-store", "{what}");
                seen.insert((form, told.status.as_u16()));
            }
        }
    }
    let seen_by = |form| {
        let of = seen.iter().filter(|(by, _)| *by == form);
        of.map(|(_, status)| *status).collect::<Vec<_>>()
    };
    assert_eq!(seen_by(NGINX), [204, 401, 403]);
    assert_eq!(seen_by(CADDY), [204, 400, 401, 403, 404, 405]);
}

#[tokio::test]
async fn calls_count_alike_whoever_holds_them() {
    let house = house().await;
    let token = house.client_token().await;
    let bearer = format!("Bearer {token}");
    for _ in 0..12 {
        assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
        let answer = ask(&house, &about(NGINX, ("GET", CUSTOMERS), &bearer)).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(house.call(&token, "/customers").await.header("ratelimit-remaining"), "0");
    let over = ask(&house, &about(CADDY, ("GET", CUSTOMERS), &bearer)).await;
    assert_eq!(over.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(over.header("retry-after"), "5");
    let over = ask(&house, &about(NGINX, ("GET", CUSTOMERS), &bearer)).await;
    assert_eq!(over.status, StatusCode::FORBIDDEN, "nginx takes 429 for a failure");
    assert_eq!(over.header("retry-after"), "5");
}

#[tokio::test]
async fn addresses_may_have_another_beginning_than_ours() {
    for (prefix, good, wrong) in [
        ("/v1", "/v1/customers?page=2", "/v1customers"),
        ("/a/b", "/a/b/customers", CUSTOMERS),
        ("", "/customers", "/v1/customers"),
    ] {
        let house = with(&[TRUSTED, ("forward_auth.prefix", prefix)]).await;
        let bearer = format!("Bearer {}", house.client_token().await);
        for form in [NGINX, CADDY] {
            let good = ask(&house, &about(form, ("GET", good), &bearer)).await;
            assert_eq!(good.status, StatusCode::NO_CONTENT, "{prefix}");
            let wrong = ask(&house, &about(form, ("GET", wrong), &bearer)).await;
            assert!(wrong.status.is_client_error(), "{prefix}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_written_down_with_the_address_that_the_proxies_vouch_for() {
    for (given, expected) in [
        (&["203.0.113.9"][..], "203.0.113.9"),
        (&["203.0.113.9, 10.9.9.9"], "203.0.113.9"),
        (&["203.0.113.9", "10.9.9.9, 10.8.8.8"], "203.0.113.9"),
        (&["1.1.1.1, 203.0.113.9"], "203.0.113.9"),
        (&["1.1.1.1", "203.0.113.9"], "203.0.113.9"),
        (&["2001:db8::7"], "2001:db8::7"),
        (&["203.0.113.9, nonsense"], PROXY),
        (&["203.0.113.9, nonsense, 10.9.9.9"], "10.9.9.9"),
        (&[""], PROXY),
        (&[], PROXY),
    ] {
        let house = house().await;
        let tokens = house.tokens("oauth_public", "owner", &house.company("acme"), SCOPE).await;
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let mut question = about(CADDY, ("GET", "/api/external/v2/products"), &bearer);
        question.extend(given.iter().map(|line| ("x-forwarded-for", *line)));
        assert_eq!(ask(&house, &question).await.status, StatusCode::FORBIDDEN);
        let newest = house.ops.audit_entries(None, 1).unwrap().remove(0).event;
        assert_eq!(newest.kind, EventKind::CallRefused);
        assert_eq!(newest.address, Some(expected.parse().unwrap()), "{given:?}");
    }
}

#[tokio::test]
async fn a_revocation_counts_at_the_next_question() {
    let house = house().await;
    let token = house.client_token().await;
    let bearer = format!("Bearer {token}");
    let question = about(NGINX, ("GET", CUSTOMERS), &bearer);
    assert_eq!(ask(&house, &question).await.status, StatusCode::NO_CONTENT);
    house.as_app_at("/oauth/revoke", "api_credentials", &[("token", &token)]).await;
    let answer = ask(&house, &question).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
}
