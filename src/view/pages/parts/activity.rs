//! One thing that happened, as a row.

use serde::Serialize;

use crate::view::pages::parts::moment::Moment;

/// A row of the activity.
#[derive(Clone, Serialize)]
pub struct ActivityRow {
    /// When.
    pub at: Moment,
    /// What.
    pub what: What,
    /// Whether it was refused.
    pub refused: bool,
    /// The app; may be empty.
    pub app: String,
    /// The person; may be empty.
    pub person: String,
    /// From where; may be empty.
    pub address: String,
    /// The exact cause in the words of the code.
    pub cause: Option<String>,
    /// How many equal ones this row stands for.
    pub count: u64,
    /// The page that explains it, if it has a reference.
    pub href: Option<String>,
}

/// What happened. The serialized word is the key of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is a word of the trail, told by its text in the catalogue")]
pub enum What {
    InstallationCreated,
    SetupCompleted,
    LinkIssued,
    CompanyCreated,
    FirmCreated,
    UserCreated,
    UserDisabled,
    UserEnabled,
    PasswordSet,
    RoleGranted,
    RoleRemoved,
    RoleChanged,
    WebhookChanged,
    AppCreated,
    AppChanged,
    AppApproved,
    AppBlocked,
    AppUnblocked,
    AppReviewed,
    AppRevoked,
    AppDeleted,
    AppRestored,
    AppHandedOver,
    SecretRotated,
    SignedIn,
    SignInFailed,
    SignedOut,
    SessionsEnded,
    SecondFactorEnrolled,
    SecondFactorRemoved,
    RecoveryCodesCreated,
    RecoveryCodeUsed,
    CodeRefused,
    AuthorizationRefused,
    ConsentGiven,
    ConsentRefused,
    ConnectionCreated,
    ConnectionEnded,
    ConnectionChanged,
    ConnectionReviewed,
    CodeReplayed,
    RefreshReplayed,
    RefreshRepeated,
    TokenRevoked,
    TokenRefused,
    CallRefused,
    SecretUsedInBrowser,
    ChallengeRepeated,
    AllAccessEnded,
    DataExported,
    PersonErased,
    AccessBlocked,
    AccessUnblocked,
    ClientRegistered,
    ClientUpdated,
    ClientDeleted,
    ClientReaped,
    RegistrationRefused,
    RegistrationTokenCreated,
    RegistrationTokenRevoked,
    KeysChanged,
    CompanyLinked,
    CompanyUnlinked,
    CompanyConfided,
    CompanyOpened,
    BackupCreated,
    BackupRestored,
}

impl What {
    /// Its word: the key of its text.
    #[must_use]
    pub fn word(self) -> String {
        let quoted = serde_json::to_string(&self).unwrap_or_default();
        quoted.trim_matches('"').to_owned()
    }

    /// Every kind, for filters and samples.
    pub const ALL: [Self; 67] = [
        Self::InstallationCreated,
        Self::SetupCompleted,
        Self::LinkIssued,
        Self::CompanyCreated,
        Self::FirmCreated,
        Self::UserCreated,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::PasswordSet,
        Self::RoleGranted,
        Self::RoleRemoved,
        Self::RoleChanged,
        Self::WebhookChanged,
        Self::AppCreated,
        Self::AppChanged,
        Self::AppApproved,
        Self::AppBlocked,
        Self::AppUnblocked,
        Self::AppReviewed,
        Self::AppRevoked,
        Self::AppDeleted,
        Self::AppRestored,
        Self::AppHandedOver,
        Self::SecretRotated,
        Self::SignedIn,
        Self::SignInFailed,
        Self::SignedOut,
        Self::SessionsEnded,
        Self::SecondFactorEnrolled,
        Self::SecondFactorRemoved,
        Self::RecoveryCodesCreated,
        Self::RecoveryCodeUsed,
        Self::CodeRefused,
        Self::AuthorizationRefused,
        Self::ConsentGiven,
        Self::ConsentRefused,
        Self::ConnectionCreated,
        Self::ConnectionEnded,
        Self::ConnectionChanged,
        Self::ConnectionReviewed,
        Self::CodeReplayed,
        Self::RefreshReplayed,
        Self::RefreshRepeated,
        Self::TokenRevoked,
        Self::TokenRefused,
        Self::CallRefused,
        Self::SecretUsedInBrowser,
        Self::ChallengeRepeated,
        Self::AllAccessEnded,
        Self::DataExported,
        Self::PersonErased,
        Self::AccessBlocked,
        Self::AccessUnblocked,
        Self::ClientRegistered,
        Self::ClientUpdated,
        Self::ClientDeleted,
        Self::ClientReaped,
        Self::RegistrationRefused,
        Self::RegistrationTokenCreated,
        Self::RegistrationTokenRevoked,
        Self::KeysChanged,
        Self::CompanyLinked,
        Self::CompanyUnlinked,
        Self::CompanyConfided,
        Self::CompanyOpened,
        Self::BackupCreated,
        Self::BackupRestored,
    ];
}
