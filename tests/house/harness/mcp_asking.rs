//! Messages to a company's MCP.

use axum::body::Body;
use http::StatusCode;
use serde_json::Value;
use serde_json::json;

use crate::harness::Answer;
use crate::harness::House;
use crate::harness::encoded;
use crate::harness::request;

impl House {
    /// An access token of this person for the MCP of a company.
    pub async fn mcp_token(&self, name: &str, slug: &str, scope: &str) -> String {
        let resource = format!("https://cs.example/companies/{slug}/mcp");
        let url = self.authorize_url("oauth_public", &[("scope", scope)]);
        let url = format!("{url}&{}", encoded(&[("resource", &resource)]));
        let answer = self.signed_in(name).await.allow(&url, &self.company(slug), None).await;
        let code = answer.redirected("code").unwrap_or_else(|| panic!("no code: {answer:?}"));
        let answer = self.redeem("oauth_public", &code).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        answer.text("access_token")
    }

    /// Sends a body as it is.
    pub async fn mcp_send(
        &self,
        token: &str,
        slug: &str,
        body: impl Into<Body>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let request = request("POST", &format!("/companies/{slug}/mcp"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        let request = headers.iter().fold(request, |to, (name, value)| to.header(*name, *value));
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Asks acme's MCP something.
    pub async fn ask(&self, token: &str, method: &str, params: Value) -> Answer {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        self.mcp_send(token, "acme", message.to_string(), &[]).await
    }

    /// Calls a tool of acme's.
    pub async fn call_tool(&self, token: &str, name: &str) -> Answer {
        self.ask(token, "tools/call", json!({"name": name, "arguments": {}})).await
    }

    /// A request without body to acme's MCP.
    pub async fn mcp_bare(&self, method: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
        let request = request(method, "/companies/acme/mcp")
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "text/event-stream");
        let request = headers.iter().fold(request, |to, (name, value)| to.header(*name, *value));
        self.send(request.body(Body::empty()).unwrap()).await
    }
}
