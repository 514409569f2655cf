//! Companies.

use serde::Serialize;

use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::cli::rows::word;
use crate::cli::rows::yes_no;
use crate::domain::company::Company;
use crate::domain::company::Environment;
use crate::domain::resource::Resource;

/// A company.
#[derive(Debug, Serialize)]
pub struct CompanyRow {
    id: String,
    slug: String,
    name: String,
    environment: Environment,
    firm: Option<String>,
    confidential: bool,
    confided_to: Vec<String>,
    suspended: bool,
    mcp_url: String,
    created_at: String,
}

impl CompanyRow {
    pub(in crate::cli) fn of(company: &Company, names: &Names, issuer: &str) -> Self {
        Self {
            id: company.id.to_string(),
            slug: company.slug.to_string(),
            name: company.name.clone(),
            environment: company.environment,
            firm: company.firm.map(|firm| names.firm(firm)),
            confidential: company.confidential,
            confided_to: company.confided_to.iter().map(|user| names.user(*user)).collect(),
            suspended: company.suspended,
            mcp_url: Resource::Mcp(company.slug.clone()).url(issuer),
            created_at: company.created_at.rfc3339(),
        }
    }
}

impl Listed for CompanyRow {
    const HEADINGS: &'static [&'static str] =
        &["slug", "name", "environment", "firm", "confidential", "id"];
    const NONE: &'static str = "There are no companies yet.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.slug.clone(),
            self.name.clone(),
            word(&self.environment),
            text(self.firm.as_ref()),
            yes_no(self.confidential),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut facts: Vec<_> = Self::HEADINGS.iter().copied().zip(self.cells()).collect();
        facts.push(("confided to", self.confided_to.join(" ")));
        facts.push(("suspended", yes_no(self.suspended)));
        facts.push(("MCP URL", self.mcp_url.clone()));
        facts.push(("created", self.created_at.clone()));
        facts
    }
}
