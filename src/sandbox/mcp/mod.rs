//! The sample MCP server: the ledger's tools, resources and a prompt, spoken by the official SDK.
//!
//! An ordinary HTTP service. It answers both eras of the protocol: up to 2025-11-25 with
//! `initialize`, sessions and event streams, and 2026-07-28 without a session. It trusts its caller,
//! the gateway, and takes the company from a header that only the gateway sets. Each company has
//! its own sessions: the id of one means nothing to another.

mod handler;
mod offers;
mod schemas;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use axum::body::Body;
use http::HeaderMap;
use http::HeaderValue;
use http::Request;
use http::Response;
use http::StatusCode;
use http::header::CACHE_CONTROL;
use http::header::HOST;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::StreamableHttpService;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::domain::company::Slug;
use crate::sandbox::ledger::LONGEST_BODY;
use crate::sandbox::ledger::Ledger;
use crate::sandbox::mcp::handler::Handler;

/// Every tool, and the scopes that a call of it needs.
pub const TOOLS: &[(&str, &[&str])] = &[
    ("ping", &[]),
    ("list_customers", &["customers:readonly"]),
    ("list_invoices", &["customer_invoices:readonly"]),
    ("trial_balance", &["trial_balance:readonly"]),
    ("draft_invoice", &["customer_invoices:all"]),
];

/// Every resource, and the scopes that reading it needs.
pub const RESOURCES: &[(&str, &[&str])] = &[
    ("ledger://products", &["products:readonly"]),
    ("ledger://customers", &["customers:readonly"]),
    ("ledger://trial_balance", &["trial_balance:readonly"]),
];

/// Every prompt, and the scopes that getting it needs.
pub const PROMPTS: &[(&str, &[&str])] =
    &[("chase_unpaid_invoices", &["customers:readonly", "customer_invoices:readonly"])];

/// Names the company that a call is about. Only a gateway sets it.
pub const COMPANY_HEADER: &str = "x-countersign-company-slug";

type Service = StreamableHttpService<Handler, LocalSessionManager>;

/// The sample MCP server.
pub struct McpServer {
    ledger: Arc<Ledger>,
    companies: Mutex<BTreeMap<Slug, Service>>,
    stopped: CancellationToken,
}

impl McpServer {
    /// The server over these books.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger, companies: Mutex::default(), stopped: CancellationToken::new() }
    }

    /// Answers one request for the company that its header names.
    pub async fn respond(&self, mut request: Request<Body>) -> Response<Body> {
        let Some(company) = company(request.headers()) else {
            let sentence = "The gateway names exactly one company.";
            let mut refused = Response::new(Body::from(sentence));
            *refused.status_mut() = StatusCode::BAD_REQUEST;
            return refused;
        };
        // Host was the gateway's to check; in this process there is none to be tricked about.
        request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
        match self.service(&company).oneshot(request).await {
            Ok(answer) => {
                let mut answer = answer.map(Body::new);
                let unkept = HeaderValue::from_static("no-store");
                answer.headers_mut().entry(CACHE_CONTROL).or_insert(unkept);
                answer
            }
            Err(never) => match never {},
        }
    }

    /// Ends every session and every stream: a server that stops need not wait for them.
    pub fn stop(&self) {
        self.stopped.cancel();
    }

    fn service(&self, company: &Slug) -> Service {
        let mut companies = self.companies.lock().unwrap_or_else(PoisonError::into_inner);
        companies.entry(company.clone()).or_insert_with(|| self.begin(company)).clone()
    }

    fn begin(&self, company: &Slug) -> Service {
        let handler = Handler::new(Arc::clone(&self.ledger), company.clone());
        let mut config = StreamableHttpServerConfig::default();
        config.json_response = true;
        config.max_request_body_bytes = LONGEST_BODY;
        config.cancellation_token = self.stopped.child_token();
        StreamableHttpService::new(move || Ok(handler.clone()), Arc::default(), config)
    }
}

/// The company, if exactly one is named.
fn company(headers: &HeaderMap) -> Option<Slug> {
    let mut named = headers.get_all(COMPANY_HEADER).iter();
    let company = named.next()?.to_str().ok()?.parse().ok()?;
    named.next().is_none().then_some(company)
}
