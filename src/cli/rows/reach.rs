//! What reaches a company, and what it blocks.

use serde::Serialize;

use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::cli::rows::word;
use crate::cli::rows::yes_no;
use crate::domain::app::AppKind;
use crate::domain::block::Block;
use crate::domain::block::Blocked;
use crate::ops::administration::reaching::Reaching;

/// A connection, API credentials or an API token that reaches a company.
#[derive(Debug, Serialize)]
pub struct ReachRow {
    /// What a block names: a connection, or the app itself.
    id: Blocked,
    kind: AppKind,
    client_id: String,
    app: String,
    user: String,
    through_firm: Option<String>,
    scope: String,
    since: String,
    blocked: bool,
}

impl ReachRow {
    pub(in crate::cli) fn of(reaching: &Reaching, names: &Names) -> Self {
        Self {
            id: reaching.what,
            kind: reaching.app.kind,
            client_id: reaching.app.client_id(),
            app: reaching.app.name.clone(),
            user: names.user(reaching.person),
            through_firm: reaching.through.map(|firm| names.firm(firm)),
            scope: reaching.scopes.to_string(),
            since: reaching.since.rfc3339(),
            blocked: reaching.blocked,
        }
    }
}

impl Listed for ReachRow {
    const HEADINGS: &'static [&'static str] =
        &["id", "app", "kind", "user", "through", "blocked", "scope"];
    const NONE: &'static str = "Nothing reaches this company now.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.app.clone(),
            word(&self.kind),
            self.user.clone(),
            text(self.through_firm.as_ref()),
            yes_no(self.blocked),
            self.scope.clone(),
        ]
    }
}

/// A block.
#[derive(Debug, Serialize)]
pub struct BlockRow {
    id: Blocked,
    company: String,
    app: Option<String>,
    by: Option<String>,
    at: String,
    reason: String,
}

impl BlockRow {
    pub(in crate::cli) fn of(block: &Block, names: &Names) -> Self {
        Self {
            id: block.blocked,
            company: names.company(block.company),
            app: match block.blocked {
                Blocked::App(app) => Some(names.app(app)),
                Blocked::Connection(_) => None,
            },
            by: block.by.map(|user| names.user(user)),
            at: block.at.rfc3339(),
            reason: block.reason.clone(),
        }
    }
}

impl Listed for BlockRow {
    const HEADINGS: &'static [&'static str] = &["id", "company", "app", "by", "at", "reason"];
    const NONE: &'static str = "This company blocks nothing.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.company.clone(),
            text(self.app.as_ref()),
            text(self.by.as_ref()),
            self.at.clone(),
            self.reason.clone(),
        ]
    }
}
