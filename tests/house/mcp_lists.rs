//! Lists of tools, resources and prompts: what could never be granted is hidden, and only that.

use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::harness::House;
use crate::harness::mcp;
use crate::harness::mcp::json_answer;
use crate::harness::mcp::stream_answer;

fn tools() -> Value {
    let mut all: Vec<Value> = mcp::TOOLS.iter().map(|(name, _)| json!({"name": name})).collect();
    all.push(json!({"name": "not_listed"}));
    all.push(json!({"title": "without a name"}));
    json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": all, "nextCursor": "n", "ttlMs": 5}})
}

fn names(answer: &Value, list: &str, member: &str) -> Vec<String> {
    let items = answer["result"][list].as_array().unwrap();
    items.iter().map(|item| item[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_could_be_granted_is_listed_and_what_never_could_is_not() {
    let house = House::quick().await;
    for (person, expected) in [
        (
            "owner",
            &[
                "ping",
                "list_customers",
                "list_invoices",
                "trial_balance",
                "draft_invoice",
                "bill_customer",
            ][..],
        ),
        ("viewer", &["ping", "list_customers", "list_invoices", "trial_balance"]),
    ] {
        let token = house.mcp_token(person, "acme", "products:readonly").await;
        house.mcp.says(json_answer(&tools()));
        let answer = house.ask(&token, "tools/list", json!({})).await;
        assert_eq!(names(&answer.json(), "tools", "name"), expected, "{person}");
        assert_eq!(answer.json()["result"]["nextCursor"], "n");
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        let event = format!(": note\n\nid: 9\ndata: {}\n\n", tools());
        let (one, two) = event.split_at(event.len() / 2);
        house.mcp.says(stream_answer(&[one, two]));
        let answer = house.ask(&token, "tools/list", json!({})).await;
        let data = answer.body.strip_prefix(": note\n\nid: 9\ndata: ").unwrap();
        let data: Value = serde_json::from_str(data.trim_end()).unwrap();
        assert_eq!(names(&data, "tools", "name"), expected, "{person}");
    }
}

#[tokio::test]
async fn resources_templates_and_prompts_are_listed_alike() {
    let house = House::quick().await;
    let token = house.mcp_token("viewer", "acme", "products:readonly").await;
    for (method, list, member, all, expected) in [
        (
            "resources/list",
            "resources",
            "uri",
            &["ledger://customers/1", "ledger://secret", "ledger://open/1"][..],
            &["ledger://customers/1", "ledger://open/1"][..],
        ),
        (
            "resources/templates/list",
            "resourceTemplates",
            "uriTemplate",
            &["ledger://customers/{id}", "ledger://{any}"],
            &["ledger://customers/{id}"],
        ),
        ("prompts/list", "prompts", "name", &["month_end", "other"], &["month_end"]),
    ] {
        let items: Vec<Value> = all.iter().map(|name| json!({member: name})).collect();
        let message = json!({"jsonrpc": "2.0", "id": 1, "result": {list: items}});
        house.mcp.says(json_answer(&message));
        let answer = house.ask(&token, method, json!({})).await.json();
        assert_eq!(names(&answer, list, member), expected, "{method}");
    }
}

#[tokio::test]
async fn an_answer_that_is_taken_up_again_is_narrowed_too() {
    let house = House::quick().await;
    let token = house.mcp_token("viewer", "acme", "products:readonly").await;
    house.mcp.says(stream_answer(&[&format!("data: {}\n\n", tools())]));
    let answer = house.mcp_bare("GET", &token, &[]).await;
    assert!(answer.body.contains("list_customers") && !answer.body.contains("draft_invoice"));
}

#[tokio::test]
async fn a_list_that_is_one_persons_is_kept_by_no_shared_cache() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", "products:readonly").await;
    let message =
        json!({"jsonrpc": "2.0", "id": 1, "result": {"tools": [], "cacheScope": "public"}});
    house.mcp.says(json_answer(&message));
    let answer = house.ask(&token, "tools/list", json!({})).await;
    assert_eq!(answer.json()["result"]["cacheScope"], "private");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_list_that_cannot_be_understood_is_a_bad_gateway() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", "products:readonly").await;
    let other = |kind: &str, coding: &str, body: &str| {
        http::Response::builder()
            .header("content-type", kind)
            .header("content-encoding", coding)
            .body(axum::body::Body::from(body.to_owned()))
            .unwrap()
    };
    for answer in [
        other("application/json", "identity", "{"),
        other("application/json", "identity", "[]"),
        other("application/json", "identity", r#"{"result":{"tools":{}}}"#),
        other("application/json", "gzip", "{}"),
        other("text/html", "identity", "draft_invoice"),
    ] {
        house.mcp.says(answer);
        let answer = house.ask(&token, "tools/list", json!({})).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY, "{answer:?}");
        assert_eq!(answer.json()["id"], 1);
    }
    house.mcp.says(stream_answer(&["data: draft_invoice\n\n"]));
    let answer = house.ask(&token, "tools/list", json!({})).await;
    assert_eq!(answer.body, "");
    let error = json!({"jsonrpc": "2.0", "id": 1, "error": {"code": -1, "message": "no"}});
    house.mcp.says(json_answer(&error));
    assert_eq!(house.ask(&token, "tools/list", json!({})).await.json(), error);
}
