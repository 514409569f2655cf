//! What operators read: on a listener of its own, true, and without anything that a client chose.

use axum::body::Body;
use countersign::app::operations;
use http::Request;
use http::StatusCode;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::harness::House;

/// What the operations listener of `house` answers.
pub async fn asked(house: &House, path: &str) -> (StatusCode, String) {
    let router = operations::router(&house.ops, std::path::Path::new("/"), None);
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

/// The value of one series; 0 if there is none.
pub async fn value(house: &House, series: &str) -> f64 {
    let (status, text) = asked(house, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[tokio::test]
async fn metrics_are_never_on_the_public_listener() {
    let house = House::empty();
    assert_eq!(house.get("/metrics").await.status, StatusCode::NOT_FOUND);
    let (status, text) = asked(&house, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("# TYPE countersign_http_requests_total counter\n"), "{text}");
    assert_eq!(asked(&house, "/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
    assert_eq!(asked(&house, "/settings").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_issued_called_and_refused_is_counted_by_words_of_ours() {
    let house = House::new().await;
    let issued = "countersign_tokens_issued_total{grant=\"client_credentials\"}";
    let passed = "countersign_guard_decisions_total{decision=\"passed\"}";
    let refused = "countersign_guard_decisions_total{decision=\"refused\"}";
    let before =
        [value(&house, issued).await, value(&house, passed).await, value(&house, refused).await];
    let token = house.client_token().await;
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::OK);
    assert_eq!(house.call("cs_at_wrong", "/customers").await.status, StatusCode::UNAUTHORIZED);
    let after =
        [value(&house, issued).await, value(&house, passed).await, value(&house, refused).await];
    assert_eq!(after, before.map(|count| count + 1.0));
    let form = [("grant_type", "client_credentials"), ("scope", "canary:all")];
    house.as_app("api_credentials", &form).await;
    let (_, text) = asked(&house, "/metrics").await;
    let line = "countersign_tokens_refused_total{grant=\"client_credentials\",cause=\"ScopeBeyondGrant\"} ";
    assert!(text.contains(line), "{text}");
    let answered =
        "countersign_http_requests_total{route=\"/oauth/token\",method=\"POST\",status=\"4xx\"}";
    assert!(value(&house, answered).await >= 1.0, "{text}");
    let times = "countersign_http_request_duration_seconds_count{route=\"/oauth/token\"}";
    assert!(value(&house, times).await >= 2.0, "{text}");
    assert!(value(&house, "countersign_writer_operations_total").await >= 1.0, "{text}");
    assert!((value(&house, "countersign_store_sound").await - 1.0).abs() < 0.1);
}

#[tokio::test]
async fn nothing_that_a_client_sends_stands_among_the_metrics() {
    let house = House::quick().await;
    house.get("/canary-in-the-path?canary=1").await;
    house.post("/oauth/token", &[("grant_type", "canary"), ("client_id", "canary")]).await;
    house
        .as_app("api_credentials", &[("grant_type", "client_credentials"), ("scope", "canary")])
        .await;
    house.post("/sign-in", &[("email", "canary@canary.example"), ("password", "canary")]).await;
    house.call("canary", "/canary").await;
    let (_, text) = asked(&house, "/metrics").await;
    assert!(!text.contains("canary"), "{text}");
    for user in &house.guide.users {
        assert!(!text.contains(&user.email), "{text}");
    }
}
