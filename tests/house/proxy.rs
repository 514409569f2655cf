//! What goes on to an upstream, and what comes back from it.

use axum::body::Body;
use http::StatusCode;
use http::header::AUTHORIZATION;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::Recorder;
use crate::harness::Reply;
use crate::harness::Site;
use crate::harness::request;

const ROUTES: &str = r#"
[[api.routes]]
method = "GET"
path = "/customers/{id}"
scope = "customers:readonly"

[[api.routes]]
method = "POST"
path = "/notes"

[[api.routes]]
method = "DELETE"
path = "/notes"
"#;

/// The configuration of an API behind which `upstream` stands.
pub fn config(upstream: &str, more: &str) -> String {
    format!("[api]\nupstream = \"{upstream}\"\n{more}\n{ROUTES}")
}

async fn guarding(upstream: &Recorder) -> House {
    House::guarding(&config(&upstream.url(), "")).await
}

/// A POST with this body.
pub async fn post(house: &House, token: &str, body: impl Into<Body>) -> Answer {
    let request =
        request("POST", "/api/external/v2/notes").header(AUTHORIZATION, format!("Bearer {token}"));
    house.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn a_permitted_call_goes_on_below_the_upstreams_path_with_what_only_we_may_say() {
    let upstream = Recorder::agreeable().await;
    let house = House::guarding(&config(&format!("{}/v1/", upstream.url()), "")).await;
    let site = Site::of(&house).await;
    let token = house.client_token().await;
    let acme = house.company("acme");
    let mut line = site.http1().await;
    line.send(format!(
        "GET /api/external/v2/companies/{acme}/customers/7%20a?b=%2F&c HTTP/1.1\r\nHost: cs.example\r\n\
         Authorization: Bearer {token}\r\nAccept: text/plain\r\nConnection: close\r\n\r\n"
    ))
    .await;
    let answer = line.text().await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let reference = answer.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();

    let seen = upstream.only();
    assert_eq!(seen.line(), "GET /v1/customers/7%20a?b=%2F&c HTTP/1.1");
    for (name, value) in [
        ("host", upstream.address.to_string()),
        ("accept", "text/plain".to_owned()),
        ("x-forwarded-for", "127.0.0.1".to_owned()),
        ("x-forwarded-host", "cs.example".to_owned()),
        ("x-forwarded-proto", "https".to_owned()),
        ("x-countersign-company", acme.clone()),
        ("x-countersign-company-slug", "acme".to_owned()),
        ("via", "1.1 countersign".to_owned()),
        ("x-request-id", reference.trim().to_owned()),
    ] {
        assert_eq!(seen.all(name), [value], "{name}");
    }
    for name in ["authorization", "cookie", "content-length", "transfer-encoding", "connection"] {
        assert!(seen.all(name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn what_is_not_permitted_reaches_no_upstream() {
    let upstream = Recorder::agreeable().await;
    let house = guarding(&upstream).await;
    let token = house.client_token().await;
    assert_eq!(house.call("", "/customers/7").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(house.call(&token, "/other").await.status, StatusCode::NOT_FOUND);
    assert_eq!(house.call(&token, "/notes").await.status, StatusCode::METHOD_NOT_ALLOWED);
    let acme = house.company("acme");
    let narrow = house.tokens("oauth_public", "owner", &acme, "products:readonly").await;
    let narrow = narrow["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.call(&narrow, "/customers/7").await.status, StatusCode::FORBIDDEN);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn headers_that_an_upstream_would_believe_do_not_come_from_outside() {
    let upstream = Recorder::agreeable().await;
    let house = guarding(&upstream).await;
    let token = house.client_token().await;
    let forged = [
        "Cookie",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Client-Cert",
        "Forwarded",
        "X-Countersign-Company",
        "X-Countersign-User",
        "x_countersign_company",
        "X_Forwarded_For",
        "X-Original-URL",
        "X-Original-Method",
        "X-Rewrite-URL",
        "X-Real-IP",
        "True-Client-IP",
        "X-HTTP-Method-Override",
        "X-Method-Override",
        "X-HTTP-Method",
        "Client-Cert",
        "Client-Cert-Chain",
        "SSL-Client-Cert",
        "X-SSL-Client-Verify",
        "X-Client-Cert",
        "Remote-User",
        "X-Remote-User",
        "X-Auth-Request-Email",
        "X-Request-Id",
        "Proxy",
        "Content_Length",
        "Transfer_Encoding",
        "X-Hop",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Upgrade",
        "HTTP2-Settings",
        "Expect",
    ];
    let mut headers: Vec<(&str, &str)> = forged.iter().map(|name| (*name, "forged")).collect();
    headers.extend([
        ("Connection", "X-Hop, close"),
        ("Connection", "keep-alive"),
        ("X-Kept", "kept"),
    ]);
    assert_eq!(house.call_with(&token, "/customers/7", &headers).await.status, StatusCode::OK);
    let seen = upstream.only();
    assert!(!seen.head.contains("forged"), "{}", seen.head);
    assert!(!seen.head.contains(&token), "{}", seen.head);
    assert_eq!(seen.all("x-kept"), ["kept"]);
    assert_eq!(seen.all("x-countersign-company"), [house.company("acme")]);
}

#[tokio::test]
async fn an_answer_sets_nothing_on_our_origin() {
    let upstream = Recorder::answering(|_, _| {
        Reply::with(
            "Set-Cookie: a=b\r\nSet-Cookie: __Host-session=x\r\nClear-Site-Data: \"*\"\r\n\
             Service-Worker-Allowed: /\r\nAccess-Control-Allow-Origin: https://evil.example\r\n\
             Access-Control-Allow-Credentials: true\r\nContent-Security-Policy: script-src *\r\n\
             X-Frame-Options: ALLOWALL\r\nStrict-Transport-Security: max-age=0\r\n\
             X-Content-Type-Options: none\r\nWWW-Authenticate: Basic\r\nAlt-Svc: h3=\":1\"\r\n\
             Refresh: 0;url=https://evil.example\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\
             Keep-Alive: timeout=9\r\nX-Request-Id: theirs\r\nContent-Type: text/html\r\n\
             Cache-Control: max-age=60\r\nETag: \"1\"\r\nX-Kept: kept\r\n",
            "<script>",
        )
    })
    .await;
    let house = guarding(&upstream).await;
    let token = house.client_token().await;
    let answer = house.call(&token, "/customers/7").await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, "<script>"));
    for name in [
        "set-cookie",
        "clear-site-data",
        "service-worker-allowed",
        "www-authenticate",
        "alt-svc",
        "access-control-allow-credentials",
        "refresh",
        "connection",
        "keep-alive",
        "x-hop",
    ] {
        assert!(!answer.headers.contains_key(name), "{name}");
    }
    for (name, value) in [
        ("content-security-policy", "sandbox; default-src 'none'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("strict-transport-security", "max-age=31536000"),
        ("access-control-allow-origin", "*"),
        ("cache-control", "max-age=60"),
        ("etag", "\"1\""),
        ("x-kept", "kept"),
    ] {
        assert_eq!(answer.header(name), value, "{name}");
        assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name}");
    }
    assert_ne!(answer.header("x-request-id"), "theirs");
}

#[tokio::test]
async fn a_location_leads_back_through_the_gateway() {
    let upstream = Recorder::answering(|number, _| {
        let location = ["/v1/notes/7", "https://elsewhere.example/"][number];
        Reply::text(&format!(
            "HTTP/1.1 201 Created\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ))
    })
    .await;
    let house = House::guarding(&config(&format!("{}/v1", upstream.url()), "")).await;
    let token = house.client_token().await;
    let answer = post(&house, &token, "x").await;
    assert_eq!(answer.header("location"), "/api/external/v2/notes/7");
    assert_eq!(post(&house, &token, "x").await.header("location"), "https://elsewhere.example/");
}

#[tokio::test]
async fn bodies_go_on_in_a_framing_of_our_own() {
    let upstream = Recorder::agreeable().await;
    let house = guarding(&upstream).await;
    let token = house.client_token().await;
    post(&house, &token, "twelve bytes").await;
    let pieces = ["one ", "two"].map(Ok::<_, std::io::Error>);
    post(&house, &token, Body::from_stream(futures_util::stream::iter(pieces))).await;
    post(&house, &token, Body::empty()).await;
    let seen = upstream.seen();
    assert_eq!(seen[0].all("content-length"), ["12"]);
    assert_eq!(seen[0].body, b"twelve bytes");
    assert_eq!(seen[1].all("transfer-encoding"), ["chunked"]);
    assert!(seen[1].all("content-length").is_empty());
    assert_eq!(seen[1].body, b"one two");
    assert_eq!(seen[2].all("content-length"), ["0"]);
    assert!(seen.iter().all(|seen| seen.connection == 0), "the connection was not used again");
}

#[tokio::test]
async fn the_surface_has_its_own_body_limit_and_forms_keep_theirs() {
    let upstream = Recorder::agreeable().await;
    let more = "max_request_body_mib = 1";
    let house = House::guarding(&config(&upstream.url(), more)).await;
    let token = house.client_token().await;
    let mib = 1024 * 1024;
    assert_eq!(post(&house, &token, vec![b'x'; mib]).await.status, StatusCode::OK);
    assert_eq!(upstream.seen()[0].body.len(), mib);
    let answer = post(&house, &token, vec![b'x'; mib + 1]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let form = "grant_type=client_credentials&x=".to_owned() + &"x".repeat(64 * 1024);
    let form = request("POST", "/oauth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form));
    assert_eq!(house.send(form.unwrap()).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn only_the_listed_web_pages_may_call() {
    let upstream = Recorder::agreeable().await;
    let more = "allowed_origins = [\"https://app.example\"]";
    let house = House::guarding(&config(&upstream.url(), more)).await;
    let token = house.client_token().await;
    for (origins, status) in [
        (&["https://app.example"][..], StatusCode::OK),
        (&[], StatusCode::OK),
        (&["https://evil.example"], StatusCode::FORBIDDEN),
        (&["https://app.example.evil.example"], StatusCode::FORBIDDEN),
        (&["null"], StatusCode::FORBIDDEN),
        (&["https://app.example", "https://evil.example"], StatusCode::FORBIDDEN),
    ] {
        let headers: Vec<_> = origins.iter().map(|origin| ("origin", *origin)).collect();
        let answer = house.call_with(&token, "/customers/7", &headers).await;
        assert_eq!(answer.status, status, "{origins:?}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
}

#[tokio::test]
async fn the_configured_rate_limit_holds() {
    let upstream = Recorder::agreeable().await;
    let more = "rate_limit_calls = 2\nrate_limit_window = \"5s\"";
    let house = House::guarding(&config(&upstream.url(), more)).await;
    let token = house.client_token().await;
    for status in [200, 200, 429] {
        assert_eq!(house.call(&token, "/customers/7").await.status.as_u16(), status);
    }
    assert_eq!(upstream.seen().len(), 2);
}

#[tokio::test]
async fn a_revocation_ends_access_at_the_next_request_of_a_kept_connection() {
    let upstream = Recorder::agreeable().await;
    let house = guarding(&upstream).await;
    let site = Site::of(&house).await;
    let token = house.client_token().await;
    let mut line = site.http1().await;
    let call = format!(
        "GET /api/external/v2/customers/7 HTTP/1.1\r\nHost: cs.example\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    line.send(&call).await;
    assert!(line.until("\r\n\r\nok").await.starts_with("HTTP/1.1 200 "));
    let app = house.app("api_credentials").client_id.parse().unwrap();
    house.ops.revoke_app(app, MACHINE).await.unwrap();
    line.send(&call).await;
    assert!(line.until("\r\n\r\n").await.starts_with("HTTP/1.1 401 "));
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn head_is_asked_as_head_and_keeps_the_length() {
    let upstream =
        Recorder::answering(|_, _| Reply::text("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"))
            .await;
    let house = guarding(&upstream).await;
    let token = house.client_token().await;
    for _ in 0..2 {
        let request = request("HEAD", "/api/external/v2/customers/7")
            .header(AUTHORIZATION, format!("Bearer {token}"));
        let answer = house.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!((answer.header("content-length"), answer.body.as_str()), ("12345", ""));
    }
    assert!(upstream.seen().iter().all(|seen| seen.line().starts_with("HEAD /customers/7 ")));
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn without_an_upstream_there_is_no_surface() {
    let mut settings = countersign::config::Sources::default();
    settings.flags.clear();
    let settings = countersign::config::load(&settings).unwrap().settings;
    assert!(countersign::app::upstreams::behind(&settings).unwrap().is_none());
}
