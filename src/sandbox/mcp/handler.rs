//! One company's server: each method, answered from the ledger.

use std::sync::Arc;

use rmcp::ErrorData;
use rmcp::RoleServer;
use rmcp::ServerHandler;
use rmcp::model::CallToolRequestParams;
use rmcp::model::CallToolResponse;
use rmcp::model::CallToolResult;
use rmcp::model::ContentBlock;
use rmcp::model::GetPromptRequestParams;
use rmcp::model::GetPromptResponse;
use rmcp::model::GetPromptResult;
use rmcp::model::Implementation;
use rmcp::model::JsonObject;
use rmcp::model::ListPromptsResult;
use rmcp::model::ListResourcesResult;
use rmcp::model::ListToolsResult;
use rmcp::model::PaginatedRequestParams;
use rmcp::model::PromptMessage;
use rmcp::model::ReadResourceRequestParams;
use rmcp::model::ReadResourceResponse;
use rmcp::model::ReadResourceResult;
use rmcp::model::ResourceContents;
use rmcp::model::Role;
use rmcp::model::ServerCapabilities;
use rmcp::model::ServerConfig;
use rmcp::model::Tool;
use rmcp::service::RequestContext;
use serde_json::Value;

use crate::domain::company::Slug;
use crate::sandbox::ledger::Ledger;
use crate::sandbox::ledger::List;
use crate::sandbox::mcp::offers;
use crate::sandbox::pages::Page;

/// The server of one company. What was sent is never echoed.
#[derive(Clone)]
pub(super) struct Handler {
    ledger: Arc<Ledger>,
    company: Slug,
}

/// Why a tool answers that it did not work: a constant sentence, for the model to act on.
type Unworkable = &'static str;

impl Handler {
    pub(super) const fn new(ledger: Arc<Ledger>, company: Slug) -> Self {
        Self { ledger, company }
    }

    fn page(&self, list: List, arguments: &JsonObject) -> Result<Value, Unworkable> {
        let page = Page::of_arguments(arguments).map_err(
            |_| "limit must lie between 1 and 100, and cursor must be a next_cursor from a list.",
        )?;
        Ok(self.ledger.list(&self.company, list, page))
    }

    fn draft(&self, arguments: &JsonObject) -> Result<Value, Unworkable> {
        let body = serde_json::to_vec(arguments).map_err(|_| "The arguments cannot be read.")?;
        self.ledger.keep_draft(&self.company, &body)
    }

    fn call(&self, name: &str, arguments: &JsonObject) -> Result<CallToolResult, ErrorData> {
        let answer = match name {
            "ping" => return Ok(CallToolResult::success(vec![ContentBlock::text("pong")])),
            "list_customers" => self.page(List::Customers, arguments),
            "list_invoices" => self.page(List::Invoices, arguments),
            "trial_balance" => self.page(List::TrialBalance, arguments),
            "draft_invoice" => self.draft(arguments),
            _ => return Err(ErrorData::invalid_params("There is no such tool.", None)),
        };
        Ok(match answer {
            Ok(value) => CallToolResult::structured(value),
            Err(sentence) => CallToolResult::error(vec![ContentBlock::text(sentence)]),
        })
    }

    fn read(&self, uri: &str) -> Result<ReadResourceResult, ErrorData> {
        let list = match uri {
            "ledger://products" => List::Products,
            "ledger://customers" => List::Customers,
            "ledger://trial_balance" => List::TrialBalance,
            _ => return Err(ErrorData::resource_not_found("There is no such resource.", None)),
        };
        let text = self.ledger.list(&self.company, list, Page::FIRST).to_string();
        let contents = ResourceContents::text(text, uri).with_mime_type("application/json");
        Ok(ReadResourceResult::new(vec![contents]))
    }

    fn prompt(&self, wanted: &GetPromptRequestParams) -> Result<GetPromptResult, ErrorData> {
        if wanted.name != "chase_unpaid_invoices" {
            return Err(ErrorData::invalid_params("There is no such prompt.", None));
        }
        let tone = wanted.arguments.as_ref().and_then(|given| given.get("tone"));
        let tone = match tone.and_then(Value::as_str) {
            None | Some("neutral") => "neutral",
            Some("friendly") => "friendly",
            Some("firm") => "firm",
            Some(_) => {
                let sentence = "tone must be friendly, neutral or firm.";
                return Err(ErrorData::invalid_params(sentence, None));
            }
        };
        let customers = self.ledger.list(&self.company, List::Customers, Page::FIRST);
        let invoices = self.ledger.list(&self.company, List::Invoices, Page::FIRST);
        let text = format!(
            "Write one {tone} letter to each customer who has open invoices past their deadline. \
             Name every such invoice with its number and amount.\n\
             Customers: {customers}\nInvoices: {invoices}"
        );
        Ok(GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)])
            .with_description("Letters to the customers whose invoices are unpaid."))
    }
}

impl ServerHandler for Handler {
    fn get_info(&self) -> ServerConfig {
        let offers =
            ServerCapabilities::builder().enable_tools().enable_resources().enable_prompts();
        let name = Implementation::new("countersign-sample-ledger", env!("CARGO_PKG_VERSION"));
        ServerConfig::new(offers.build())
            .with_server_info(name.with_title("Countersign sample ledger"))
            .with_instructions("Invented books of one company, to try an assistant on.")
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(offers::tools()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        offers::tools().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        wanted: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = wanted.arguments.unwrap_or_default();
        self.call(&wanted.name, &arguments).map(CallToolResponse::from)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(offers::resources()))
    }

    async fn read_resource(
        &self,
        wanted: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        self.read(&wanted.uri).map(ReadResourceResponse::from)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(offers::prompts()))
    }

    async fn get_prompt(
        &self,
        wanted: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        self.prompt(&wanted).map(GetPromptResponse::from)
    }
}
