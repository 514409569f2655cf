//! What the server offers: its tools, resources and prompt, as a client shows them to a person.

use std::sync::Arc;

use rmcp::model::JsonObject;
use rmcp::model::Prompt;
use rmcp::model::PromptArgument;
use rmcp::model::Resource;
use rmcp::model::Tool;
use rmcp::model::ToolAnnotations;
use serde_json::Value;

use crate::sandbox::mcp::schemas;

/// Every tool, in the order of the table of scopes.
pub(super) fn tools() -> Vec<Tool> {
    vec![
        reading("ping", "Ping", "Answers “pong”: the connection works.", schemas::nothing(), None),
        reading(
            "list_customers",
            "List customers",
            "The company's customers, a page at a time.",
            schemas::page(),
            Some(schemas::customers()),
        ),
        reading(
            "list_invoices",
            "List customer invoices",
            "The company's invoices to customers, a page at a time: paid, open, and drafts last.",
            schemas::page(),
            Some(schemas::invoices()),
        ),
        reading(
            "trial_balance",
            "Trial balance",
            "Every account of the fiscal year with what is booked on it. Drafts are not booked.",
            schemas::page(),
            Some(schemas::trial_balance()),
        ),
        draft(),
    ]
}

fn draft() -> Tool {
    let about = "Writes a draft of an invoice. It is not issued and not booked: a person looks at it first. \
                 Products, with their prices, are in the resource ledger://products.";
    Tool::new("draft_invoice", about, object(schemas::draft()))
        .with_title("Draft an invoice")
        .with_raw_output_schema(object(schemas::invoice()))
        .with_annotations(
            ToolAnnotations::new()
                .read_only(false)
                .destructive(false)
                .idempotent(false)
                .open_world(false),
        )
}

fn reading(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    takes: Value,
    answers: Option<Value>,
) -> Tool {
    let annotations = ToolAnnotations::new().read_only(true).open_world(false);
    let tool = Tool::new(name, about, object(takes)).with_title(title);
    let tool = tool.with_annotations(annotations);
    match answers {
        Some(answers) => tool.with_raw_output_schema(object(answers)),
        None => tool,
    }
}

/// Every resource.
pub(super) fn resources() -> Vec<Resource> {
    [
        ("ledger://products", "products", "Products", "What the company sells, with prices."),
        ("ledger://customers", "customers", "Customers", "Who buys from the company."),
        (
            "ledger://trial_balance",
            "trial_balance",
            "Trial balance",
            "Every account with what is booked on it.",
        ),
    ]
    .into_iter()
    .map(|(uri, name, title, about)| {
        Resource::new(uri, name)
            .with_title(title)
            .with_description(about)
            .with_mime_type("application/json")
    })
    .collect()
}

/// The only prompt.
pub(super) fn prompts() -> Vec<Prompt> {
    let about = "Letters to the customers whose invoices are unpaid.";
    let tone = PromptArgument::new("tone")
        .with_description("How to write: friendly, neutral or firm.")
        .with_required(false);
    vec![
        Prompt::new("chase_unpaid_invoices", Some(about), Some(vec![tone]))
            .with_title("Chase unpaid invoices"),
    ]
}

fn object(value: Value) -> Arc<JsonObject> {
    match value {
        Value::Object(members) => Arc::new(members),
        _ => Arc::default(),
    }
}
