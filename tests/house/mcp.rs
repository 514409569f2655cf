//! A company's MCP: who may send what. MCP authorization 2026-07-28, RFC 6750, RFC 9728 section 5.

use axum::body::Body;
use countersign::domain::mcp_surface::McpSurface;
use countersign::domain::mcp_surface::UnknownTools;
use http::StatusCode;
use serde_json::json;

use crate::harness::House;
use crate::harness::MACHINE;
use crate::harness::Recorder;
use crate::harness::mcp;
use crate::harness::mcp::TOOLS;
use crate::harness::request;

const METADATA: &str = "resource_metadata=\"https://cs.example/.well-known/oauth-protected-resource/companies/acme/mcp\"";
const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

#[tokio::test]
async fn without_a_token_the_challenge_names_metadata_and_scope_and_no_error() {
    let house = House::new().await;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#;
    let request = request("POST", "/companies/acme/mcp").header("content-type", "application/json");
    let answer = house.send(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let expected = format!(
        "Bearer {METADATA}, scope=\"customer_invoices:readonly customers:readonly trial_balance:readonly\""
    );
    assert_eq!(answer.header("www-authenticate"), expected);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(house.mcp.heard().is_empty());
}

#[tokio::test]
async fn a_token_reaches_the_mcp_that_it_was_issued_for_and_nothing_else() {
    let house = House::new().await;
    let scope = "customers:readonly";
    let token = house.mcp_token("partner", "acme", scope).await;
    assert_eq!(house.call_tool(&token, "list_customers").await.status, StatusCode::OK);
    let heard = house.mcp.heard();
    assert_eq!((heard.len(), heard[0].company.as_str()), (1, "acme"));
    assert!(!format!("{heard:?}").contains(&token));
    assert!(heard[0].headers.get("authorization").is_none());
    assert_eq!(house.call(&token, "/customers").await.status, StatusCode::UNAUTHORIZED);
    let api = house.tokens("oauth_public", "partner", &house.firm(), scope).await;
    let firm = api["access_token"].as_str().unwrap().to_owned();
    let client = house.client_token().await;
    let mut refusals = Vec::new();
    for (token, slug) in [
        (&token, "bakery"),
        (&token, "nobody"),
        (&token, "ledgerwise"),
        (&firm, "acme"),
        (&client, "acme"),
        (&"x".to_owned(), "acme"),
        (&"x".to_owned(), "nobody"),
    ] {
        let answer = house.mcp_send(token, slug, PING, &[]).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{slug}");
        let challenge = answer.header("www-authenticate").replace(&format!("/{slug}/"), "/*/");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        refusals.push((challenge, answer.body));
    }
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");
    assert!(house.mcp.heard().is_empty());
}

/// {tool} × {scope held or not}: exactly the scopes of a tool, or broader ones, open it.
#[tokio::test]
async fn a_tool_is_called_with_all_its_scopes_and_refused_with_all_named() {
    let house = House::quick().await;
    for held in
        ["customers:readonly", "customer_invoices:all", "customers:all customer_invoices:all"]
    {
        let token = house.mcp_token("owner", "acme", held).await;
        let catalogue = house.ops.catalogue();
        let held = catalogue.closure(&countersign::domain::scope::ScopeSet::parse(held));
        for (tool, needs) in TOOLS {
            let needed = countersign::domain::scope::ScopeSet::parse(needs);
            let answer = house.call_tool(&token, tool).await;
            let heard = house.mcp.heard().len();
            if needed.is_subset(&held) {
                assert_eq!((answer.status, heard), (StatusCode::OK, 1), "{held} {tool}");
                continue;
            }
            assert_eq!((answer.status, heard), (StatusCode::FORBIDDEN, 0), "{held} {tool}");
            let expected =
                format!("Bearer error=\"insufficient_scope\", {METADATA}, scope=\"{needed}\"");
            assert_eq!(answer.header("www-authenticate"), expected);
            let error = json!({"code": -32003, "message": format!("Missing scope: {needed}")});
            assert_eq!(answer.json(), json!({"jsonrpc": "2.0", "id": 1, "error": error}));
        }
    }
}

#[tokio::test]
async fn resources_prompts_completions_and_subscriptions_need_their_scopes() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", "customers:readonly").await;
    let uri = |uri: &str| json!({"uri": uri});
    let name = |name: &str| json!({"name": name});
    let of_prompt = |name: &str| json!({"ref": {"type": "ref/prompt", "name": name}});
    let of_resource = |uri: &str| json!({"ref": {"type": "ref/resource", "uri": uri}});
    let listen = |uris: &[&str]| json!({"notifications": {"resourceSubscriptions": uris}});
    for (method, params, status) in [
        ("resources/read", uri("ledger://customers/7"), 200),
        ("resources/read", uri("ledger://open/x"), 200),
        ("resources/read", uri("ledger://invoices"), 403),
        ("resources/read", uri("ledger://secret"), 403),
        ("resources/read", uri("ledger://customers/../invoices"), 400),
        ("resources/read", uri("ledger://customers/%2e%2e/invoices"), 400),
        ("resources/read", json!({"uri": 7}), 400),
        ("resources/read", name("ledger://customers/7"), 400),
        ("resources/subscribe", uri("ledger://customers/7"), 200),
        ("resources/subscribe", uri("ledger://invoices"), 403),
        ("resources/unsubscribe", uri("ledger://invoices"), 403),
        ("prompts/get", name("hello_x"), 200),
        ("prompts/get", name("month_end"), 403),
        ("prompts/get", name("other"), 403),
        ("completion/complete", of_prompt("hello_x"), 200),
        ("completion/complete", of_prompt("month_end"), 403),
        ("completion/complete", of_resource("ledger://customers/{id}"), 200),
        ("completion/complete", of_resource("ledger://invoices"), 403),
        ("completion/complete", json!({"ref": {"type": "ref/tool", "name": "ping"}}), 400),
        ("completion/complete", json!({}), 400),
        ("subscriptions/listen", json!({"notifications": {"toolsListChanged": true}}), 200),
        ("subscriptions/listen", listen(&["ledger://customers/1", "ledger://open/1"]), 200),
        ("subscriptions/listen", listen(&["ledger://customers/1", "ledger://invoices"]), 403),
        ("subscriptions/listen", json!({"notifications": {"resourceSubscriptions": "x"}}), 400),
        ("tools/call", json!({}), 400),
        ("tools/call", name(""), 403),
        ("tools/call", name("no_such_tool"), 403),
        ("tools/call", json!({"name": ["ping"]}), 400),
    ] {
        let answer = house.ask(&token, method, params.clone()).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {params}: {answer:?}");
        assert_eq!(house.mcp.heard().len(), usize::from(status == 200), "{method} {params}");
        assert_eq!(answer.json()["id"], 1);
    }
}

#[tokio::test]
async fn what_everybody_may_ask_needs_only_a_live_token() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", "products:readonly").await;
    for method in ["initialize", "ping", "server/discover", "logging/setLevel"] {
        assert_eq!(house.ask(&token, method, json!({})).await.status, StatusCode::OK, "{method}");
    }
    for message in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
        r#"{"jsonrpc":"2.0","id":"s-1","result":{"roots":[]}}"#,
    ] {
        let answer = house.mcp_send(&token, "acme", message, &[]).await;
        assert!(answer.status.is_success(), "{message}: {answer:?}");
    }
    assert_eq!(house.mcp.heard().len(), 7);
}

#[tokio::test]
async fn a_method_that_nobody_knows_goes_no_further_and_is_told_as_each_era_expects() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", "customers:readonly").await;
    for method in ["tasks/get", "tasks/list", "tools/Call", "tools/call ", "sampling/createMessage"]
    {
        let answer = house.ask(&token, method, json!({"name": "ping"})).await;
        assert_eq!(answer.status, StatusCode::OK, "{method}");
        assert_eq!(answer.json()["error"]["code"], -32601, "{method}");
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method}).to_string();
        let headers = [("mcp-protocol-version", "2026-07-28")];
        let answer = house.mcp_send(&token, "acme", message, &headers).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method}");
        assert_eq!(answer.json()["error"]["code"], -32601, "{method}");
    }
    assert!(house.mcp.heard().is_empty());
}

#[tokio::test]
async fn an_unlisted_tool_is_everybodys_where_the_operator_says_so() {
    let surface = McpSurface { unknown_tools: UnknownTools::Allow, ..mcp::surface() };
    let house = House::quick().await.with_mcp(surface);
    let token = house.mcp_token("owner", "acme", "products:readonly").await;
    assert_eq!(house.call_tool(&token, "no_such_tool").await.status, StatusCode::OK);
    assert_eq!(house.call_tool(&token, "draft_invoice").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_request_without_scope_asks_for_what_only_reads_of_the_mcp() {
    let house = House::quick().await;
    let mcp = "https://cs.example/companies/acme/mcp";
    let url = house.authorize_url("oauth_public", &[("resource", mcp)]);
    let mut owner = house.signed_in("owner").await;
    let (_, page) = owner.consent_page(&url).await;
    let mut listed = crate::harness::listed_scopes(&page.body);
    listed.sort();
    assert_eq!(
        listed,
        ["customer_invoices:readonly", "customers:readonly", "trial_balance:readonly"]
    );
}

#[tokio::test]
async fn what_ends_counts_at_the_next_message() {
    let scope = "customer_invoices:all";
    for (end, status) in [("role", 403), ("connection", 401), ("app", 401), ("token", 401)] {
        let house = House::quick().await;
        let token = house.mcp_token("owner", "acme", scope).await;
        assert_eq!(house.call_tool(&token, "draft_invoice").await.status, StatusCode::OK);
        let place =
            countersign::domain::company::Place::Company(house.company("acme").parse().unwrap());
        match end {
            "role" => {
                let owner = house.user_id("owner");
                let viewer = countersign::domain::role::RoleName("viewer".to_owned());
                // Somebody must stay owner.
                let other = countersign::domain::role::RoleName("owner".to_owned());
                let second = house.user_id("viewer");
                house.ops.grant_role(second, place, other, MACHINE).await.unwrap();
                house.ops.grant_role(owner, place, viewer, MACHINE).await.unwrap();
            }
            "connection" => {
                let form = [("token", token.as_str())];
                house.as_app_at("/oauth/revoke", "oauth_public", &form).await;
            }
            "app" => {
                let app = house.app("oauth_public").client_id.parse().unwrap();
                house.ops.revoke_app(app, MACHINE).await.unwrap();
            }
            _ => house.advance(366 * 24 * 3600),
        }
        house.mcp.heard();
        let answer = house.call_tool(&token, "draft_invoice").await;
        assert_eq!(answer.status.as_u16(), status, "{end}: {answer:?}");
        assert!(house.mcp.heard().is_empty(), "{end}");
        if end == "role" {
            assert_eq!(house.call_tool(&token, "list_invoices").await.status, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn only_the_exact_address_and_three_methods_are_taken() {
    let house = House::quick().await;
    let token = house.mcp_token("owner", "acme", "customers:readonly").await;
    for method in ["PUT", "PATCH", "HEAD", "TRACE", "BREW"] {
        let answer = house.mcp_bare(method, &token, &[]).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), "POST, GET, DELETE, OPTIONS", "{method}");
    }
    for path in [
        "/companies/acme/mcp/",
        "/companies/ACME/mcp",
        "/companies/acme/MCP",
        "/companies/%61cme/mcp",
        "/companies/acme/mcp/x",
        "/companies//mcp",
        "/companies/a_b/mcp",
        "//companies/acme/mcp",
        "/companies/x/../acme/mcp",
    ] {
        let request = request("POST", path).header("authorization", format!("Bearer {token}"));
        let request = request.header("content-type", "application/json");
        let answer = house.send(request.body(Body::from(PING)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {answer:?}");
    }
    assert!(house.mcp.heard().is_empty());
}

#[tokio::test]
async fn web_pages_may_call_and_read_every_refusal() {
    let house = House::quick().await;
    let preflight = request("OPTIONS", "/companies/acme/mcp")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, mcp-session-id");
    let answer = house.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.header("access-control-allow-headers"), "authorization, mcp-session-id");
    for (origin, status) in [("https://app.example", 401), ("null", 403), ("nonsense", 403)] {
        let answer = house.mcp_send("x", "acme", PING, &[("origin", origin)]).await;
        assert_eq!(answer.status.as_u16(), status, "{origin}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{origin}");
        let exposed = answer.header("access-control-expose-headers");
        assert!(exposed.contains("WWW-Authenticate") && exposed.contains("Mcp-Session-Id"));
    }
}

/// The sample server and the gateway together, as `countersign sandbox` has them.
#[tokio::test]
async fn the_sandboxs_mcp_server_answers_behind_the_gateway() {
    let protected = countersign::app::sandbox::protected().unwrap();
    let house = House::quick().await.protecting(Some(protected));
    let token = house.mcp_token("owner", "acme", "customers:readonly").await;
    let hello = json!({
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    });
    let answer = house.ask(&token, "initialize", hello).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let session = answer.header("mcp-session-id").to_owned();
    assert!(session.contains('.'), "{session}");
    let headers = [("mcp-session-id", session.as_str()), ("mcp-protocol-version", "2025-06-18")];
    let ready = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert!(house.mcp_send(&token, "acme", ready, &headers).await.status.is_success());
    let call =
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"ping","arguments":{}}}"#;
    let answer = house.mcp_send(&token, "acme", call, &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(answer.body.contains("pong"), "{answer:?}");
    let list = r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#;
    let answer = house.mcp_send(&token, "acme", list, &headers).await;
    assert!(answer.body.contains("draft_invoice"), "{answer:?}");
}

/// As `countersign serve` has it: `[mcp]` and its lists, and a server elsewhere.
#[tokio::test]
async fn a_configured_mcp_server_is_asked_at_its_own_url_and_told_who_calls() {
    let upstream = Recorder::agreeable().await;
    let config = format!(
        "[mcp]\nupstream = \"{}/mcp\"\n[[mcp.tools]]\nname = \"ping\"\nscopes = []\n\
         [[mcp.tools]]\nname = \"draft_invoice\"\nscopes = [\"customer_invoices:all\"]\n",
        upstream.url()
    );
    let house = House::guarding(&config).await;
    let token = house.mcp_token("owner", "acme", "customers:readonly").await;
    assert_eq!(house.call_tool(&token, "draft_invoice").await.status, StatusCode::FORBIDDEN);
    assert_eq!(house.call_tool(&token, "ping").await.status, StatusCode::OK);
    let seen = upstream.only();
    assert_eq!(seen.line(), "POST /mcp HTTP/1.1");
    assert_eq!(seen.all("x-countersign-company-slug"), ["acme"]);
    assert!(seen.all("authorization").is_empty());
    let api = house.get("/api/external/v2/customers").await;
    assert_eq!(api.status, StatusCode::NOT_FOUND);
    let document = house.get("/.well-known/oauth-protected-resource/companies/acme/mcp").await;
    assert_eq!(document.json()["scopes_supported"], json!(["customer_invoices:all"]));
}
