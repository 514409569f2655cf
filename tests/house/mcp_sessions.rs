//! Sessions and event streams of the 2025 revisions.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt as _;
use http::StatusCode;
use tower::ServiceExt as _;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::mcp::stream_answer;
use crate::harness::request;

const SCOPE: &str = "customers:readonly";
const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

fn with_session(id: &str) -> Response {
    let answer = Response::builder().header("mcp-session-id", id);
    answer.header("content-type", "application/json").body(Body::from("{}")).unwrap()
}

#[tokio::test]
async fn a_session_is_its_owners_alone() {
    let house = House::quick().await;
    let owner = house.mcp_token("owner", "acme", SCOPE).await;
    let again = house.mcp_token("owner", "acme", "customers:all").await;
    let viewer = house.mcp_token("viewer", "acme", SCOPE).await;
    house.mcp.says(with_session("s-1.a"));
    let begun = house.mcp_send(&owner, "acme", PING, &[]).await;
    let session = begun.header("mcp-session-id").to_owned();
    assert!(session.starts_with("s-1.a."), "{session}");
    house.mcp.heard();
    for token in [&owner, &again] {
        let headers = [("mcp-session-id", session.as_str()), ("last-event-id", "7")];
        for method in ["GET", "DELETE"] {
            assert!(house.mcp_bare(method, token, &headers).await.status.is_success());
        }
        assert_eq!(house.mcp_send(token, "acme", PING, &headers).await.status, StatusCode::OK);
        for heard in house.mcp.heard() {
            assert_eq!(heard.header("mcp-session-id"), "s-1.a");
            assert_eq!(heard.header("last-event-id"), "7");
        }
    }
    let cut = &session[..session.len() - 1];
    let bare = "s-1.a";
    let other = session.replace("s-1", "s-2");
    for (token, id) in
        [(&viewer, session.as_str()), (&owner, cut), (&owner, bare), (&owner, &other), (&owner, "")]
    {
        let headers = [("mcp-session-id", id)];
        for method in ["GET", "DELETE"] {
            let answer = house.mcp_bare(method, token, &headers).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {id}");
        }
        let answer = house.mcp_send(token, "acme", PING, &headers).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{id}");
        assert_eq!(answer.json()["id"], 1);
    }
    let twice = [("mcp-session-id", session.as_str()), ("mcp-session-id", session.as_str())];
    let answer = house.mcp_send(&owner, "acme", PING, &twice).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(house.mcp.heard().is_empty());
}

#[tokio::test]
async fn a_session_of_one_company_is_none_of_anothers() {
    let house = House::quick().await;
    let acme = house.mcp_token("partner", "acme", SCOPE).await;
    let bakery = house.mcp_token("partner", "bakery", SCOPE).await;
    house.mcp.says(with_session("s-1"));
    let begun = house.mcp_send(&acme, "acme", PING, &[]).await;
    let headers = [("mcp-session-id", begun.header("mcp-session-id"))];
    let answer = house.mcp_send(&bakery, "bakery", PING, &headers).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn since_2026_there_are_no_sessions_and_without_one_nothing_is_taken_up_again() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", SCOPE).await;
    let headers = [
        ("mcp-session-id", "whatever"),
        ("last-event-id", "7"),
        ("mcp-protocol-version", "2026-07-28"),
    ];
    assert_eq!(house.mcp_send(&token, "acme", PING, &headers).await.status, StatusCode::OK);
    house.mcp_bare("GET", &token, &[("last-event-id", "7")]).await;
    for heard in house.mcp.heard() {
        assert_eq!(heard.header("mcp-session-id"), "");
        assert_eq!(heard.header("last-event-id"), "");
    }
}

#[tokio::test]
async fn a_get_or_delete_carries_no_body_on() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", SCOPE).await;
    for method in ["GET", "DELETE"] {
        let hidden =
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"draft_invoice"}}"#;
        let request = request(method, "/companies/acme/mcp")
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("content-length", hidden.len());
        house.send(request.body(Body::from(hidden)).unwrap()).await;
        let heard = house.mcp.heard();
        assert!(heard[0].body.is_empty(), "{method}");
        assert_eq!(heard[0].header("content-length"), "", "{method}");
    }
}

/// An upstream's stream that gives one event and then nothing for ever.
fn endless() -> Response {
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(": hi\n\n"))]);
    let body = Body::from_stream(first.chain(futures_util::stream::pending()));
    Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
}

#[tokio::test]
async fn an_open_stream_ends_with_its_token() {
    for end in ["token", "connection", "role"] {
        let house = House::quick().await;
        let token = house.mcp_token("owner", "acme", SCOPE).await;
        house.mcp.says(endless());
        let request = request("GET", "/companies/acme/mcp")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let answer = house.router.clone().oneshot(request).await.unwrap();
        let mut pieces = answer.into_body().into_data_stream();
        assert_eq!(pieces.next().await.unwrap().unwrap(), ": hi\n\n");
        let wait = tokio::time::timeout(std::time::Duration::from_millis(100), pieces.next());
        assert!(wait.await.is_err(), "it ended by itself");
        match end {
            "token" => house.advance(366 * 24 * 3600),
            "connection" => {
                let form = [("token", token.as_str())];
                house.as_app_at("/oauth/revoke", "oauth_public", &form).await;
            }
            _ => {
                let owner = house.user_id("owner");
                house.ops.disable_user(owner, MACHINE).await.unwrap();
            }
        }
        let wait = tokio::time::timeout(std::time::Duration::from_secs(10), pieces.next());
        assert!(wait.await.expect("it goes on").is_none(), "{end}");
    }
}

#[tokio::test]
async fn a_stream_that_answers_a_call_goes_on_untouched() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", SCOPE).await;
    let pieces = ["data: not json\r\n", "\r\nid: 1\nda", "ta: {\"result\":{\"tools\":[1]}}\n\n"];
    house.mcp.says(stream_answer(&pieces));
    let answer = house.call_tool(&token, "ping").await;
    assert_eq!(answer.body, pieces.concat());
    assert_eq!(answer.header("content-type"), "text/event-stream");
}
