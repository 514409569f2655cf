//! Upstreams that are gone, late, or talk nonsense.

use std::sync::Arc;

use axum::body::Body;
use http::StatusCode;
use tokio::sync::Notify;

use crate::harness::House;
use crate::harness::Recorder;
use crate::harness::Reply;
use crate::harness::Site;
use crate::proxy::config;
use crate::proxy::post;

async fn call(upstream: &Recorder, more: &str) -> (StatusCode, String) {
    let house = House::guarding(&config(&upstream.url(), more)).await;
    let token = house.client_token().await;
    let answer = house.call(&token, "/customers/7").await;
    (answer.status, answer.error())
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_502_in_the_shape_of_the_api() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap();
    drop(gone);
    let house = House::guarding(&config(&format!("http://{address}"), "")).await;
    let token = house.client_token().await;
    let answer = house.call(&token, "/customers/7").await;
    assert_eq!((answer.status, answer.error().as_str()), (StatusCode::BAD_GATEWAY, "bad_gateway"));
    assert!(answer.json()["message"].is_string());
    assert!(!answer.body.contains(&address.port().to_string()), "it tells where: {}", answer.body);
    assert_eq!(house.get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_name_that_nobody_knows_is_502() {
    let house = House::guarding(&config("http://nowhere.invalid", "")).await;
    let token = house.client_token().await;
    assert_eq!(house.call(&token, "/customers/7").await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn broken_answers_are_502() {
    for answer in [
        "",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA B: c\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b",
    ] {
        let upstream =
            Recorder::answering(|_, _| Reply::ThenClose(answer.as_bytes().to_vec())).await;
        let told = call(&upstream, "").await;
        assert_eq!(told, (StatusCode::BAD_GATEWAY, "bad_gateway".to_owned()), "{answer:?}");
        assert_eq!(upstream.seen().len(), 1, "{answer:?} was asked for again");
    }
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1024 * 1024));
    let upstream = Recorder::answering(move |_, _| Reply::text(&endless)).await;
    assert_eq!(call(&upstream, "").await.0, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn an_upstream_that_never_answers_is_504() {
    let upstream = Recorder::answering(|_, _| Reply::Silence).await;
    let told = call(&upstream, "response_timeout = \"1s\"").await;
    assert_eq!(told, (StatusCode::GATEWAY_TIMEOUT, "gateway_timeout".to_owned()));
    upstream.closed.notified().await;
}

#[tokio::test]
async fn an_upstream_whose_connections_are_all_in_use_is_503_after_a_while() {
    let upstream = Recorder::answering(|_, _| Reply::Silence).await;
    let more = "pool_connections = 1\nconnect_timeout = \"1s\"";
    let house = House::guarding(&config(&upstream.url(), more)).await;
    let token = house.client_token().await;
    let first = house.call(&token, "/customers/7");
    let others = async {
        upstream.asked.notified().await;
        let (one, other) =
            tokio::join!(house.call(&token, "/customers/8"), house.call(&token, "/customers/9"));
        for answer in [one, other] {
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(answer.header("retry-after"), "1");
        }
    };
    tokio::select! {
        answer = first => panic!("{answer:?}"),
        () = others => {}
    }
    assert_eq!(upstream.seen().len(), 1);
}

#[tokio::test]
async fn a_place_that_becomes_free_is_taken_by_who_waits() {
    let go = Arc::new(Notify::new());
    let told = Arc::clone(&go);
    let answer = Reply::ok("ok");
    let Reply::Bytes(bytes) = answer else { panic!() };
    let upstream = Recorder::answering(move |number, _| match number {
        0 => Reply::Parts(Vec::new(), Arc::clone(&told), bytes.clone()),
        _ => Reply::Bytes(bytes.clone()),
    })
    .await;
    let house = House::guarding(&config(&upstream.url(), "pool_connections = 1")).await;
    let token = house.client_token().await;
    let second = async {
        upstream.asked.notified().await;
        let call = house.call(&token, "/customers/8");
        let release = async {
            tokio::task::yield_now().await;
            go.notify_one();
        };
        tokio::join!(call, release).0
    };
    let (first, second) = tokio::join!(house.call(&token, "/customers/7"), second);
    assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_seen_as_broken_by_the_caller() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\nzz\r\n",
    ] {
        let upstream =
            Recorder::answering(|_, _| Reply::ThenClose(answer.as_bytes().to_vec())).await;
        let house = House::guarding(&config(&upstream.url(), "")).await;
        let site = Site::of(&house).await;
        let token = house.client_token().await;
        let mut line = site.http1().await;
        line.send(format!(
            "GET /api/external/v2/customers/7 HTTP/1.1\r\nHost: cs.example\r\nAuthorization: Bearer {token}\r\n\r\n"
        ))
        .await;
        // The connection ends before the answer does, perhaps before any of it was sent.
        let got = line.text().await;
        let (head, body) = got.split_once("\r\n\r\n").unwrap_or_default();
        let is_whole = match head.contains("transfer-encoding: chunked") {
            true => body.ends_with("0\r\n\r\n"),
            false => body.len() == 100,
        };
        assert!(!is_whole, "{got}");

        let mut client = site.http2().await;
        let request = http::Request::get("https://cs.example/api/external/v2/customers/7")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty());
        let whole = match client.send_request(request.unwrap()).await {
            Ok(response) => http_body_util::BodyExt::collect(response.into_body()).await.is_ok(),
            Err(_) => false,
        };
        assert!(!whole, "{answer:?} ends cleanly over HTTP/2");
    }
}

#[tokio::test]
async fn an_answer_that_stands_still_is_cut() {
    let never = Arc::new(Notify::new());
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonly".to_vec();
    let upstream =
        Recorder::answering(move |_, _| Reply::Parts(head.clone(), Arc::clone(&never), Vec::new()))
            .await;
    let house = House::guarding(&config(&upstream.url(), "idle_timeout = \"1s\"")).await;
    let site = Site::of(&house).await;
    let token = house.client_token().await;
    let mut line = site.http1().await;
    line.send(format!(
        "GET /api/external/v2/customers/7 HTTP/1.1\r\nHost: cs.example\r\nAuthorization: Bearer {token}\r\n\r\n"
    ))
    .await;
    assert!(line.text().await.ends_with("\r\n\r\nonly"));
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_no_fault_of_the_next_call() {
    let Reply::Bytes(ok) = Reply::ok("ok") else { panic!() };
    let upstream = Recorder::answering(move |number, _| match number {
        0 => Reply::ThenClose(ok.clone()),
        // The connection looks open, and ends when the request comes.
        2 => Reply::ThenClose(Vec::new()),
        _ => Reply::Bytes(ok.clone()),
    })
    .await;
    let house = House::guarding(&config(&upstream.url(), "")).await;
    let token = house.client_token().await;
    for _ in 0..3 {
        assert_eq!(house.call(&token, "/customers/7").await.status, StatusCode::OK);
    }
    assert_eq!(upstream.seen().len(), 4);
}

#[tokio::test]
async fn a_request_that_may_have_had_an_effect_is_never_sent_twice() {
    let Reply::Bytes(ok) = Reply::ok("ok") else { panic!() };
    let upstream = Recorder::answering(move |number, _| match number {
        1 => Reply::ThenClose(Vec::new()),
        3 => Reply::ThenClose(b"HTTP/1.1 2".to_vec()),
        _ => Reply::Bytes(ok.clone()),
    })
    .await;
    let house = House::guarding(&config(&upstream.url(), "")).await;
    let token = house.client_token().await;
    assert_eq!(house.call(&token, "/customers/7").await.status, StatusCode::OK);
    // No byte of an answer, but it is no idempotent method.
    assert_eq!(post(&house, &token, Body::empty()).await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(house.call(&token, "/customers/7").await.status, StatusCode::OK);
    // An idempotent one, but an answer had begun.
    assert_eq!(house.call(&token, "/customers/7").await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(upstream.seen().len(), 4);
}

#[tokio::test]
async fn a_second_failure_is_told_and_not_tried_again() {
    let Reply::Bytes(ok) = Reply::ok("ok") else { panic!() };
    let upstream = Recorder::answering(move |number, _| match number {
        0 => Reply::Bytes(ok.clone()),
        _ => Reply::ThenClose(Vec::new()),
    })
    .await;
    let house = House::guarding(&config(&upstream.url(), "")).await;
    let token = house.client_token().await;
    assert_eq!(house.call(&token, "/customers/7").await.status, StatusCode::OK);
    assert_eq!(house.call(&token, "/customers/7").await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(upstream.seen().len(), 3);
}
