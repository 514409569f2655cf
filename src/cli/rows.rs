//! What commands answer with `--json`: the member names are kept, members may be added.
//!
//! Companies and firms are named by slug, users by e-mail address, apps by client id. Times are
//! RFC 3339 in UTC. A member that has no value is `null`.

use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::cli::names::Names;
use crate::cli::output::Listed;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::audit::EventKind;
use crate::domain::company::Company;
use crate::domain::company::Environment;
use crate::domain::company::Firm;
use crate::domain::connection::Connection;
use crate::domain::connection::ConnectionStatus;
use crate::domain::connection::EndCause;
use crate::domain::role::Role;
use crate::domain::scope::ScopeSet;
use crate::domain::user::Membership;
use crate::domain::user::UserStatus;
use crate::ops::administration::issue_link::IssuedLink;
use crate::ops::administration::listings::ListedApp;
use crate::ops::administration::listings::Person;
use crate::ops::administration::live_tokens::LiveToken;
use crate::store::chain::Entry;

/// The text of a value that serialises to one word.
fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}

fn yes_no(yes: bool) -> String {
    String::from(if yes { "yes" } else { "no" })
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

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
    pub(super) fn of(company: &Company, names: &Names, issuer: &str) -> Self {
        Self {
            id: company.id.to_string(),
            slug: company.slug.to_string(),
            name: company.name.clone(),
            environment: company.environment,
            firm: company.firm.map(|firm| names.firm(firm)),
            confidential: company.confidential,
            confided_to: company.confided_to.iter().map(|user| names.user(*user)).collect(),
            suspended: company.suspended,
            mcp_url: format!("{issuer}/companies/{}/mcp", company.slug),
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
    pub(super) fn of(firm: &Firm, companies: &[Company]) -> Self {
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

/// A role that somebody holds.
#[derive(Debug, Serialize)]
pub struct MembershipRow {
    user: String,
    company: Option<String>,
    firm: Option<String>,
    role: String,
    since: String,
}

impl MembershipRow {
    pub(super) fn of(held: &Membership, names: &Names) -> Self {
        Self {
            user: names.user(held.user),
            company: names.company_of(Some(held.place)),
            firm: names.firm_of(Some(held.place)),
            role: held.role.0.clone(),
            since: held.since.rfc3339(),
        }
    }

    pub(super) fn place(&self) -> String {
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

/// A user with their roles.
#[derive(Debug, Serialize)]
pub struct UserRow {
    id: String,
    email: String,
    name: String,
    status: UserStatus,
    operator: bool,
    has_password: bool,
    second_factor: bool,
    roles: Vec<MembershipRow>,
    created_at: String,
}

impl UserRow {
    pub(super) fn of(person: &Person, names: &Names) -> Self {
        let Person { user, memberships, second_factor } = person;
        Self {
            id: user.id.to_string(),
            email: user.email.to_string(),
            name: user.name.clone(),
            status: user.status,
            operator: user.operator,
            has_password: user.password.is_some(),
            second_factor: *second_factor,
            roles: memberships.iter().map(|held| MembershipRow::of(held, names)).collect(),
            created_at: user.created_at.rfc3339(),
        }
    }

    fn roles(&self) -> String {
        let role = |held: &MembershipRow| format!("{}:{}", held.place(), held.role);
        self.roles.iter().map(role).collect::<Vec<_>>().join(" ")
    }
}

impl Listed for UserRow {
    const HEADINGS: &'static [&'static str] =
        &["email", "name", "status", "operator", "second factor", "roles", "id"];
    const NONE: &'static str = "There are no users yet; `countersign init` makes the first one.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.email.clone(),
            self.name.clone(),
            word(&self.status),
            yes_no(self.operator),
            yes_no(self.second_factor),
            self.roles(),
            self.id.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut facts: Vec<_> = Self::HEADINGS.iter().copied().zip(self.cells()).collect();
        facts.push(("password", String::from(if self.has_password { "chosen" } else { "none" })));
        facts.push(("created", self.created_at.clone()));
        facts
    }
}

/// A one-time link, shown once.
#[derive(Debug, Serialize)]
pub struct LinkRow {
    url: String,
    expires_at: String,
}

impl LinkRow {
    pub(super) fn of(link: &IssuedLink) -> Self {
        Self { url: link.url.expose().to_owned(), expires_at: link.expires_at.rfc3339() }
    }

    /// As a person reads it.
    pub(super) fn told(&self) -> String {
        let Self { url, expires_at } = self;
        format!("\nOne-time link to choose a password (until {expires_at}, shown once):\n  {url}\n")
    }
}

/// A user, and the link for their first password.
#[derive(Debug, Serialize)]
pub struct NewUserRow {
    #[serde(flatten)]
    pub(super) user: UserRow,
    pub(super) link: Option<LinkRow>,
}

/// A role of the catalogue, and what it allows.
#[derive(Debug, Serialize)]
pub struct RoleRow {
    name: String,
    title: String,
    administers: bool,
    scope: String,
}

impl RoleRow {
    pub(super) fn of(role: &Role, allows: &ScopeSet) -> Self {
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
    pkce_required: bool,
    secrets: Vec<SecretRow>,
    expires_at: Option<String>,
    created_at: String,
    last_used_at: Option<String>,
}

impl AppRow {
    pub(super) fn of(listed: &ListedApp, names: &Names, now: Timestamp) -> Self {
        let ListedApp { app, last_used } = listed;
        Self {
            kind: app.kind,
            name: app.name.clone(),
            client_id: app.id.to_string(),
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
            pkce_required: app.must_use_pkce(),
            secrets: secrets(app),
            expires_at: time(app.expires_at),
            created_at: app.created_at.rfc3339(),
            last_used_at: time(*last_used),
        }
    }

    /// Its client id.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }
}

fn app_status(app: &App, now: Timestamp) -> &'static str {
    match app.status {
        AppStatus::Active if app.expires_at.is_some_and(|end| now >= end) => "expired",
        AppStatus::Active => "active",
        AppStatus::Revoked { .. } => "revoked",
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
        &["client_id", "name", "kind", "place", "status", "expires", "last used"];
    const NONE: &'static str = "There are no apps yet.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.client_id.clone(),
            self.name.clone(),
            word(&self.kind),
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
        facts.push(("purpose", self.purpose.clone()));
        facts.push(("web site", text(self.website.as_ref())));
        let ends = self.secrets.iter().map(|secret| format!("…{}", secret.last_four));
        facts.push(("secrets", ends.collect::<Vec<_>>().join(" ")));
        facts.push(("created", self.created_at.clone()));
        facts
    }
}

/// An app that was registered just now, and its secret: shown once.
#[derive(Debug, Serialize)]
pub struct NewAppRow {
    #[serde(flatten)]
    pub(super) app: AppRow,
    pub(super) client_secret: Option<String>,
}

/// A connection.
#[derive(Debug, Serialize)]
pub struct ConnectionRow {
    id: String,
    client_id: String,
    app: String,
    user: String,
    company: Option<String>,
    firm: Option<String>,
    scope: String,
    status: &'static str,
    end_cause: Option<EndCause>,
    consented_at: String,
    ended_at: Option<String>,
    expires_at: String,
}

impl ConnectionRow {
    pub(super) fn of(connection: &Connection, names: &Names) -> Self {
        let (status, end_cause, ended_at) = match connection.status {
            ConnectionStatus::Active => ("active", None, None),
            ConnectionStatus::Ended { at, cause } if cause.needs_reconnecting() => {
                ("needs_reconnecting", Some(cause), Some(at.rfc3339()))
            }
            ConnectionStatus::Ended { at, cause } => ("ended", Some(cause), Some(at.rfc3339())),
        };
        Self {
            id: connection.id.to_string(),
            client_id: connection.app.to_string(),
            app: names.app(connection.app),
            user: names.user(connection.user),
            company: names.company_of(Some(connection.place)),
            firm: names.firm_of(Some(connection.place)),
            scope: connection.scopes.to_string(),
            status,
            end_cause,
            consented_at: connection.consented_at.rfc3339(),
            ended_at,
            expires_at: connection.absolute_end.rfc3339(),
        }
    }
}

impl Listed for ConnectionRow {
    const HEADINGS: &'static [&'static str] =
        &["id", "app", "user", "place", "status", "consented"];
    const NONE: &'static str = "There are no connections yet.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.app.clone(),
            self.user.clone(),
            text(self.company.as_ref().or(self.firm.as_ref())),
            self.status.to_owned(),
            self.consented_at.clone(),
        ]
    }

    fn details(&self) -> Vec<(&'static str, String)> {
        let mut facts: Vec<_> = Self::HEADINGS.iter().copied().zip(self.cells()).collect();
        facts.push(("client_id", self.client_id.clone()));
        facts.push(("scope", self.scope.clone()));
        facts.push(("end cause", self.end_cause.as_ref().map(word).unwrap_or_default()));
        facts.push(("ended", text(self.ended_at.as_ref())));
        facts.push(("ends by itself", self.expires_at.clone()));
        facts
    }
}

/// A live access token: never the token itself.
#[derive(Debug, Serialize)]
pub struct TokenRow {
    id: String,
    client_id: String,
    app: String,
    user: Option<String>,
    company: Option<String>,
    firm: Option<String>,
    scope: String,
    expires_at: String,
}

impl TokenRow {
    pub(super) fn of(token: &LiveToken, names: &Names) -> Self {
        Self {
            id: token.id.to_string(),
            client_id: token.app.to_string(),
            app: names.app(token.app),
            user: token.user.map(|user| names.user(user)),
            company: names.company_of(Some(token.place)),
            firm: names.firm_of(Some(token.place)),
            scope: token.scopes.to_string(),
            expires_at: token.expires_at.rfc3339(),
        }
    }
}

impl Listed for TokenRow {
    const HEADINGS: &'static [&'static str] = &["id", "app", "user", "place", "expires", "scope"];
    const NONE: &'static str = "No access token works now.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.clone(),
            self.app.clone(),
            text(self.user.as_ref()),
            text(self.company.as_ref().or(self.firm.as_ref())),
            self.expires_at.clone(),
            self.scope.clone(),
        ]
    }
}

/// An entry of the audit trail.
#[derive(Debug, Serialize)]
pub struct AuditRow {
    sequence: u64,
    at: String,
    kind: EventKind,
    cause: Option<String>,
    user: Option<String>,
    client_id: Option<String>,
    app: Option<String>,
    connection: Option<String>,
    company: Option<String>,
    firm: Option<String>,
    reference: Option<String>,
    address: Option<String>,
    count: u32,
    hash: String,
}

impl AuditRow {
    pub(super) fn of(entry: &Entry, names: &Names) -> Self {
        let event = &entry.event;
        Self {
            sequence: entry.sequence,
            at: event.at.rfc3339(),
            kind: event.kind,
            cause: event.cause.clone(),
            user: event.user.map(|user| names.user(user)),
            client_id: event.app.map(|app| app.to_string()),
            app: event.app.map(|app| names.app(app)),
            connection: event.connection.map(|connection| connection.to_string()),
            company: names.company_of(event.place),
            firm: names.firm_of(event.place),
            reference: event.reference.map(|reference| reference.to_string()),
            address: event.address.map(|address| address.to_string()),
            count: event.count,
            hash: entry.hash.clone(),
        }
    }
}

impl Listed for AuditRow {
    const HEADINGS: &'static [&'static str] =
        &["no", "at", "what", "user", "place", "app", "cause", "reference"];
    const NONE: &'static str = "There are no entries.";

    fn cells(&self) -> Vec<String> {
        vec![
            self.sequence.to_string(),
            self.at.clone(),
            word(&self.kind),
            text(self.user.as_ref()),
            text(self.company.as_ref().or(self.firm.as_ref())),
            text(self.app.as_ref()),
            text(self.cause.as_ref()),
            text(self.reference.as_ref()),
        ]
    }
}
