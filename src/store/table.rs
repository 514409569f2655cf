//! Tables: their names, keys and rows.

use crate::store::fault::Fault;

/// Declares every table once: a constant index, its name in the file, and whether its rows are
/// swept by age.
macro_rules! table_ids {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// Every table of the data file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum TableId { $($(#[$doc])* $name),+ }

        impl TableId {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name in the file: never changed, never reused.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }

            /// Its place in [`Self::ALL`].
            #[must_use]
            pub const fn index(self) -> usize {
                self as usize
            }
        }
    };
}

table_ids! {
    /// Format version, issuer, key check and other facts about the installation.
    Meta = "meta",
    /// Token keys, sealed, by version.
    TokenKeys = "token_keys",
    /// Signing keys, sealed, by id.
    SigningKeys = "signing_keys",
    /// Companies by id.
    Companies = "companies",
    /// Firms by id.
    Firms = "firms",
    /// Slugs of companies and firms, taken for ever.
    Slugs = "slugs",
    /// The companies of each firm.
    FirmCompanies = "firm_companies",
    /// Users by id.
    Users = "users",
    /// User ids by e-mail address.
    Emails = "emails",
    /// Memberships by user and place.
    Memberships = "memberships",
    /// The members of each place.
    Members = "members",
    /// Second factors by user.
    Factors = "factors",
    /// Failed guesses by account.
    Attempts = "attempts",
    /// Browsers in which an account was signed in, with their own count of failures.
    Browsers = "browsers",
    /// Apps by id.
    Apps = "apps",
    /// Logos by app.
    AppLogos = "app_logos",
    /// The apps of each place.
    PlaceApps = "place_apps",
    /// Connections by id.
    Connections = "connections",
    /// Connections by user and app.
    UserConnections = "user_connections",
    /// Connections by place.
    PlaceConnections = "place_connections",
    /// Authorization codes, swept by age.
    Codes = "codes",
    /// Access tokens that people granted, swept by age.
    AccessTokens = "access_tokens",
    /// Access tokens that apps hold in their own right, swept by age.
    ClientAccessTokens = "client_access_tokens",
    /// Refresh tokens, swept by age.
    RefreshTokens = "refresh_tokens",
    /// Browser sessions, swept by age.
    Sessions = "sessions",
    /// The sessions of each user.
    UserSessions = "user_sessions",
    /// Authorization requests that were answered, swept by age.
    AnsweredRequests = "answered_requests",
    /// Pushed authorization requests, swept by age.
    PushedRequests = "pushed_requests",
    /// One-time links, swept by age.
    Links = "links",
    /// The app behind each API token.
    ApiTokens = "api_tokens",
    /// What companies block.
    Blocks = "blocks",
    /// When each app was last used.
    AppUse = "app_use",
    /// When the secrets of each app were last used.
    SecretUse = "secret_use",
    /// When and from where each connection was last used.
    ConnectionUse = "connection_use",
    /// What clients registered of themselves.
    SelfRegistered = "self_registered",
    /// Clients that registered themselves and were not used yet, swept by age.
    UnusedClients = "unused_clients",
    /// When to look whether a client that registered itself is idle.
    IdleChecks = "idle_checks",
    /// The connections of apps that nobody here registered.
    AppConnections = "app_connections",
    /// Initial access tokens.
    InitialTokens = "initial_tokens",
    /// Apps by the URL of the document that describes them.
    ClientDocuments = "client_documents",
    /// Client assertions that were used, swept by when they end.
    AssertionIds = "assertion_ids",
    /// Invitations by company or firm.
    Invitations = "invitations",
    /// Roles of companies' and firms' own.
    OwnRoles = "own_roles",
    /// Endpoints of webhooks by company or firm.
    Webhooks = "webhooks",
    /// Messages for endpoints.
    WebhookOutbox = "webhook_outbox",
    /// What was tried with endpoints.
    WebhookLog = "webhook_log",
    /// What was told of things that come near.
    WebhookTold = "webhook_told",
    /// Connections that ended, until that was told.
    WebhookUntold = "webhook_untold",
    /// Apps whose connections of before ended with them, until each has.
    WebhookOver = "webhook_over",
    /// Challenges that a passkey answered, swept by age.
    AnsweredChallenges = "answered_challenges",
    /// The audit chain.
    Audit = "audit",
    /// Which entries of the audit chain belong to whom.
    Activity = "activity",
    /// The entries of each reference, swept by age.
    References = "references",
    /// What each app did by hour, swept by age.
    UsageHours = "usage_hours",
    /// What each app did by day, swept by age.
    UsageDays = "usage_days",
}

/// What a table's keys are made of.
pub trait Key {
    /// The bytes, whose order is the order of the rows.
    fn key_bytes(&self) -> Vec<u8>;
}

/// What a table's rows hold.
pub trait Row: Sized {
    /// As it is stored.
    ///
    /// # Errors
    /// The row has no stored form.
    fn to_bytes(&self, table: &'static str) -> Result<Vec<u8>, Fault>;

    /// Reads a stored row.
    ///
    /// # Errors
    /// The bytes are no such row.
    fn from_bytes(table: &'static str, bytes: &[u8]) -> Result<Self, Fault>;
}

/// A typed table.
pub trait Table {
    /// The type of its keys.
    type Key: Key + ?Sized;
    /// The type of its rows.
    type Row: Row;
    /// Which one it is.
    const ID: TableId;
}
