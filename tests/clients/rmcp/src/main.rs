//! `countersign-rmcp-client [--document URL]`, beside a sandbox (`COUNTERSIGN_SITE`).
//!
//! The official Rust SDK as a client: it finds the authorization server, makes itself known by
//! registering or by a document, lets a person approve, and calls tools in both eras.

use std::error::Error;

use rmcp::RoleClient;
use rmcp::model::CallToolRequestParams;
use rmcp::model::ClientConfig;
use rmcp::model::ProtocolVersion;
use rmcp::model::ReadResourceRequestParams;
use rmcp::service::ClientLifecycleMode;
use rmcp::service::Peer;
use rmcp::service::serve_client_with_lifecycle;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::AuthClient;
use rmcp::transport::auth::AuthorizationRequest;
use rmcp::transport::auth::OAuthState;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::Value;
use serde_json::json;
use tokio::process::Command;

type Outcome<T> = Result<T, Box<dyn Error>>;

const APPROVE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../approve.mjs");
const TOOLS: [&str; 5] =
    ["ping", "list_customers", "list_invoices", "trial_balance", "draft_invoice"];

#[tokio::main]
async fn main() -> Outcome<()> {
    let ring = rustls::crypto::ring::default_provider();
    ring.install_default().map_err(|_| "there is a TLS provider already")?;
    let mut arguments = std::env::args().skip(1);
    let document = arguments.next().filter(|flag| flag == "--document").and(arguments.next());
    let site = std::fs::read_to_string(std::env::var("COUNTERSIGN_SITE")?)?;
    let site: Value = serde_json::from_str(&site)?;
    let (acme, bakery) = (mcp_url(&site, "acme")?, mcp_url(&site, "bakery")?);
    for (era, user) in [("2025-11-25", "owner"), ("2026-07-28", "partner")] {
        let state = authorize(&acme, user, document.as_deref()).await?;
        let manager = state.into_authorization_manager().ok_or("not authorized")?;
        let token = manager.get_access_token().await?;
        let http = AuthClient::new(reqwest::Client::new(), manager);
        let config = StreamableHttpClientTransportConfig::with_uri(acme.as_str());
        let transport = StreamableHttpClientTransport::with_client(http, config);
        let lifecycle = match era {
            "2025-11-25" => ClientLifecycleMode::Initialize,
            _ => ClientLifecycleMode::Discover {
                preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            },
        };
        let client =
            serve_client_with_lifecycle(ClientConfig::default(), transport, lifecycle).await?;
        use_tools(client.peer()).await?;
        client.cancel().await?;
        refused_elsewhere(&bakery, token).await?;
        println!("{era}: from discovery to a tool call");
    }
    Ok(())
}

fn mcp_url(site: &Value, slug: &str) -> Outcome<String> {
    let companies = site["companies"].as_array().ok_or("no companies")?;
    let company = companies.iter().find(|company| company["slug"] == slug).ok_or("no company")?;
    Ok(company["mcp_url"].as_str().ok_or("no mcp_url")?.to_owned())
}

/// From nothing but the URL to a token.
async fn authorize(url: &str, user: &str, document: Option<&str>) -> Outcome<OAuthState> {
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut state = OAuthState::new(url, None).await?;
    let request = AuthorizationRequest::new(format!("http://127.0.0.1:{port}/callback"))
        .with_client_name("Test assistant");
    let request = match document {
        Some(document) => request.with_client_metadata_url(document),
        None => request,
    };
    state.start_authorization(request).await?;
    let visit = state.get_authorization_url().await?;
    let approved = Command::new("node").args([APPROVE, user, "acme", &visit]).output().await?;
    if !approved.status.success() {
        return Err(String::from_utf8_lossy(&approved.stderr).into());
    }
    state.handle_callback_url(String::from_utf8(approved.stdout)?.trim()).await?;
    Ok(state)
}

async fn use_tools(peer: &Peer<RoleClient>) -> Outcome<()> {
    let tools = peer.list_all_tools().await?;
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    same(&names.as_slice(), &TOOLS.as_slice())?;
    let pong = call(peer, "ping", json!({})).await?;
    same(&pong["content"][0]["text"], &json!("pong"))?;
    let customers = call(peer, "list_customers", json!({ "limit": 2 })).await?;
    same(&customers["structuredContent"]["items"][0]["name"], &json!("Harbour Joinery"))?;
    let wanted = ReadResourceRequestParams::new("ledger://trial_balance");
    let balance = serde_json::to_value(peer.read_resource(wanted).await?)?;
    same(&balance["contents"][0]["mimeType"], &json!("application/json"))
}

async fn call(peer: &Peer<RoleClient>, tool: &'static str, arguments: Value) -> Outcome<Value> {
    let mut wanted = CallToolRequestParams::new(tool);
    wanted.arguments = arguments.as_object().cloned();
    let answer = peer.call_tool(wanted).await;
    Ok(serde_json::to_value(answer?)?)
}

/// The token of one company is worth nothing at another.
async fn refused_elsewhere(url: &str, token: String) -> Outcome<()> {
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(token);
    let transport = StreamableHttpClientTransport::from_config(config);
    let lifecycle = ClientLifecycleMode::Initialize;
    match serve_client_with_lifecycle(ClientConfig::default(), transport, lifecycle).await {
        Err(refused) if format!("{refused:?}").contains("invalid_token") => Ok(()),
        Err(other) => Err(format!("refused for another reason: {other:?}").into()),
        Ok(_) => Err("the token of acme opened the server of bakery".into()),
    }
}

fn same<T: PartialEq + std::fmt::Debug + ?Sized>(is: &T, should: &T) -> Outcome<()> {
    if is == should { Ok(()) } else { Err(format!("{is:?} instead of {should:?}").into()) }
}
