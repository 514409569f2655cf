//! Roles that people hold.

use serde::Serialize;

use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::domain::user::Membership;

/// A role that somebody holds.
#[derive(Debug, Serialize)]
pub struct MembershipRow {
    user: String,
    company: Option<String>,
    firm: Option<String>,
    pub(in crate::cli) role: String,
    since: String,
}

impl MembershipRow {
    pub(in crate::cli) fn of(held: &Membership, names: &Names) -> Self {
        Self {
            user: names.user(held.user),
            company: names.company_of(Some(held.place)),
            firm: names.firm_of(Some(held.place)),
            role: held.role.0.clone(),
            since: held.since.rfc3339(),
        }
    }

    pub(in crate::cli) fn place(&self) -> String {
        text(self.company.as_ref().or(self.firm.as_ref()))
    }
}

impl Listed for MembershipRow {
    const HEADINGS: &'static [&'static str] = &["user", "company", "firm", "role"];
    const NONE: &'static str = "Nobody holds a role yet.";

    fn cells(&self) -> Vec<String> {
        let (company, firm) = (text(self.company.as_ref()), text(self.firm.as_ref()));
        vec![self.user.clone(), company, firm, self.role.clone()]
    }
}
