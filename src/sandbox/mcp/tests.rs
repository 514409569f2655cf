//! The server as its only caller, the gateway, sees it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use http::HeaderMap;
use http::Method;
use http::Request;
use http::StatusCode;
use http_body_util::BodyExt as _;
use serde_json::Value;
use serde_json::json;

use crate::domain::scope::ScopeName;
use crate::sandbox::Ledger;
use crate::sandbox::McpServer;
use crate::sandbox::mcp::COMPANY_HEADER;
use crate::sandbox::mcp::PROMPTS;
use crate::sandbox::mcp::RESOURCES;
use crate::sandbox::mcp::TOOLS;
use crate::sandbox::mcp::offers;

struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answered {
    /// The messages: of an event stream, or the only one.
    fn messages(&self) -> Vec<Value> {
        if self.headers["content-type"] == "text/event-stream" {
            let data = self.text.lines().filter_map(|line| line.strip_prefix("data:"));
            let data = data.map(str::trim).filter(|data| !data.is_empty());
            return data.map(|data| serde_json::from_str(data).unwrap()).collect();
        }
        vec![serde_json::from_str(&self.text).unwrap()]
    }

    fn result(&self) -> Value {
        let messages = self.messages();
        assert_eq!(messages.len(), 1, "{}", self.text);
        messages[0]["result"].clone()
    }
}

fn server() -> McpServer {
    McpServer::new(Arc::new(Ledger::new()))
}

fn request(method: Method, headers: &[(&str, &str)], body: String) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri("https://books.example/companies/acme/mcp")
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body)).unwrap()
}

async fn post(server: &McpServer, headers: &[(&str, &str)], message: &Value) -> Answered {
    let request = request(Method::POST, headers, message.to_string());
    let (parts, body) = server.respond(request).await.into_parts();
    let text = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(text.to_vec()).unwrap();
    Answered { status: parts.status, headers: parts.headers, text }
}

/// A client of 2025-11-25 after its handshake.
struct Session<'a> {
    server: &'a McpServer,
    company: &'static str,
    id: String,
}

impl<'a> Session<'a> {
    async fn open(server: &'a McpServer, company: &'static str) -> Self {
        let initialize = json!({
            "jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25", "capabilities": {},
                "clientInfo": { "name": "test", "version": "1" },
            },
        });
        let answer = post(server, &[(COMPANY_HEADER, company)], &initialize).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.headers["content-type"], "text/event-stream");
        assert_eq!(answer.result()["protocolVersion"], "2025-11-25");
        let id = answer.headers["mcp-session-id"].to_str().unwrap().to_owned();
        let session = Self { server, company, id };
        let initialized = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let accepted = session.post(&initialized).await;
        assert_eq!(accepted.status, StatusCode::ACCEPTED);
        session
    }

    fn headers(&self) -> [(&str, &str); 3] {
        [
            (COMPANY_HEADER, self.company),
            ("mcp-session-id", &self.id),
            ("mcp-protocol-version", "2025-11-25"),
        ]
    }

    async fn post(&self, message: &Value) -> Answered {
        post(self.server, &self.headers(), message).await
    }

    async fn ask(&self, method: &str, params: Value) -> Answered {
        self.post(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })).await
    }

    async fn call(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        answer.result()
    }
}

/// One request of a client of 2026-07-28, which needs no handshake.
async fn ask_at_once(server: &McpServer, method: &str, name: &str, params: Value) -> Answered {
    let mut message = json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params });
    message["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let mut headers = vec![
        (COMPANY_HEADER, "acme"),
        ("mcp-protocol-version", "2026-07-28"),
        ("mcp-method", method),
    ];
    if !name.is_empty() {
        headers.push(("mcp-name", name));
    }
    post(server, &headers, &message).await
}

fn names(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().unwrap();
    list.iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
}

#[test]
fn whatever_is_offered_has_its_scopes_in_the_table_and_nothing_else_has() {
    let firsts = |table: &[(&'static str, &[&str])]| -> Vec<&str> {
        for scope in table.iter().flat_map(|(_, scopes)| scopes.iter()) {
            assert!(scope.parse::<ScopeName>().is_ok(), "{scope}");
        }
        table.iter().map(|(name, _)| *name).collect()
    };
    let tools = offers::tools();
    let tools: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert_eq!(tools, firsts(TOOLS));
    let resources = offers::resources();
    let resources: Vec<&str> = resources.iter().map(|one| one.uri.as_str()).collect();
    assert_eq!(resources, firsts(RESOURCES));
    let prompts = offers::prompts();
    let prompts: Vec<&str> = prompts.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(prompts, firsts(PROMPTS));
}

#[tokio::test]
async fn a_client_of_2025_shakes_hands_and_works_in_a_session() {
    let server = server();
    let session = Session::open(&server, "acme").await;
    let tools = session.ask("tools/list", json!({})).await.result();
    assert_eq!(names(&tools["tools"], "name").len(), TOOLS.len());
    assert_eq!(session.call("ping", json!({})).await["content"][0]["text"], "pong");
    let customers = session.call("list_customers", json!({ "limit": 2 })).await;
    assert_eq!(customers["structuredContent"]["items"][0]["name"], "Harbour Joinery");
    assert_eq!(customers["structuredContent"]["next_cursor"], "c2");
}

#[tokio::test]
async fn a_client_of_2026_calls_without_a_session() {
    let server = server();
    let discovered = ask_at_once(&server, "server/discover", "", json!({})).await;
    let versions = discovered.result()["supportedVersions"].clone();
    assert!(versions.as_array().unwrap().contains(&json!("2026-07-28")), "{versions}");
    let call = json!({ "name": "ping", "arguments": {} });
    let answer = ask_at_once(&server, "tools/call", "ping", call).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(!answer.headers.contains_key("mcp-session-id"));
    assert_eq!(answer.result()["content"][0]["text"], "pong");
}

#[tokio::test]
async fn every_tool_resource_and_prompt_answers_in_both_eras() {
    let server = server();
    let session = Session::open(&server, "acme").await;
    for (tool, _) in TOOLS {
        let arguments = if *tool == "draft_invoice" { draft() } else { json!({}) };
        let params = json!({ "name": tool, "arguments": arguments });
        let old = session.ask("tools/call", params.clone()).await.result();
        let new = ask_at_once(&server, "tools/call", tool, params).await.result();
        for result in [old, new] {
            assert_eq!(result["isError"], false, "{tool}: {result}");
        }
    }
    for (uri, _) in RESOURCES {
        let params = json!({ "uri": uri });
        let old = session.ask("resources/read", params.clone()).await.result();
        let new = ask_at_once(&server, "resources/read", uri, params).await.result();
        for result in [old, new] {
            let text = result["contents"][0]["text"].as_str().unwrap();
            let list: Value = serde_json::from_str(text).unwrap();
            assert!(!list["items"].as_array().unwrap().is_empty(), "{uri}");
        }
    }
    for (name, _) in PROMPTS {
        let params = json!({ "name": name, "arguments": { "tone": "firm" } });
        let old = session.ask("prompts/get", params.clone()).await.result();
        let new = ask_at_once(&server, "prompts/get", name, params).await.result();
        for result in [old, new] {
            let text = result["messages"][0]["content"]["text"].as_str().unwrap();
            assert!(text.starts_with("Write one firm letter"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_structured_answer_has_every_member_that_its_schema_requires_and_no_other() {
    fn compare(schema: &Value, value: &Value, at: &str) {
        if let Some(items) = schema.get("items") {
            let values = value.as_array().unwrap();
            assert!(!values.is_empty(), "{at} shows nothing");
            return values.iter().for_each(|value| compare(items, value, at));
        }
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        let named: BTreeSet<&String> = properties.keys().collect();
        let there: BTreeSet<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(named, there, "{at}");
        assert_eq!(named.len(), schema["required"].as_array().unwrap().len(), "{at}");
        for (name, schema) in properties {
            compare(schema, &value[name], &format!("{at}.{name}"));
        }
    }
    let server = server();
    let session = Session::open(&server, "acme").await;
    for tool in offers::tools() {
        let Some(schema) = tool.output_schema else { continue };
        let arguments = if tool.name == "draft_invoice" { draft() } else { json!({}) };
        let result = session.call(&tool.name, arguments).await;
        let schema = Value::Object(schema.as_ref().clone());
        compare(&schema, &result["structuredContent"], &tool.name);
    }
}

fn draft() -> Value {
    json!({
        "customer_id": 1101, "date": "2026-03-01", "deadline": "2026-03-31",
        "lines": [{ "product_id": 1001, "quantity": "2" }],
    })
}

#[tokio::test]
async fn a_draft_stands_in_the_ledger_of_its_company_alone() {
    let ledger = Arc::new(Ledger::new());
    let server = McpServer::new(Arc::clone(&ledger));
    let session = Session::open(&server, "acme").await;
    let drafted = session.call("draft_invoice", draft()).await;
    let id = &drafted["structuredContent"]["id"];
    let (_, body) = ledger
        .respond(&"acme".parse().unwrap(), &Method::GET, "/customer_invoices", None, b"")
        .into_parts();
    let text = body.collect().await.unwrap().to_bytes();
    let invoices: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(&invoices["items"].as_array().unwrap().last().unwrap()["id"], id);
    let other = Session::open(&server, "bakery").await;
    let listed = other.call("list_invoices", json!({})).await;
    let listed = listed["structuredContent"]["items"].as_array().unwrap();
    assert!(listed.iter().all(|invoice| &invoice["id"] != id));
}

#[tokio::test]
async fn what_a_tool_cannot_do_is_told_to_the_model_and_echoes_nothing() {
    let server = server();
    let session = Session::open(&server, "acme").await;
    let mut wrong = draft();
    wrong["customer_id"] = json!(3101);
    let refused = session.call("draft_invoice", wrong).await;
    assert_eq!(refused["isError"], true);
    assert_eq!(refused["content"][0]["text"], "customer_id names no customer of this company.");
    let refused = session.call("list_invoices", json!({ "limit": 0 })).await;
    assert_eq!(refused["isError"], true);
    for (method, params) in [
        ("tools/call", json!({ "name": "<b>nothing</b>" })),
        ("resources/read", json!({ "uri": "ledger://<b>nothing</b>" })),
        ("prompts/get", json!({ "name": "<b>nothing</b>" })),
    ] {
        let answer = session.ask(method, params).await;
        assert!(answer.messages()[0]["error"]["message"].is_string(), "{}", answer.text);
        assert!(!answer.text.contains("nothing"), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_session_of_one_company_is_unknown_to_another() {
    let server = server();
    let mut session = Session::open(&server, "acme").await;
    session.company = "bakery";
    let answer = session.ask("tools/list", json!({})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    session.company = "acme";
    assert_eq!(session.ask("tools/list", json!({})).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_that_names_no_company_or_two_is_refused() {
    let server = server();
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let cases: [&[(&str, &str)]; 4] = [
        &[],
        &[(COMPANY_HEADER, "")],
        &[(COMPANY_HEADER, "Not A Slug")],
        &[(COMPANY_HEADER, "acme"), (COMPANY_HEADER, "bakery")],
    ];
    for headers in cases {
        let answer = post(&server, headers, &ping).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{headers:?}");
        assert_eq!(answer.text, "The gateway names exactly one company.");
    }
}

#[tokio::test]
async fn a_standing_stream_ends_when_the_server_stops() {
    let server = server();
    let session = Session::open(&server, "acme").await;
    let request = request(Method::GET, &session.headers(), String::new());
    let answer = server.respond(request).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let mut stream = answer.into_body();
    let first = stream.frame().await.unwrap().unwrap();
    assert!(first.is_data(), "the stream stands");
    server.stop();
    stream.collect().await.unwrap();
}

#[tokio::test]
async fn a_session_that_its_client_ended_is_gone() {
    let server = server();
    let session = Session::open(&server, "acme").await;
    let request = request(Method::DELETE, &session.headers(), String::new());
    assert!(server.respond(request).await.status().is_success());
    assert_eq!(session.ask("tools/list", json!({})).await.status, StatusCode::NOT_FOUND);
}
