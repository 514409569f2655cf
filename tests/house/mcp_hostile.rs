//! Messages that are meant to be read one way here and another way behind us. Rows N, O and U of the
//! attacks.

use countersign::domain::scope::ScopeSet;
use http::StatusCode;
use proptest::strategy::Strategy as _;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::harness::House;
use crate::harness::mcp;

const SCOPE: &str = "customers:readonly";

#[tokio::test]
async fn what_two_readers_could_read_differently_reaches_nobody() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", SCOPE).await;
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{}{}}}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let mut bodies: Vec<Vec<u8>> = [
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        "[]",
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"x"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","\u006dethod":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ping","name":"draft_invoice"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ping","Name":"draft_invoice"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ping"},"Params":{"name":"draft_invoice"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"tools/call"}"#,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\nx",
        "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
        r#"{"jsonrpc":"2.0","id":NaN,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1e400,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"ping"}}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        "null",
        "7",
        "",
        &deep,
    ]
    .iter()
    .map(|body| body.as_bytes().to_vec())
    .collect();
    bodies.push(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"pi\xffng\"}".to_vec());
    for body in bodies {
        let text = String::from_utf8_lossy(&body).chars().take(80).collect::<String>();
        let answer = house.mcp_send(&token, "acme", body, &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{text}: {answer:?}");
        assert_eq!(answer.json()["jsonrpc"], "2.0", "{text}");
        assert!(answer.json().get("id").is_none(), "{text}");
    }
    assert!(house.mcp.heard().is_empty());
}

#[tokio::test]
async fn an_escaped_name_is_read_like_a_plain_one() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", SCOPE).await;
    let call = |method: &str, name: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"name":"{name}"}}}}"#)
    };
    for (method, name, status) in [
        (r"tools\u002fcall", "draft_invoice", 403),
        (r"t\u006fols/call", r"draft\u005finvoice", 403),
        (r"tools\/call", "list_customers", 200),
        (r"\u0074ools/call", r"list_c\u0075stomers", 200),
        (r"tools/call\u0000", "ping", 200),
    ] {
        let answer = house.mcp_send(&token, "acme", call(method, name), &[]).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {name}: {answer:?}");
        let forwarded = status == 200 && !method.ends_with("u0000");
        assert_eq!(house.mcp.heard().len(), usize::from(forwarded), "{method} {name}");
    }
}

#[tokio::test]
async fn a_header_that_says_something_else_than_the_message_is_refused() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", SCOPE).await;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_customers",
        "arguments":{"region":"eu","page":{"size":42}},
        "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
    let fine: [&[(&str, &str)]; 4] = [
        &[],
        &[("mcp-method", "tools/call"), ("mcp-name", "list_customers")],
        &[("mcp-protocol-version", "2026-07-28"), ("mcp-name", "=?base64?bGlzdF9jdXN0b21lcnM=?=")],
        &[("mcp-param-region", "eu"), ("mcp-param-size", "42.0")],
    ];
    for headers in fine {
        let answer = house.mcp_send(&token, "acme", body, headers).await;
        assert_eq!(answer.status, StatusCode::OK, "{headers:?}: {answer:?}");
        let heard = house.mcp.heard();
        for (name, value) in headers {
            assert_eq!(heard[0].header(name), *value);
        }
    }
    let wrong: [&[(&str, &str)]; 11] = [
        &[("mcp-method", "ping")],
        &[("mcp-method", "tools/Call")],
        &[("mcp-method", "tools/call"), ("mcp-method", "ping")],
        &[("mcp-name", "draft_invoice")],
        &[("mcp-name", "=?base64?ZHJhZnRfaW52b2ljZQ==?=")],
        &[("mcp-name", "=?base64?!?=")],
        &[("mcp-name", "list_customers"), ("mcp-name", "draft_invoice")],
        &[("mcp-param-region", "us")],
        &[("mcp-param-region", "eu"), ("mcp-param-region", "us")],
        &[("mcp-protocol-version", "2025-06-18")],
        &[("mcp-protocol-version", "2026-07-28"), ("mcp-protocol-version", "2025-06-18")],
    ];
    for headers in wrong {
        let answer = house.mcp_send(&token, "acme", body, headers).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{headers:?}: {answer:?}");
        assert_eq!(answer.json()["error"]["code"], -32020, "{headers:?}");
        assert_eq!(answer.json()["id"], 1);
    }
    assert!(house.mcp.heard().is_empty());
}

#[tokio::test]
async fn a_body_of_another_kind_or_size_is_refused() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", SCOPE).await;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for headers in [[("content-type", "application/json")], [("content-encoding", "gzip")]] {
        let answer = house.mcp_send(&token, "acme", ping, &headers).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{headers:?}");
    }
    let long = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"x":"{}"}}}}"#,
        "x".repeat(1_000_000)
    );
    assert_eq!(house.mcp_send(&token, "acme", long, &[]).await.status, StatusCode::OK);
    assert_eq!(house.mcp.heard().len(), 1);
    let answer = house.mcp_send(&token, "acme", vec![b' '; 5_000_000], &[]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(house.mcp.heard().is_empty());
}

#[tokio::test]
async fn the_bytes_that_were_checked_are_the_bytes_that_go_on() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", SCOPE).await;
    let body = "{ \"jsonrpc\" : \"2.0\", \"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"ping\",\"arguments\":{\"amount\":123456789.123456789123456789}}}\n";
    let headers = [
        ("cookie", "a=b"),
        ("x-countersign-company-slug", "bakery"),
        ("x-forwarded-for", "1.2.3.4"),
        ("accept-encoding", "gzip"),
        ("mcp-param-x", "ping"),
    ];
    assert_eq!(
        house.mcp_send(&token, "acme", body, &headers).await.status,
        StatusCode::BAD_REQUEST
    );
    let answer = house.mcp_send(&token, "acme", body, &headers[..4]).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let heard = house.mcp.heard();
    assert_eq!(heard[0].body, body.as_bytes());
    assert_eq!(heard[0].header("content-length"), body.len().to_string());
    assert_eq!(heard[0].header("x-countersign-company-slug"), "acme");
    for name in ["cookie", "x-forwarded-for", "accept-encoding", "authorization"] {
        assert_eq!(heard[0].header(name), "", "{name}");
    }
}

/// Whatever is sent: what reaches the server is one message that the token allows.
#[tokio::test]
async fn whatever_is_sent_only_one_permitted_message_reaches_the_server() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", SCOPE).await;
    let call = |name: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{name}"}}}}"#)
    };
    let starts = vec![call("list_customers"), call("draft_invoice"), call("ping")];
    let parts = [
        "",
        "{",
        "}",
        "[",
        ",",
        " ",
        "\"",
        "\\u0000",
        "\u{feff}",
        "\"name\":\"draft_invoice\",",
        "\"Name\":\"draft_invoice\",",
        "\"method\":\"tools/call\",",
        "\"METHOD\":\"ping\",",
        "\"params\":{\"name\":\"draft_invoice\"},",
        "draft_invoice",
        "resources/read",
    ];
    let cut = (0..120_usize, 0..12_usize, proptest::sample::select(parts.to_vec()));
    let pieces =
        (proptest::sample::select(starts), proptest::collection::vec(cut, 0..4)).prop_map(spliced);
    let mut runner = TestRunner::deterministic();
    let held = house.ops.catalogue().closure(&ScopeSet::parse(SCOPE));
    let mut forwarded = 0;
    for _ in 0..3000 {
        let body = pieces.new_tree(&mut runner).unwrap().current();
        house.mcp_send(&token, "acme", body, &[]).await;
        for heard in house.mcp.heard() {
            forwarded += 1;
            let message: Value = serde_json::from_slice(&heard.body).unwrap();
            let name = message["params"]["name"].as_str().unwrap_or_default();
            match message["method"].as_str() {
                Some("tools/call") => {
                    let (_, needs) = mcp::TOOLS.iter().find(|(tool, _)| *tool == name).unwrap();
                    assert!(ScopeSet::parse(needs).is_subset(&held), "{message}");
                }
                other => {
                    assert!(other.is_none_or(|it| it.starts_with("notifications/")), "{message}");
                }
            }
        }
    }
    assert!(forwarded > 100, "next to nothing was permitted: {forwarded}");
}

/// A message, each time with some bytes replaced.
fn spliced((mut text, cuts): (String, Vec<(usize, usize, &str)>)) -> Vec<u8> {
    for (at, length, part) in cuts {
        let at = at.min(text.len());
        let end = (at + length).min(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(end) {
            text.replace_range(at..end, part);
        }
    }
    text.into_bytes()
}
