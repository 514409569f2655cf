//! Roles of the catalogue.

use serde::Serialize;

use crate::cli::output::Listed;
use crate::cli::rows::yes_no;
use crate::domain::role::Role;
use crate::domain::scope::ScopeSet;

/// A role of the catalogue, and what it allows.
#[derive(Debug, Serialize)]
pub struct RoleRow {
    name: String,
    title: String,
    administers: bool,
    scope: String,
}

impl RoleRow {
    pub(in crate::cli) fn of(role: &Role, allows: &ScopeSet) -> Self {
        Self {
            name: role.name.0.clone(),
            title: role.title.clone(),
            administers: role.administers,
            scope: allows.to_string(),
        }
    }
}

impl Listed for RoleRow {
    const HEADINGS: &'static [&'static str] = &["name", "title", "administers", "permissions"];
    const NONE: &'static str = "There are no roles.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.title.clone(),
            yes_no(self.administers),
            self.scope.split_whitespace().count().to_string(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        vec![
            ("name", self.name.clone()),
            ("title", self.title.clone()),
            ("administers", yes_no(self.administers)),
            ("permissions", self.scope.clone()),
        ]
    }
}
