//! Apps.

use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::cli::rows::text;
use crate::cli::rows::time;
use crate::cli::rows::word;
use crate::cli::rows::yes_no;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::company::Environment;
use crate::domain::registration::Registration;
use crate::ops::administration::listings::ListedApp;

/// A secret of an app: never the secret itself.
#[derive(Debug, Serialize)]
pub struct SecretRow {
    id: String,
    last_four: String,
    created_at: String,
    expires_at: Option<String>,
}

/// An app.
#[derive(Debug, Serialize)]
pub struct AppRow {
    kind: AppKind,
    name: String,
    client_id: String,
    /// Who registered it: "administrator", "dynamic" (itself) or "document" (at its URL).
    registration: &'static str,
    status: &'static str,
    company: Option<String>,
    firm: Option<String>,
    environment: Option<Environment>,
    /// `null`: whatever a person grants.
    scope: Option<String>,
    required_scope: String,
    redirect_uris: Vec<String>,
    delegated_by: Option<String>,
    owner: Option<String>,
    purpose: String,
    website: Option<String>,
    mcp: bool,
    pkce_required: bool,
    secrets: Vec<SecretRow>,
    expires_at: Option<String>,
    review_due_at: Option<String>,
    created_at: String,
    last_used_at: Option<String>,
}

impl AppRow {
    pub(in crate::cli) fn of(listed: &ListedApp, names: &Names, now: Timestamp) -> Self {
        let ListedApp { app, last_used } = listed;
        Self {
            kind: app.kind,
            name: app.name.clone(),
            client_id: app.client_id(),
            registration: match app.registration {
                Registration::Administrator => "administrator",
                Registration::Dynamic => "dynamic",
                Registration::Document { .. } => "document",
            },
            status: app_status(app, now),
            company: names.company_of(app.place),
            firm: names.firm_of(app.place),
            environment: app.environment,
            scope: match &app.delegation {
                Delegation::Anything => None,
                Delegation::Only(scopes) => Some(scopes.to_string()),
            },
            required_scope: app.required.to_string(),
            redirect_uris: app.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect(),
            delegated_by: app.delegated_by.map(|user| names.user(user)),
            owner: app.owner.map(|user| names.user(user)),
            purpose: app.purpose.clone(),
            website: app.website.clone(),
            mcp: app.mcp,
            pkce_required: app.must_use_pkce(),
            secrets: secrets(app),
            expires_at: time(app.expires_at),
            review_due_at: time(app.review_due),
            created_at: app.created_at.rfc3339(),
            last_used_at: time(*last_used),
        }
    }

    /// Its client id.
    pub(in crate::cli) fn client_id(&self) -> &str {
        &self.client_id
    }
}

fn app_status(app: &App, now: Timestamp) -> &'static str {
    match app.status {
        AppStatus::Active if app.expires_at.is_some_and(|end| now >= end) => "expired",
        AppStatus::Active => "active",
        AppStatus::Revoked { .. } => "revoked",
        AppStatus::Blocked { .. } => "blocked",
        AppStatus::Deleted { .. } => "deleted",
    }
}

fn secrets(app: &App) -> Vec<SecretRow> {
    let row = |secret: &crate::domain::app::AppSecret| SecretRow {
        id: secret.id.to_string(),
        last_four: secret.last_four.clone(),
        created_at: secret.created_at.rfc3339(),
        expires_at: time(secret.expires_at),
    };
    app.secrets.iter().map(row).collect()
}

impl Listed for AppRow {
    const HEADINGS: &'static [&'static str] =
        &["client_id", "name", "kind", "registered", "place", "status", "expires", "last used"];
    const NONE: &'static str = "There are no apps yet.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.client_id.clone(),
            self.name.clone(),
            word(&self.kind),
            self.registration.to_owned(),
            text(self.company.as_ref().or(self.firm.as_ref())),
            self.status.to_owned(),
            text(self.expires_at.as_ref()),
            text(self.last_used_at.as_ref()),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut facts: Vec<_> = Self::HEADINGS.iter().copied().zip(self.cells()).collect();
        let scope = self.scope.clone().unwrap_or_else(|| String::from("whatever a person grants"));
        facts.push(("environment", self.environment.as_ref().map(word).unwrap_or_default()));
        facts.push(("scope", scope));
        facts.push(("required", self.required_scope.clone()));
        facts.push(("redirect URIs", self.redirect_uris.join(" ")));
        facts.push(("delegated by", text(self.delegated_by.as_ref())));
        facts.push(("owner", text(self.owner.as_ref())));
        facts.push(("made for MCP", yes_no(self.mcp)));
        facts.push(("purpose", self.purpose.clone()));
        facts.push(("web site", text(self.website.as_ref())));
        let ends = self.secrets.iter().map(|secret| format!("…{}", secret.last_four));
        facts.push(("secrets", ends.collect::<Vec<_>>().join(" ")));
        facts.push(("review due", text(self.review_due_at.as_ref())));
        facts.push(("created", self.created_at.clone()));
        facts
    }
}

/// An app that was registered just now, and its secret: shown once.
#[derive(Debug, Serialize)]
pub struct NewAppRow {
    #[serde(flatten)]
    pub(in crate::cli) app: AppRow,
    pub(in crate::cli) client_secret: Option<String>,
}

/// An API token that was made just now: shown once.
#[derive(Debug, Serialize)]
pub struct NewTokenRow {
    #[serde(flatten)]
    pub(in crate::cli) app: AppRow,
    pub(in crate::cli) token: Option<String>,
}
