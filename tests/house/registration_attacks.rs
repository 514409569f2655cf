//! Attacks on registration (A, L, Q, U, W): hostile redirect URIs and bodies, storms, and deleting
//! while tokens are issued.

use axum::body::Body;
use countersign::http::Peer;
use http::Request;
use http::StatusCode;
use http::header;
use serde_json::json;

use crate::disk::Disk;
use crate::harness::House;
use crate::harness::VERIFIER;
use crate::harness::posting;
use crate::harness::request;
use crate::registering::OPEN;
use crate::registering::REDIRECT;
use crate::registering::REGISTER;
use crate::registering::asking;
use crate::registering::public;
use crate::storm::send_at_once;
use crate::storm::won;

const META: &str = "invalid_client_metadata";
const REDIRECTS: &str = "invalid_redirect_uri";

const HOSTILE: &[&str] = &[
    "",
    "/cb",
    "cb",
    "//app.example/cb",
    "https:",
    "https://",
    "https:///cb",
    "https:app.example/cb",
    "https:/app.example/cb",
    "https:\\\\app.example\\cb",
    "http://app.example/cb",
    "http://127.0.0.1.evil.example/cb",
    "http://localhost.evil.example/cb",
    "http://localhost@evil.example/cb",
    "http://127.0.0.1:0/cb",
    "http://127.0.0.1:99999/cb",
    "http://0.0.0.0/cb",
    "http://[::ffff:127.0.0.1]/cb",
    "http://2130706433/cb",
    "http://127.1/cb",
    "http://LOCALHOST/cb",
    "https://user@app.example/cb",
    "https://user:password@app.example/cb",
    "https://app.example@evil.example/cb",
    "https://app.example\\@evil.example/cb",
    "https://app.example/cb#fragment",
    "https://app.example/cb#",
    "https://App.Example/cb",
    "HTTPS://app.example/cb",
    "https://app.example/a/../cb",
    "https://app.example/a/./cb",
    "https://app.example/%2e%2e/cb",
    "https://app.example/cb\t",
    "https://app.example/cb\r\nLocation: https://evil.example",
    "https://app.example/cb\u{0}",
    " https://app.example/cb",
    "https://app.example/c b",
    "https://*.example/cb",
    "https://éxample.example/cb",
    "https://app.example\u{3002}evil.example/cb",
    "https://app.example:99999/cb",
    "https://app.example/cb<script>",
    "https://app.example/cb\"onload=",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "javascript://app.example/%0aalert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://app.example/x",
    "about:blank",
    "ftp://app.example/cb",
    "ws://app.example/cb",
    "intent://app.example/#Intent;end",
    "unknown-scheme://callback",
    "CURSOR://anysphere.cursor-mcp/oauth/callback",
    "cursor:",
];

#[tokio::test]
async fn no_hostile_redirect_uri_is_registered_alone_or_among_good_ones() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("public", &public()).await;
    let long = format!("https://app.example/{}", "x".repeat(1024));
    for uri in HOSTILE.iter().copied().chain([long.as_str()]) {
        house.advance(10);
        for uris in [json!([uri]), json!([REDIRECT, uri])] {
            let body = json!({"redirect_uris": uris, "token_endpoint_auth_method": "none"});
            let answer = house.registers(&body).await;
            assert_eq!(answer.refusal(), (400, REDIRECTS.to_owned()), "{uri:?}: {answer:?}");
            let answer = client.update(&house, &body).await;
            assert_eq!(answer.refusal(), (400, REDIRECTS.to_owned()), "{uri:?}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn too_many_redirect_uris_are_refused_and_ten_are_not() {
    let house = House::open_to_clients().await;
    for (count, status) in [(10, 201), (11, 400), (1000, 400)] {
        let uris: Vec<_> = (0..count).map(|n| format!("https://a.example/{n}")).collect();
        let answer = house.registers(&json!({"redirect_uris": uris})).await;
        assert_eq!(answer.status.as_u16(), status, "{count}: {answer:?}");
        assert!(status == 201 || answer.error() == REDIRECTS, "{count}");
    }
    let many = vec!["x"; 10_000];
    let answer = house.registers(&json!({"redirect_uris": many})).await;
    assert_eq!(answer.refusal(), (400, REDIRECTS.to_owned()));
    let same = vec![REDIRECT; 10];
    let told = house.registers(&json!({"redirect_uris": same})).await.json();
    assert_eq!(told["redirect_uris"], json!([REDIRECT]));
}

#[tokio::test]
async fn deep_huge_and_doubled_bodies_are_refused_and_cost_nothing() {
    let house = House::open_to_clients().await;
    let before = house.ops.apps().unwrap().len();
    let nested =
        |open: &str, close: &str| format!("{}{}", open.repeat(25_000), close.repeat(25_000));
    let uris = "\"redirect_uris\":[\"https://a.example/\"]";
    for (body, status) in [
        (nested("[", "]"), 400),
        (format!("{{\"redirect_uris\":{}}}", nested("[", "]")), 400),
        (format!("{{{uris},\"jwks\":{}}}", nested("[", "]")), 400),
        ("{\"a\":".repeat(12_000), 400),
        (format!("{{{uris},{uris}}}"), 400),
        (format!("{{{uris},\"client_name\":\"{}\"}}", "x".repeat(60_000)), 400),
        (format!("{{{uris},\"client_name\":\"{}\"}}", "x".repeat(70_000)), 413),
        (format!("{{{uris},\"scope\":\"{}\"}}", "a ".repeat(20_000)), 400),
        (format!("{{{uris},\"contacts\":[{}\"x\"]}}", "\"x\",".repeat(10_000)), 400),
    ] {
        let answer = house.send(asking("POST", REGISTER, None, &body)).await;
        assert_eq!(answer.status.as_u16(), status, "{}: {answer:?}", &body[..60]);
    }
    let bytes = request("POST", REGISTER).header(header::CONTENT_TYPE, "application/json");
    let answer = house.send(bytes.body(Body::from(vec![0xff, 0xfe, b'{'])).unwrap()).await;
    assert_eq!(answer.refusal(), (400, META.to_owned()));
    assert_eq!(house.ops.apps().unwrap().len(), before);
}

fn from(network: u16) -> Request<Body> {
    let mut request = asking("POST", REGISTER, None, &public().to_string());
    let [high, low] = network.to_be_bytes();
    request.extensions_mut().insert(Peer(([high + 1, low, 2, 1], 443).into()));
    request
}

#[tokio::test]
async fn one_network_registers_thirty_a_minute_and_is_told_when_to_come_back() {
    let house = House::open_to_clients().await;
    let answers = send_at_once(&house, (0..40).map(|_| from(1))).await;
    assert_eq!(won(&answers, StatusCode::CREATED).len(), 30);
    for refused in won(&answers, StatusCode::TOO_MANY_REQUESTS) {
        assert_eq!(refused.header("retry-after"), "60");
        assert_eq!(refused.error(), "too_many_requests");
    }
    assert_eq!(house.send(from(2)).await.status, StatusCode::CREATED, "others are not concerned");
    house.advance(60);
    assert_eq!(house.send(from(1)).await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_from_everywhere_leaves_no_more_unused_clients_than_there_may_be() {
    let house = House::quick_with(&[OPEN, ("clients.registration_limit", "50")]).await;
    let before = house.ops.apps().unwrap().len();
    let answers = send_at_once(&house, (0..400).map(from)).await;
    assert_eq!(won(&answers, StatusCode::CREATED).len(), 50);
    assert_eq!(house.ops.apps().unwrap().len(), before + 50);
    let refused = won(&answers, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.len(), 350);
    assert_eq!(refused[0].header("retry-after"), (24 * 3600).to_string());
    house.advance(24 * 3600 + 1);
    house.ops.sweep().await.unwrap();
    assert_eq!(house.send(from(1)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn who_registers_and_deletes_all_day_is_bounded_as_well() {
    let mut house = House::quick_with(&[OPEN, ("clients.registration_limit", "10")]).await;
    for _ in 0..10 {
        let client = house.lets_in("public", &public()).await;
        assert_eq!(client.delete(&house).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(house.registers(&public()).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn clients_that_people_use_take_no_place_of_unused_ones() {
    let mut house = House::quick_with(&[OPEN, ("clients.registration_limit", "10")]).await;
    for _ in 0..12 {
        house.lets_in("public", &public()).await;
        house.connected("public", REDIRECT).await;
        house.guide.apps.pop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_outlives_a_client_that_deletes_itself_while_it_is_issued() {
    let mut house = House::open_to_clients().await;
    for round in 0..40 {
        house.advance(60);
        let client = house.lets_in("public", &public()).await;
        let code = house.code_for("public", REDIRECT).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("client_id", client.id.as_str()),
        ];
        let mut tries: Vec<_> = (0..7).map(|_| posting("/oauth/token", &form, &[])).collect();
        tries.insert(round % 8, asking("DELETE", &client.path(), Some(&client.token), ""));
        let answers = send_at_once(&house, tries).await;
        assert_eq!(won(&answers, StatusCode::NO_CONTENT).len(), 1, "round {round}");
        for answer in won(&answers, StatusCode::OK) {
            let access = answer.text("access_token");
            let call = house.call(&access, "/customers").await;
            assert_eq!(call.status, StatusCode::UNAUTHORIZED, "round {round}");
            let refused = house.refresh("public", &answer.text("refresh_token")).await;
            assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()), "round {round}");
        }
        house.guide.apps.pop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_updates_at_once_leave_one_of_them_whole() {
    let mut house = House::open_to_clients().await;
    let client = house.lets_in("public", &public()).await;
    let tries = (0..8).map(|number| {
        let uri = format!("https://app.example/{number}");
        let body = json!({
            "client_id": client.id,
            "client_name": format!("Number {number}"),
            "redirect_uris": [uri],
            "token_endpoint_auth_method": "none",
        });
        asking("PUT", &client.path(), Some(&client.token), &body.to_string())
    });
    let answers = send_at_once(&house, tries.collect::<Vec<_>>()).await;
    assert_eq!(won(&answers, StatusCode::OK).len(), 8);
    let told = client.read(&house).await.json();
    let app = house.ops.find_app(&client.id).unwrap();
    assert_eq!(told["client_name"], json!(app.name));
    assert_eq!(told["redirect_uris"], json!([app.redirect_uris[0].as_str()]));
}

#[tokio::test]
async fn markup_in_what_a_client_says_of_itself_stays_text() {
    let mut house = House::open_to_clients().await;
    let name = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let body = json!({
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "none",
        "client_name": name,
    });
    house.lets_in("public", &body).await;
    let mut browser = house.signed_in("owner").await;
    let (_, page) =
        browser.consent_page(&house.authorize_url("public", &[("redirect_uri", REDIRECT)])).await;
    assert!(page.body.contains("&lt;script&gt;"));
    assert!(!page.body.contains("<script>alert") && !page.body.contains("<img src=x"));
}

#[tokio::test]
async fn a_failure_of_the_store_is_never_a_registration_nor_a_deletion() {
    let (house, disk) = Disk::house_with(&[OPEN]).await;
    let told = house.registers(&public()).await.json();
    let path = format!("{REGISTER}/{}", told["client_id"].as_str().unwrap());
    let token = told["registration_access_token"].as_str();
    disk.break_down();
    assert!(house.registers(&public()).await.status.is_server_error());
    let mut body = public();
    body["client_id"] = told["client_id"].clone();
    for method in ["GET", "PUT", "DELETE"] {
        let answer = house.send(asking(method, &path, token, &body.to_string())).await;
        assert!(answer.status.is_server_error(), "{method}: {answer:?}");
    }
    disk.mend(&house).await;
    assert_eq!(
        house.send(asking("GET", &path, token, "")).await.json()["client_id"],
        told["client_id"]
    );
}
