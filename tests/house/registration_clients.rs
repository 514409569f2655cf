//! What real clients register with, each through to a token and a call: bodies from their sources
//! and from logs of servers that they called.

use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::harness::House;
use crate::registering::OPEN;

const BOTH: [&str; 2] = ["authorization_code", "refresh_token"];

/// Each client with what it sends and where it then wants its code.
fn real_clients() -> Vec<(&'static str, Value, Vec<&'static str>)> {
    vec![
        (
            "claude_code",
            json!({
                "client_name": "Claude Code (acme-books)",
                "redirect_uris": ["http://localhost:3118/callback"],
                "grant_types": BOTH,
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
                "application_type": "native",
            }),
            vec!["http://localhost:3118/callback", "http://localhost:54212/callback"],
        ),
        (
            "claude",
            json!({
                "client_name": "Claude",
                "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
                "grant_types": BOTH,
                "response_types": ["code"],
                "token_endpoint_auth_method": "client_secret_post",
                "scope": "customers:readonly products:readonly",
            }),
            vec!["https://claude.ai/api/mcp/auth_callback"],
        ),
        (
            "chatgpt",
            json!({
                "client_name": "ChatGPT",
                "redirect_uris": [
                    "https://chatgpt.com/connector_platform_oauth_redirect",
                    "https://chatgpt.com/connector/oauth/Qm7x_2",
                ],
                "grant_types": BOTH,
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
                "application_type": "web",
            }),
            vec![
                "https://chatgpt.com/connector_platform_oauth_redirect",
                "https://chatgpt.com/connector/oauth/Qm7x_2",
            ],
        ),
        (
            "codex",
            json!({
                "client_name": "Codex",
                "redirect_uris": ["http://127.0.0.1:37819/callback"],
                "grant_types": BOTH,
                "token_endpoint_auth_method": "none",
                "response_types": ["code"],
                "application_type": "native",
            }),
            vec!["http://127.0.0.1:37819/callback", "http://127.0.0.1:1455/callback"],
        ),
        (
            "vs_code",
            json!({
                "client_name": "Visual Studio Code",
                "client_uri": "https://code.visualstudio.com",
                "grant_types": [
                    "authorization_code",
                    "refresh_token",
                    "urn:ietf:params:oauth:grant-type:device_code",
                ],
                "response_types": ["code"],
                "redirect_uris": [
                    "https://insiders.vscode.dev/redirect",
                    "https://vscode.dev/redirect",
                    "http://127.0.0.1/",
                    "http://127.0.0.1:33418/",
                ],
                "token_endpoint_auth_method": "none",
                "application_type": "native",
            }),
            vec!["http://127.0.0.1:33418/", "https://vscode.dev/redirect", "http://127.0.0.1:5/"],
        ),
        (
            "cursor",
            json!({
                "client_name": "Cursor",
                "redirect_uris": [
                    "cursor://anysphere.cursor-mcp/oauth/callback",
                    "https://www.cursor.com/agents/mcp/oauth/callback",
                    "http://localhost:8787/callback",
                ],
                "grant_types": BOTH,
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            }),
            vec![
                "cursor://anysphere.cursor-mcp/oauth/callback",
                "https://www.cursor.com/agents/mcp/oauth/callback",
                "http://localhost:8787/callback",
            ],
        ),
        (
            "mcp_remote",
            json!({
                "redirect_uris": ["http://localhost:3334/oauth/callback"],
                "token_endpoint_auth_method": "none",
                "grant_types": BOTH,
                "response_types": ["code"],
                "client_name": "MCP CLI Proxy",
                "client_uri": "https://github.com/modelcontextprotocol/mcp-cli",
                "software_id": "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
                "software_version": "0.1.29",
                "scope": "openid email profile",
            }),
            vec!["http://localhost:3334/oauth/callback"],
        ),
        (
            "inspector",
            json!({
                "redirect_uris": [
                    "http://localhost:6274/oauth/callback",
                    "http://localhost:6274/oauth/callback/debug",
                ],
                "token_endpoint_auth_method": "none",
                "grant_types": BOTH,
                "response_types": ["code"],
                "client_name": "MCP Inspector",
                "client_uri": "https://github.com/modelcontextprotocol/inspector",
                "scope": "",
            }),
            vec!["http://localhost:6274/oauth/callback/debug"],
        ),
    ]
}

#[tokio::test]
async fn every_real_client_registers_and_gets_a_token_wherever_it_wants_its_code() {
    let mut house = House::quick_with(&[OPEN]).await;
    for (kind, body, uris) in real_clients() {
        let client = house.lets_in(kind, &body).await;
        assert_eq!(client.told["redirect_uris"], body["redirect_uris"], "{kind}");
        assert_eq!(client.told["client_name"], body["client_name"], "{kind}");
        for uri in uris {
            let tokens = house.connected(kind, uri).await;
            let call = house.call(tokens["access_token"].as_str().unwrap(), "/customers").await;
            assert_eq!(call.status, StatusCode::OK, "{kind} at {uri}: {call:?}");
            let refreshed = house.refresh(kind, tokens["refresh_token"].as_str().unwrap()).await;
            assert_eq!(refreshed.status, StatusCode::OK, "{kind} at {uri}: {refreshed:?}");
        }
    }
}

#[tokio::test]
async fn the_default_allow_list_lets_every_one_of_them_in() {
    let mut house = House::quick_with(&[("clients.registration", "allow_list")]).await;
    for (kind, body, _) in real_clients() {
        house.lets_in(kind, &body).await;
    }
}

#[tokio::test]
async fn no_answer_holds_a_null_an_empty_text_or_an_empty_list() {
    let house = House::quick_with(&[OPEN]).await;
    for (kind, body, _) in real_clients() {
        let told = house.registers(&body).await.json();
        for (name, value) in told.as_object().unwrap() {
            let says_something = !value.is_null() && *value != json!("") && *value != json!([]);
            assert!(says_something, "{kind}: {name}");
        }
    }
}
