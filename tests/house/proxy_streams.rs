//! Streams: events as they happen, large bodies in little memory, and callers who go away.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use axum::body::Body;
use bytes::Bytes;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http_body_util::BodyExt as _;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::harness::House;
use crate::harness::Recorder;
use crate::harness::Reply;
use crate::harness::Site;
use crate::harness::request;
use crate::proxy::config;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn an_event_arrives_before_the_stream_ends() {
    let go = Arc::new(Notify::new());
    let told = Arc::clone(&go);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n\
                9\r\ndata: 1\n\n\r\n";
    let upstream = Recorder::answering(move |_, _| {
        let rest = b"9\r\ndata: 2\n\n\r\n0\r\n\r\n".to_vec();
        Reply::Parts(head.as_bytes().to_vec(), Arc::clone(&told), rest)
    })
    .await;
    let house = House::guarding(&config(&upstream.url(), "")).await;
    let site = Site::of(&house).await;
    let token = house.client_token().await;
    let mut line = site.http1().await;
    line.send(format!(
        "GET /api/external/v2/customers/7 HTTP/1.1\r\nHost: cs.example\r\nAuthorization: Bearer {token}\r\n\
         Accept: text/event-stream\r\nConnection: close\r\n\r\n"
    ))
    .await;
    let first = line.until("data: 1").await;
    assert!(first.contains("content-type: text/event-stream") && !first.contains("data: 2"));
    go.notify_one();
    assert!(line.text().await.contains("data: 2"));
}

/// Bytes of this process that are in memory now.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() * 1024
}

async fn ask(
    house: &House,
    token: &str,
    method: &str,
    path: &str,
    body: Body,
) -> http::Response<Body> {
    let request = request(method, &format!("/api/external/v2{path}"))
        .header(AUTHORIZATION, format!("Bearer {token}"));
    house.router.clone().oneshot(request.body(body).unwrap()).await.unwrap()
}

/// 64 MiB, or as many as `COUNTERSIGN_STREAM_MIB` says.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a campaign says how much is to pass")]
async fn a_large_answer_passes_in_little_memory() {
    let mib = std::env::var("COUNTERSIGN_STREAM_MIB").map_or(64, |text| text.parse().unwrap());
    let upstream = Recorder::answering(move |_, _| Reply::Flood(16 * mib, 64 * 1024)).await;
    let house = House::guarding(&config(&upstream.url(), "")).await;
    let token = house.client_token().await;
    let mut body = ask(&house, &token, "GET", "/customers/7", Body::empty()).await.into_body();
    let (mut got, mut most, before) = (0, 0, resident());
    while let Some(frame) = body.frame().await {
        got += frame.unwrap().into_data().unwrap().len();
        most = most.max(resident().saturating_sub(before));
    }
    assert_eq!(got, mib * MIB);
    assert!(most < 16 * MIB, "{most} bytes more than before");
}

#[tokio::test]
async fn an_upstream_waits_for_a_slow_caller() {
    let upstream = Recorder::answering(|_, _| Reply::Flood(1024, 64 * 1024)).await;
    let house = House::guarding(&config(&upstream.url(), "")).await;
    let token = house.client_token().await;
    let before = resident();
    let response = ask(&house, &token, "GET", "/customers/7", Body::empty()).await;
    // Nobody reads: time passes in which everything else on this thread may run.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(resident().saturating_sub(before) < 16 * MIB);
    drop(response);
    upstream.closed.notified().await;
}

#[tokio::test]
async fn a_large_request_is_passed_on_as_it_is_taken() {
    // It listens, and reads nothing.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", deaf.local_addr().unwrap());
    let house = House::guarding(&config(&url, "idle_timeout = \"1s\"")).await;
    let token = house.client_token().await;
    let drawn = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&drawn);
    let pieces = futures_util::stream::repeat_with(move || {
        counted.fetch_add(64 * 1024, Ordering::Relaxed);
        Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 64 * 1024]))
    });
    let answer = ask(&house, &token, "POST", "/notes", Body::from_stream(pieces)).await;
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    let drawn = drawn.load(Ordering::Relaxed);
    assert!(drawn < 32 * MIB, "{drawn} bytes were drawn though nobody took them");
}

#[tokio::test]
async fn a_caller_who_goes_away_ends_the_call_upstream() {
    let upstream = Recorder::answering(|_, _| Reply::Silence).await;
    let house = House::guarding(&config(&upstream.url(), "")).await;
    let site = Site::of(&house).await;
    let token = house.client_token().await;
    let mut line = site.http1().await;
    line.send(format!(
        "GET /api/external/v2/customers/7 HTTP/1.1\r\nHost: cs.example\r\nAuthorization: Bearer {token}\r\n\r\n"
    ))
    .await;
    upstream.asked.notified().await;
    drop(line);
    upstream.closed.notified().await;
}

#[tokio::test]
async fn a_body_that_the_caller_breaks_off_never_looks_whole_upstream() {
    let upstream = Recorder::agreeable().await;
    let house = House::guarding(&config(&upstream.url(), "")).await;
    let token = house.client_token().await;
    let pieces = [Ok(Bytes::from_static(b"half")), Err(std::io::Error::other("gone"))];
    let body = Body::from_stream(futures_util::stream::iter(pieces));
    let answer = ask(&house, &token, "POST", "/notes", body).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(upstream.seen().is_empty(), "{:?}", upstream.seen());
}
