//! The typed tables: what each is keyed by and what its rows are.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::base::id::FirmId;
use crate::base::id::RawId;
use crate::base::id::SecretId;
use crate::base::id::UserId;
use crate::crypto::token::HashedToken;
use crate::domain::app::App;
use crate::domain::attempts::Attempts as AttemptsRow;
use crate::domain::block::Block;
use crate::domain::block::Blocked;
use crate::domain::company::Company;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::company::Slug;
use crate::domain::connection::Connection;
use crate::domain::connection::LastUse as ConnectionUseRow;
use crate::domain::consent::AuthorizationRequest;
use crate::domain::initial_token::InitialToken;
use crate::domain::invitation::Invitation;
use crate::domain::link::Link;
use crate::domain::logo::Logo;
use crate::domain::role::OwnRole;
use crate::domain::role::RoleName;
use crate::domain::self_registered::SelfRegistered as SelfRegisteredRow;
use crate::domain::session::Session;
use crate::domain::signing_key::SigningKey;
use crate::domain::token::AccessToken;
use crate::domain::token::AuthorizationCode;
use crate::domain::token::RefreshToken;
use crate::domain::usage::Usage;
use crate::domain::user::Email;
use crate::domain::user::Factors as FactorsRow;
use crate::domain::user::Membership;
use crate::domain::user::User;
use crate::domain::webhook::AppOver;
use crate::domain::webhook::Attempt;
use crate::domain::webhook::Endpoint;
use crate::domain::webhook::Outgoing;
use crate::store::bytes::Layout;
use crate::store::table::Key;
use crate::store::table::Table;
use crate::store::table::TableId;

/// Declares typed tables: name, key, row.
macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $key:ty => $row:ty),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Table for $name {
            type Key = $key;
            type Row = $row;
            const ID: TableId = TableId::$name;
        }
    )+};
}

tables! {
    /// Facts about the installation, by name.
    Meta: str => Vec<u8>,
    /// Sealed token keys by version.
    TokenKeys: u8 => Vec<u8>,
    /// Signing keys.
    SigningKeys: RawId => SigningKey,
    /// Companies.
    Companies: CompanyId => Company,
    /// Firms.
    Firms: FirmId => Firm,
    /// The place that a slug was ever given to.
    Slugs: Slug => String,
    /// The companies of a firm.
    FirmCompanies: (FirmId, CompanyId) => (),
    /// Users.
    Users: UserId => User,
    /// The user with an address.
    Emails: Email => String,
    /// Memberships by user.
    Memberships: (UserId, Place) => Membership,
    /// Members by place.
    Members: (Place, UserId) => (),
    /// Second factors.
    Factors: UserId => FactorsRow,
    /// Failures by account.
    Attempts: AccountKey => AttemptsRow,
    /// Known browsers by account.
    Browsers: (UserId, BrowserMark) => KnownBrowser,
    /// Apps.
    Apps: AppId => App,
    /// Logos of apps.
    AppLogos: AppId => Logo,
    /// Apps by place.
    PlaceApps: (Place, AppId) => (),
    /// Connections.
    Connections: ConnectionId => Connection,
    /// Connections by user and app.
    UserConnections: (UserId, AppId, ConnectionId) => (),
    /// Connections by place.
    PlaceConnections: (Place, ConnectionId) => (),
    /// Codes.
    Codes: RawId => AuthorizationCode,
    /// Access tokens of people.
    AccessTokens: RawId => AccessToken,
    /// Access tokens of apps.
    ClientAccessTokens: RawId => AccessToken,
    /// Refresh tokens.
    RefreshTokens: RawId => RefreshToken,
    /// Sessions.
    Sessions: RawId => Session,
    /// Sessions by user.
    UserSessions: (UserId, RawId) => (),
    /// Requests that were answered.
    AnsweredRequests: RawId => (),
    /// Pushed requests.
    PushedRequests: RawId => PushedRequest,
    /// One-time links.
    Links: RawId => Link,
    /// API tokens: the app that each belongs to.
    ApiTokens: RawId => String,
    /// Blocks by company and what is blocked.
    Blocks: (CompanyId, Blocked) => Block,
    /// Last use of each app.
    AppUse: AppId => Timestamp,
    /// Last use of each secret of an app.
    SecretUse: AppId => SecretUses,
    /// Last use of each connection.
    ConnectionUse: ConnectionId => ConnectionUseRow,
    /// What a client registered of itself.
    SelfRegistered: AppId => SelfRegisteredRow,
    /// Clients that registered themselves and were not used yet.
    UnusedClients: AppId => (),
    /// When to look at a client again.
    IdleChecks: (Timestamp, AppId) => (),
    /// Connections by app, of apps that nobody here registered.
    AppConnections: (AppId, ConnectionId) => (),
    /// Initial access tokens.
    InitialTokens: RawId => InitialToken,
    /// The app that a document's URL names.
    ClientDocuments: str => String,
    /// Assertions that were used.
    AssertionIds: RawId => (),
    /// Challenges that a passkey answered.
    AnsweredChallenges: RawId => (),
    /// Counters by hour.
    UsageHours: UsageKey => Usage,
    /// Counters by day.
    UsageDays: UsageKey => Usage,
    /// Invitations by company or firm and link.
    Invitations: (Place, RawId) => Invitation,
    /// Roles of one's own, by company or firm and name.
    OwnRoles: (Place, RoleName) => OwnRole,
    /// Endpoints of webhooks, by company or firm.
    Webhooks: (Place, RawId) => Endpoint,
    /// Messages by endpoint, when they are due, and message.
    WebhookOutbox: (RawId, Timestamp, RawId) => Outgoing,
    /// Attempts by endpoint, moment and message.
    WebhookLog: (RawId, Timestamp, RawId) => Attempt,
    /// What was told, by its date, its topic and what it is about.
    WebhookTold: (Timestamp, u8, RawId) => (),
    /// Connections that ended, until that was told.
    WebhookUntold: ConnectionId => (),
    /// Apps whose connections of before ended with them, until each has.
    WebhookOver: AppId => AppOver,
}

/// A pushed authorization request (RFC 9126).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRequest {
    /// HMAC of the reference.
    pub hash: HashedToken,
    /// What was pushed, checked.
    pub request: AuthorizationRequest,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// When the secrets that an app has were last used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretUses(pub Vec<(SecretId, Timestamp)>);

/// A browser in which an account was signed in before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownBrowser {
    /// Last complete sign-in.
    pub seen_at: Timestamp,
    /// Its own failures.
    pub attempts: AttemptsRow,
}

/// Which counters: those of an app in a place, or without one of all apps there, from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UsageKey {
    /// The beginning of the hour or day.
    pub start: Timestamp,
    /// The company or firm.
    pub place: Place,
    /// The app.
    pub app: Option<AppId>,
}

impl Key for UsageKey {
    /// By time first, as every table that is swept.
    fn key_bytes(&self) -> Vec<u8> {
        let app = self.app.as_ref().map(AppId::raw).copied();
        let layout = Layout::default().id(&RawId::floor(self.start)).place(self.place);
        layout.id(&app.unwrap_or(RawId::from_bytes([0; 16]))).done()
    }
}

/// Stands for a browser: a tag of its cookie, so that the file cannot be used to make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BrowserMark(pub [u8; 16]);

/// Whose failures are counted: a user's, or those for an address that nobody has. Unknown
/// addresses share a bounded number of counters, so that nobody can fill the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountKey {
    /// A user.
    User(UserId),
    /// One of 65,536 counters for unknown addresses.
    Unknown(u16),
}

/// Keys that are identifiers.
macro_rules! id_keys {
    ($($id:ty),+) => {$(
        impl Key for $id {
            fn key_bytes(&self) -> Vec<u8> {
                self.raw().bytes().to_vec()
            }
        }
    )+};
}

id_keys!(CompanyId, FirmId, UserId, AppId, ConnectionId);

impl Key for RawId {
    fn key_bytes(&self) -> Vec<u8> {
        self.bytes().to_vec()
    }
}

impl Key for Timestamp {
    fn key_bytes(&self) -> Vec<u8> {
        self.millis().to_be_bytes().to_vec()
    }
}

impl Key for str {
    fn key_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }
}

impl Key for u8 {
    fn key_bytes(&self) -> Vec<u8> {
        vec![*self]
    }
}

impl Key for Slug {
    fn key_bytes(&self) -> Vec<u8> {
        self.as_str().as_bytes().to_vec()
    }
}

impl Key for Email {
    fn key_bytes(&self) -> Vec<u8> {
        self.as_str().as_bytes().to_vec()
    }
}

impl Key for Place {
    fn key_bytes(&self) -> Vec<u8> {
        Layout::default().place(*self).done()
    }
}

impl Key for Blocked {
    fn key_bytes(&self) -> Vec<u8> {
        match self {
            Self::App(app) => Layout::default().byte(b'a').id(app.raw()).done(),
            Self::Connection(connection) => {
                Layout::default().byte(b'c').id(connection.raw()).done()
            }
        }
    }
}

impl Key for RoleName {
    fn key_bytes(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }
}

impl Key for BrowserMark {
    fn key_bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }
}

impl Key for AccountKey {
    fn key_bytes(&self) -> Vec<u8> {
        match self {
            Self::User(user) => Layout::default().byte(b'u').id(user.raw()).done(),
            Self::Unknown(counter) => {
                Layout::default().byte(b'x').rest(&counter.to_be_bytes()).done()
            }
        }
    }
}

impl<A: Key, B: Key> Key for (A, B) {
    fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.key_bytes();
        bytes.extend(self.1.key_bytes());
        bytes
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    fn key_bytes(&self) -> Vec<u8> {
        let mut bytes = self.0.key_bytes();
        bytes.extend(self.1.key_bytes());
        bytes.extend(self.2.key_bytes());
        bytes
    }
}

/// The company or firm that a key begins with.
#[must_use]
pub fn place_of(key: &[u8]) -> Option<Place> {
    let (kind, rest) = key.split_first()?;
    let id = rest.first_chunk::<16>().map(|bytes| RawId::from_bytes(*bytes))?;
    match kind {
        b'c' => Some(Place::Company(CompanyId::from_raw(id))),
        b'f' => Some(Place::Firm(FirmId::from_raw(id))),
        _ => None,
    }
}

/// Endpoint, moment and message of a key that is made of them.
#[must_use]
pub fn endpoint_key(key: &[u8]) -> Option<(RawId, Timestamp, RawId)> {
    let (endpoint, rest) = key.split_first_chunk::<16>()?;
    let (at, rest) = rest.split_first_chunk::<8>()?;
    let message = rest.first_chunk::<16>()?;
    let at = Timestamp::from_millis(u64::from_be_bytes(*at));
    Some((RawId::from_bytes(*endpoint), at, RawId::from_bytes(*message)))
}

/// What the keys below a company or firm begin with.
#[must_use]
pub fn place_key(place: Place) -> Vec<u8> {
    place.key_bytes()
}

/// The identifier at the end of an index row's key.
#[must_use]
pub fn last_id(key: &[u8]) -> Option<RawId> {
    key.last_chunk::<16>().map(|bytes| RawId::from_bytes(*bytes))
}
