//! The company's MCP server, and how each assistant is connected to it.

use serde::Serialize;

use crate::view::pages::Frame;
use crate::view::pages::Page;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::sample;
use crate::view::pages::sample::HOUR;
use crate::view::pages::workspace::Section;

/// `/settings/app-connect/mcp-server`: posts `csrf` to `{path}/check` to try whether the URL can
/// be reached.
#[derive(Clone, Serialize)]
pub struct McpServer {
    /// The frame.
    pub frame: Frame,
    /// The URL of the open company; none for a firm.
    pub url: Option<String>,
    /// The other URLs that the person reaches, by company.
    pub others: Vec<McpUrl>,
    /// The tools that it offers.
    pub tools: Vec<McpTool>,
    /// The token of the check.
    pub csrf: String,
    /// What the last check found.
    pub reach: Option<Reach>,
}

/// A company's URL.
#[derive(Clone, Serialize)]
pub struct McpUrl {
    /// The company.
    pub company: String,
    /// Nothing in it is real.
    pub test: bool,
    /// Its URL.
    pub url: String,
}

/// A tool.
#[derive(Clone, Serialize)]
pub struct McpTool {
    /// Its name.
    pub name: String,
    /// What it does, in a line; may be empty.
    pub description: String,
    /// The permission that it needs, as people read it; may be empty.
    pub permission: String,
    /// It changes something.
    pub writes: bool,
}

/// What a check found.
#[derive(Clone, Serialize)]
pub struct Reach {
    /// When.
    pub at: Moment,
    /// What was found.
    pub outcome: ReachOutcome,
    /// The host that was tried.
    pub host: String,
}

/// Whether a hosted assistant could reach the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReachOutcome {
    /// Host and certificate are public.
    Public,
    /// The host is a private or local one.
    PrivateHost,
    /// No public authority vouches for the certificate.
    PrivateCertificate,
    /// The name leads nowhere.
    NameUnknown,
    /// Nothing answered.
    NoAnswer,
    /// Name and certificate look public; this server fetches nothing, so it was not tried.
    NotTried,
}

/// `/settings/integrations`: how each assistant is connected.
#[derive(Clone, Serialize)]
pub struct Integrations {
    /// The frame.
    pub frame: Frame,
    /// The MCP URL of the open company; none for a firm.
    pub url: Option<String>,
    /// The host is private: hosted assistants cannot reach it.
    pub private: bool,
    /// The server uses its own authority, which programs have to be told to trust.
    pub private_ca: bool,
    /// Assistants may introduce themselves here.
    pub introductions: bool,
}

impl Page for McpServer {
    const TEMPLATE: &'static str = "connect/mcp_server.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let tool = |name: &str, description: &str, permission: &str, writes| McpTool {
            name: name.to_owned(),
            description: description.to_owned(),
            permission: permission.to_owned(),
            writes,
        };
        let url = |company: &str, slug: &str, test| McpUrl {
            company: company.to_owned(),
            test,
            url: format!("https://books.example/companies/{slug}/mcp"),
        };
        let company = Self {
            frame: sample::frame(Section::McpServer),
            url: Some("https://books.example/companies/acme/mcp".to_owned()),
            others: vec![url("Acme Trading (test)", "acme-test", true)],
            tools: vec![
                tool("ping", "", "", false),
                tool("list_invoices", "Lists customer invoices.", "Read customer invoices", false),
                tool("draft_invoice", "Drafts an invoice.", "Draft customer invoices", true),
            ],
            csrf: sample::csrf(),
            reach: None,
        };
        let firm = Self {
            frame: sample::frame_in(Section::McpServer, sample::ledgerwise()),
            url: None,
            others: vec![url("Acme Trading", "acme", false), url("Bakery", "bakery", false)],
            tools: Vec::new(),
            ..company.clone()
        };
        let nothing = Self { others: Vec::new(), ..firm.clone() };
        let checked = [
            ("public", ReachOutcome::Public),
            ("private-host", ReachOutcome::PrivateHost),
            ("private-certificate", ReachOutcome::PrivateCertificate),
            ("name-unknown", ReachOutcome::NameUnknown),
            ("no-answer", ReachOutcome::NoAnswer),
            ("not-tried", ReachOutcome::NotTried),
        ]
        .map(|(name, outcome)| {
            let host = "books.example".to_owned();
            let reach = Some(Reach { at: sample::moment(-HOUR), outcome, host });
            (name, Self { reach, ..company.clone() })
        });
        let mut all = vec![("company", company), ("firm", firm), ("nothing", nothing)];
        all.extend(checked);
        all
    }
}

impl Page for Integrations {
    const TEMPLATE: &'static str = "connect/integrations.html";

    fn samples() -> Vec<(&'static str, Self)> {
        let public = Self {
            frame: sample::frame(Section::Integrations),
            url: Some("https://books.example/companies/acme/mcp".to_owned()),
            private: false,
            private_ca: false,
            introductions: true,
        };
        let private =
            Self { private: true, private_ca: true, introductions: false, ..public.clone() };
        let firm = Self {
            frame: sample::frame_in(Section::Integrations, sample::ledgerwise()),
            url: None,
            ..public.clone()
        };
        vec![("public", public), ("private", private), ("firm", firm)]
    }
}
