//! The company's MCP server, and how each assistant is connected to it.

use axum::response::Response;

use crate::domain::catalogue::Access;
use crate::domain::catalogue::Catalogue;
use crate::domain::catalogue::Permission;
use crate::domain::client_document::DocumentPolicy;
use crate::domain::company::Company;
use crate::domain::gate::PlaceFacts;
use crate::domain::mcp_surface::Tool;
use crate::domain::resource::Resource;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::assistants::Integrations;
use crate::view::pages::connect::assistants::McpServer;
use crate::view::pages::connect::assistants::McpTool;
use crate::view::pages::connect::assistants::McpUrl;
use crate::view::pages::connect::assistants::Reach;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::workspace::Section;
use crate::web::access::facts::ConnectFacts;
use crate::web::access::reach;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Other addresses on the page.
const OTHERS: usize = 200;

/// The page.
pub(super) async fn show(inside: Inside) -> Response {
    inside.show(&page(&inside))
}

/// Looks whether a hosted assistant could reach the address, and leads back to the page that tells.
pub(super) async fn check(sent: Sent) -> Response {
    let inside = sent.inside;
    let (facts, ops) = (facts(&inside).clone(), inside.ops().clone());
    let Some(company) = company(&inside).filter(|_| facts.mcp.is_some()) else {
        return inside.refuse(ErrorKind::NotFound);
    };
    let (id, issuer) = (company.id, ops.settings().issuer.as_str().to_owned());
    let url = Resource::Mcp(company.slug.clone()).metadata_url(&issuer);
    facts.checks.check(&ops, facts.private_ca, id, &url).await;
    inside.visitor.go(Section::McpServer.path())
}

/// How each assistant is connected.
pub(super) async fn integrations(inside: Inside) -> Response {
    let (facts, settings) = (facts(&inside), inside.ops().settings());
    let documents = inside.ops().document_policy() != DocumentPolicy::Off;
    inside.show(&Integrations {
        frame: inside.frame(Section::Integrations),
        url: url(&inside),
        private: reach::is_private(&settings.issuer.host()),
        private_ca: facts.private_ca,
        introductions: documents || settings.registration.is_on(),
    })
}

fn facts(inside: &Inside) -> &ConnectFacts {
    &inside.visitor.state.connect
}

/// The open company.
fn company(inside: &Inside) -> Option<&Company> {
    match &inside.open.facts {
        PlaceFacts::Company(company) => Some(company),
        PlaceFacts::Firm(_) | PlaceFacts::Gone => None,
    }
}

/// The MCP URL of the open company, if there are MCP servers.
pub(super) fn url(inside: &Inside) -> Option<String> {
    let issuer = inside.ops().settings().issuer.as_str();
    let company = company(inside).filter(|_| facts(inside).mcp.is_some())?;
    Some(Resource::Mcp(company.slug.clone()).url(issuer))
}

fn page(inside: &Inside) -> McpServer {
    let (facts, ops) = (facts(inside), inside.ops());
    let now = ops.now();
    let tools = facts.mcp.as_ref().filter(|_| company(inside).is_some());
    let tools = tools.map(|surface| surface.tools.as_slice()).unwrap_or_default();
    let check = company(inside).and_then(|company| facts.checks.last(company.id, now));
    McpServer {
        frame: inside.frame(Section::McpServer),
        url: url(inside),
        others: others(inside),
        tools: tools.iter().map(|one| tool(ops.catalogue(), one)).collect(),
        csrf: inside.tag(&format!("{}/check", Section::McpServer.path())),
        reach: check.map(|check| Reach {
            at: Moment::at(check.at, now),
            outcome: check.outcome,
            host: ops.settings().issuer.host(),
        }),
    }
}

/// The addresses of the other companies that the person reaches.
fn others(inside: &Inside) -> Vec<McpUrl> {
    if facts(inside).mcp.is_none() {
        return Vec::new();
    }
    let issuer = inside.ops().settings().issuer.as_str();
    let others = inside.places().iter().filter(|at| at.place != inside.open.place);
    let companies = others.filter_map(|at| match &at.facts {
        PlaceFacts::Company(company) => Some(company),
        PlaceFacts::Firm(_) | PlaceFacts::Gone => None,
    });
    let url = |company: &std::sync::Arc<Company>| McpUrl {
        company: company.name.clone(),
        test: company.environment.is_test(),
        url: Resource::Mcp(company.slug.clone()).url(issuer),
    };
    companies.take(OTHERS).map(url).collect()
}

fn tool(catalogue: &Catalogue, tool: &Tool) -> McpTool {
    let needed: Vec<&Permission> =
        tool.scopes.iter().filter_map(|scope| catalogue.permission(scope)).collect();
    let titles: Vec<&str> = needed.iter().map(|permission| permission.title.as_str()).collect();
    McpTool {
        name: tool.name.clone(),
        description: String::new(),
        permission: titles.join(", "),
        writes: needed.iter().any(|permission| permission.access == Access::Write),
    }
}
