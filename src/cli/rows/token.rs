//! Access tokens and API tokens.

use serde::Serialize;

use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::cli::rows::time;
use crate::cli::rows::word;
use crate::ops::administration::live_tokens::LiveToken;
use crate::ops::administration::live_tokens::TokenSource;

/// A live access token or API token: never the token itself.
#[derive(Debug, Serialize)]
pub struct TokenRow {
    kind: TokenSource,
    id: String,
    client_id: String,
    app: String,
    user: Option<String>,
    company: Option<String>,
    firm: Option<String>,
    scope: String,
    /// `null`: not by itself.
    expires_at: Option<String>,
}

impl TokenRow {
    pub(in crate::cli) fn of(token: &LiveToken, names: &Names) -> Self {
        Self {
            kind: token.source,
            id: token.id.to_string(),
            client_id: names.client_id(token.app),
            app: names.app(token.app),
            user: token.user.map(|user| names.user(user)),
            company: names.company_of(Some(token.place)),
            firm: names.firm_of(Some(token.place)),
            scope: token.scopes.to_string(),
            expires_at: time(token.expires_at),
        }
    }
}

impl Listed for TokenRow {
    const HEADINGS: &'static [&'static str] =
        &["id", "kind", "app", "user", "place", "expires", "scope"];
    const NONE: &'static str = "No access token works now.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            word(&self.kind),
            self.app.clone(),
            text(self.user.as_ref()),
            text(self.company.as_ref().or(self.firm.as_ref())),
            text(self.expires_at.as_ref()),
            self.scope.clone(),
        ]
    }
}
