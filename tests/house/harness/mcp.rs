//! An MCP server that writes down what reaches it and answers as a test wants.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::body::Body;
use axum::body::to_bytes;
use axum::response::Response;
use countersign::app::router::ProtectedMcp;
use countersign::domain::mcp_surface::McpSurface;
use countersign::domain::mcp_surface::Pattern;
use countersign::domain::mcp_surface::PromptPattern;
use countersign::domain::mcp_surface::ResourcePattern;
use countersign::domain::mcp_surface::Tool;
use countersign::domain::mcp_surface::UnknownTools;
use countersign::domain::scope::ScopeSet;
use countersign::gateway::McpLimits;
use countersign::gateway::Permitted;
use http::HeaderMap;
use serde_json::Value;
use serde_json::json;

/// Tools and the scopes that they need.
pub const TOOLS: [(&str, &str); 6] = [
    ("ping", ""),
    ("list_customers", "customers:readonly"),
    ("list_invoices", "customer_invoices:readonly"),
    ("trial_balance", "trial_balance:readonly"),
    ("draft_invoice", "customer_invoices:all"),
    ("bill_customer", "customer_invoices:all customers:readonly"),
];

/// Patterns of resources and the scopes that they need.
pub const RESOURCES: [(&str, &str); 3] = [
    ("ledger://customers/*", "customers:readonly"),
    ("ledger://invoices", "customer_invoices:readonly"),
    ("ledger://open/*", ""),
];

/// Patterns of prompts and the scopes that they need.
pub const PROMPTS: [(&str, &str); 2] = [("month_end", "trial_balance:readonly"), ("hello_*", "")];

/// All that is listed.
pub fn surface() -> McpSurface {
    let scopes = ScopeSet::parse;
    let tool = |(name, needs): &(&str, &str)| Tool { name: (*name).into(), scopes: scopes(needs) };
    let resource = |(uri, needs): &(&str, &str)| ResourcePattern {
        uri: Pattern::new(uri),
        scopes: scopes(needs),
    };
    let prompt = |(name, needs): &(&str, &str)| PromptPattern {
        name: Pattern::new(name),
        scopes: scopes(needs),
    };
    McpSurface {
        tools: TOOLS.iter().map(tool).collect(),
        resources: RESOURCES.iter().map(resource).collect(),
        prompts: PROMPTS.iter().map(prompt).collect(),
        unknown_tools: UnknownTools::Deny,
    }
}

/// A request as it came through.
#[derive(Clone, Debug)]
pub struct Heard {
    pub company: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Heard {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// The server.
#[derive(Default)]
pub struct FakeMcp {
    heard: Mutex<Vec<Heard>>,
    answers: Mutex<VecDeque<Response>>,
}

impl FakeMcp {
    pub fn protected(self: &Arc<Self>, surface: McpSurface) -> ProtectedMcp {
        let server = Arc::clone(self);
        let upstream = move |permitted: Permitted| -> std::pin::Pin<Box<dyn Future<Output = Response> + Send>> {
            let server = Arc::clone(&server);
            Box::pin(async move { server.answer(permitted).await })
        };
        ProtectedMcp {
            surface: Arc::new(surface),
            upstream: Arc::new(upstream),
            limit: None,
            origins: Vec::new(),
            limits: McpLimits { look: Duration::from_millis(20), ..McpLimits::default() },
        }
    }

    /// What it answers next, once; else it says what it was asked.
    pub fn says(&self, answer: Response) {
        self.answers.lock().unwrap().push_back(answer);
    }

    /// What came since this was asked last.
    pub fn heard(&self) -> Vec<Heard> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    async fn answer(&self, permitted: Permitted) -> Response {
        let company = permitted.company().slug.to_string();
        let (parts, body) = permitted.into_request().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default().to_vec();
        let message: Value = serde_json::from_slice(&body).unwrap_or_default();
        self.heard.lock().unwrap().push(Heard { company, headers: parts.headers, body });
        let next = self.answers.lock().unwrap().pop_front();
        next.unwrap_or_else(|| match message.get("id") {
            Some(id) => json_answer(&json!({
                "jsonrpc": "2.0", "id": id, "result": {"asked": message["method"]},
            })),
            None => Response::builder().status(202).body(Body::empty()).unwrap(),
        })
    }
}

/// A JSON answer of an upstream.
pub fn json_answer(body: &Value) -> Response {
    let answer = Response::builder().header("content-type", "application/json");
    answer.body(Body::from(body.to_string())).unwrap()
}

/// An event stream of an upstream, in these pieces.
pub fn stream_answer(pieces: &[&str]) -> Response {
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        pieces.iter().map(|piece| Ok(piece.as_bytes().to_vec())).collect();
    let answer = Response::builder().header("content-type", "text/event-stream");
    answer.body(Body::from_stream(futures_util::stream::iter(pieces))).unwrap()
}
