//! Firms.

use serde::Serialize;

use crate::cli::output::Listed;
use crate::cli::rows::word;
use crate::domain::company::Company;
use crate::domain::company::Environment;
use crate::domain::company::Firm;

/// A firm with its companies.
#[derive(Debug, Serialize)]
pub struct FirmRow {
    id: String,
    slug: String,
    name: String,
    environment: Environment,
    companies: Vec<String>,
    created_at: String,
}

impl FirmRow {
    pub(in crate::cli) fn of(firm: &Firm, companies: &[Company]) -> Self {
        let own = companies.iter().filter(|company| company.firm == Some(firm.id));
        Self {
            id: firm.id.to_string(),
            slug: firm.slug.to_string(),
            name: firm.name.clone(),
            environment: firm.environment,
            companies: own.map(|company| company.slug.to_string()).collect(),
            created_at: firm.created_at.rfc3339(),
        }
    }
}

impl Listed for FirmRow {
    const HEADINGS: &'static [&'static str] = &["slug", "name", "environment", "companies", "id"];
    const NONE: &'static str = "There are no firms yet.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.slug.clone(),
            self.name.clone(),
            word(&self.environment),
            self.companies.join(" "),
            self.id.clone(),
        ]
    }
}
