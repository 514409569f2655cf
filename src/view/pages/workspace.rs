//! The frame of the workspace: where a person is, in which company, and where else they can go.

use serde::Deserialize;
use serde::Serialize;

use crate::view::pages::parts::place::Place;

/// What stands around the pages of the workspace.
#[derive(Clone, Serialize)]
pub struct Workspace {
    /// The page that is open.
    pub section: Section,
    /// The pages to offer.
    pub navigation: Vec<NavigationItem>,
    /// The company or firm that the pages speak of.
    pub place: Place,
    /// All that the person reaches, for the switcher, which posts `csrf` and `place` to
    /// `/settings/switch`. Hidden when there is only one.
    pub places: Vec<SwitchTo>,
    /// The token of the switcher.
    pub switch_csrf: String,
    /// The token of the language form, which posts `csrf` and `language` to `/settings/language`.
    pub language_csrf: String,
    /// The person's name.
    pub user_name: String,
    /// How many reviews are due, shown in the navigation.
    pub reviews_due: u64,
    /// What an operator should know of the server's certificate.
    pub certificate: Option<CertificateNotice>,
}

/// What an operator should know of the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "days", rename_all = "snake_case")]
pub enum CertificateNotice {
    /// It ends within so many days.
    Ends(u64),
    /// It has ended.
    Ended,
    /// A newer one could not be had or used.
    Refused,
    /// It is one of our own until the first is issued.
    Temporary,
}

/// A page of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct NavigationItem {
    /// Which.
    pub section: Section,
    /// Under which heading it stands.
    pub group: NavigationGroup,
    /// Where it is.
    pub href: &'static str,
}

/// A heading of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NavigationGroup {
    /// What is connected.
    AppConnect,
    /// Who works here, and on what.
    Workspace,
    /// The person's own.
    You,
}

/// A company or firm in the switcher.
#[derive(Clone, Serialize)]
pub struct SwitchTo {
    /// The value of the field `place`.
    pub value: String,
    /// The company or firm.
    pub place: Place,
    /// It is the one that is open.
    pub chosen: bool,
}

/// A page of the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// App Connect: everything in one list.
    Overview,
    /// API credentials.
    ApiCredentials,
    /// OAuth connections.
    OauthConnections,
    /// OAuth apps.
    OauthApps,
    /// MCP server.
    McpServer,
    /// API tokens.
    ApiTokens,
    /// Activity.
    Activity,
    /// Reviews.
    Reviews,
    /// What reaches a company through its firm.
    ThroughFirm,
    /// Integrations.
    Integrations,
    /// People.
    People,
    /// Roles.
    Roles,
    /// Companies.
    Companies,
    /// Firms.
    Firms,
    /// Webhooks.
    Webhooks,
    /// Export, erasure, and the end of all access.
    Data,
    /// The person's own password, factors and sessions.
    Security,
}

impl Section {
    /// Every page, in the order of the navigation.
    pub const ALL: [Self; 17] = [
        Self::Overview,
        Self::ApiCredentials,
        Self::OauthConnections,
        Self::OauthApps,
        Self::McpServer,
        Self::ApiTokens,
        Self::Activity,
        Self::Reviews,
        Self::ThroughFirm,
        Self::Integrations,
        Self::People,
        Self::Roles,
        Self::Companies,
        Self::Firms,
        Self::Webhooks,
        Self::Data,
        Self::Security,
    ];

    /// Where it is.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/settings/app-connect",
            Self::ApiCredentials => "/settings/app-connect/api-credentials",
            Self::OauthConnections => "/settings/app-connect/oauth-connections",
            Self::OauthApps => "/settings/app-connect/oauth-apps",
            Self::McpServer => "/settings/app-connect/mcp-server",
            Self::ApiTokens => "/settings/app-connect/api-tokens",
            Self::Activity => "/settings/app-connect/activity",
            Self::Reviews => "/settings/app-connect/reviews",
            Self::ThroughFirm => "/settings/app-connect/through-firm",
            Self::Integrations => "/settings/integrations",
            Self::People => "/settings/people",
            Self::Roles => "/settings/roles",
            Self::Companies => "/settings/companies",
            Self::Firms => "/settings/firms",
            Self::Webhooks => "/settings/webhooks",
            Self::Data => "/settings/data",
            Self::Security => "/settings/security",
        }
    }

    /// Under which heading it stands.
    #[must_use]
    pub const fn group(self) -> NavigationGroup {
        match self {
            Self::Overview
            | Self::ApiCredentials
            | Self::OauthConnections
            | Self::OauthApps
            | Self::McpServer
            | Self::ApiTokens
            | Self::Activity
            | Self::Reviews
            | Self::ThroughFirm => NavigationGroup::AppConnect,
            Self::Integrations
            | Self::People
            | Self::Roles
            | Self::Companies
            | Self::Firms
            | Self::Webhooks
            | Self::Data => NavigationGroup::Workspace,
            Self::Security => NavigationGroup::You,
        }
    }

    /// Its place in the navigation.
    #[must_use]
    pub const fn item(self) -> NavigationItem {
        NavigationItem { section: self, group: self.group(), href: self.path() }
    }
}

/// What was just done, said once on the next page. The words that need one carry a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is told by its text in the catalogue")]
pub enum Flash {
    Saved,
    Created(String),
    Registered(String),
    Rotated(String),
    Revoked(String),
    Deleted(String),
    Restored(String),
    Ended(String),
    Approved(String),
    Blocked(String),
    Unblocked(String),
    Reviewed(String),
    HandedOver(String),
    Removed(String),
    SessionsEnded(String),
    Switched(String),
    IdleRevoked(u64),
    AllAccessEnded,
    PasswordChanged,
    OtherSessionsEnded,
    FactorAdded,
    FactorRemoved,
    Erased,
    Joined(String),
    Disabled(String),
    Enabled(String),
    TestSent,
    Retrying,
    WebhookDeleted(String),
    PasswordLinkMade,
    FactorLinkMade,
}

impl Flash {
    /// Every kind, for samples.
    pub(in crate::view) fn samples() -> Vec<Self> {
        let name = || "Nightly sync".to_owned();
        vec![
            Self::Saved,
            Self::Created(name()),
            Self::Registered(name()),
            Self::Rotated(name()),
            Self::Revoked(name()),
            Self::Deleted(name()),
            Self::Restored(name()),
            Self::Ended(name()),
            Self::Approved(name()),
            Self::Blocked(name()),
            Self::Unblocked(name()),
            Self::Reviewed(name()),
            Self::HandedOver(name()),
            Self::Removed(name()),
            Self::SessionsEnded(name()),
            Self::Switched(name()),
            Self::IdleRevoked(12),
            Self::AllAccessEnded,
            Self::PasswordChanged,
            Self::OtherSessionsEnded,
            Self::FactorAdded,
            Self::FactorRemoved,
            Self::Erased,
            Self::Joined(name()),
            Self::Disabled(name()),
            Self::Enabled(name()),
            Self::TestSent,
            Self::Retrying,
            Self::WebhookDeleted(name()),
            Self::PasswordLinkMade,
            Self::FactorLinkMade,
        ]
    }
}
