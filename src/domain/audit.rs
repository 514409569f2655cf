//! The audit trail: what happened, in the past tense, and who did it.
//!
//! Successful issues and calls are counters, not entries: the trail holds approvals, sign-ins,
//! lifecycle events and refusals.

use std::net::IpAddr;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RequestId;
use crate::base::id::UserId;
use crate::domain::browser::BrowserKind;
use crate::domain::company::Place;
use crate::domain::detail::Detail;
use crate::domain::system_user::SystemUser;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The data file was made.
    InstallationCreated,
    /// The first owner was made through the one-time link.
    SetupCompleted,
    /// A one-time link was made.
    LinkIssued,
    /// A company was made.
    CompanyCreated,
    /// A firm was made.
    FirmCreated,
    /// A user was made.
    UserCreated,
    /// A user was disabled.
    UserDisabled,
    /// A user was enabled again.
    UserEnabled,
    /// Somebody chose a password.
    PasswordSet,
    /// A role was given or changed.
    RoleGranted,
    /// A role was taken away.
    RoleRemoved,
    /// A role of a company's or firm's own was made, changed or deleted.
    RoleChanged,
    /// A person was erased.
    PersonErased,
    /// All access to a company or firm, or to the installation, was ended at once.
    AllAccessEnded,
    /// Data was taken out.
    DataExported,
    /// An app was registered.
    AppCreated,
    /// An app was changed.
    AppChanged,
    /// Somebody looked at an app and found it still needed.
    AppReviewed,
    /// An app was revoked.
    AppRevoked,
    /// An app was deleted.
    AppDeleted,
    /// A revoked or deleted app came back.
    AppRestored,
    /// Somebody else delegates an app's permissions.
    AppHandedOver,
    /// An app got a new secret.
    SecretRotated,
    /// The operator looked at a client that registered itself, and knows it.
    AppApproved,
    /// The operator lets it in no more.
    AppBlocked,
    /// The operator lets it in again.
    AppUnblocked,
    /// A company blocked an app or a connection for itself.
    AccessBlocked,
    /// A company no longer blocks it.
    AccessUnblocked,
    /// A company was given into a firm's care.
    CompanyLinked,
    /// A firm looks after a company no more.
    CompanyUnlinked,
    /// A company was made confidential towards its firm, except for those whom the cause names.
    CompanyConfided,
    /// A company is confidential no more.
    CompanyOpened,
    /// A client registered itself.
    ClientRegistered,
    /// A client that registered itself changed what it says of itself.
    ClientUpdated,
    /// A client that registered itself deleted itself.
    ClientDeleted,
    /// A client that registered itself was removed: never used, or idle for long.
    ClientReaped,
    /// A registration, or a change of one, was refused.
    RegistrationRefused,
    /// An initial access token was made.
    RegistrationTokenCreated,
    /// An initial access token was revoked.
    RegistrationTokenRevoked,
    /// Somebody signed in with both factors.
    SignedIn,
    /// A sign-in failed.
    SignInFailed,
    /// Somebody signed out.
    SignedOut,
    /// Sessions were ended from elsewhere.
    SessionsEnded,
    /// A second factor was turned on.
    SecondFactorEnrolled,
    /// A second factor was removed.
    SecondFactorRemoved,
    /// Recovery codes were made.
    RecoveryCodesCreated,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A verification code was wrong.
    CodeRefused,
    /// An authorization request could not be used.
    AuthorizationRefused,
    /// Somebody allowed access.
    ConsentGiven,
    /// Somebody refused access.
    ConsentRefused,
    /// A connection came to be: the code was redeemed.
    ConnectionCreated,
    /// Somebody said who is responsible for a connection and for what, or took permissions from it.
    ConnectionChanged,
    /// Somebody looked at a connection.
    ConnectionReviewed,
    /// A connection ended.
    ConnectionEnded,
    /// A used code was presented again; what it issued ended.
    CodeReplayed,
    /// A used refresh token was presented again; the family ended.
    RefreshReplayed,
    /// The last refresh was repeated within its grace and got the same answer.
    RefreshRepeated,
    /// A token was given back by its client.
    TokenRevoked,
    /// A token request was refused.
    TokenRefused,
    /// A call to the protected surface was refused.
    CallRefused,
    /// A new key was made to hash tokens under or to sign with.
    KeysChanged,
    /// A client secret came from a browser.
    SecretUsedInBrowser,
    /// An endpoint of webhooks was made, deleted, disabled or enabled.
    WebhookChanged,
    /// An app got codes for the same PKCE challenge again and again: its verifier is no secret.
    ChallengeRepeated,
    /// A backup was made.
    BackupCreated,
    /// A backup was restored: a declared fork of the trail. What followed the backup until then is in
    /// the former data file.
    BackupRestored,
}

impl EventKind {
    /// Its word, as it is stored.
    #[must_use]
    pub fn word(self) -> String {
        let quoted = serde_json::to_string(&self).unwrap_or_default();
        quoted.trim_matches('"').to_owned()
    }

    /// The kind that has this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::from(word)).ok()
    }

    /// Whether something was refused, by us or by a person.
    #[must_use]
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::RegistrationRefused
                | Self::SignInFailed
                | Self::CodeRefused
                | Self::AuthorizationRefused
                | Self::ConsentRefused
                | Self::CodeReplayed
                | Self::RefreshReplayed
                | Self::TokenRefused
                | Self::CallRefused
                | Self::SecretUsedInBrowser
        )
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
    /// Why, for refusals and ends: the exact cause in the words of the code.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cause: Option<String>,
    /// What a refusal was about, if its cause does not say all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<Detail>,
    /// The person who did it, if it was done in the workspace.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<UserId>,
    /// The system's user who did it, if it was done on the command line.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub command_line: Option<SystemUser>,
    /// The person who acted or whom it concerns.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<UserId>,
    /// The app.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub app: Option<AppId>,
    /// The connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub connection: Option<ConnectionId>,
    /// The company or firm.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<Place>,
    /// The request: the reference that the error page showed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reference: Option<RequestId>,
    /// Further references that this entry stands for, as far as they are kept.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub also: Vec<RequestId>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<IpAddr>,
    /// How many equal ones this entry stands for.
    #[serde(skip_serializing_if = "is_one", default = "one")]
    pub count: u32,
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_one(count: &u32) -> bool {
    *count == 1
}

/// Where a request came from, as far as the audit trail cares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The request's reference.
    pub reference: Option<RequestId>,
    /// The peer's address.
    pub address: Option<IpAddr>,
    /// The browser, as people recognise theirs: not in the trail, but beside a session.
    pub browser: BrowserKind,
    /// The system's user, if it came from the command line.
    pub command_line: Option<SystemUser>,
}

impl Origin {
    /// The command line, and who is at it.
    #[must_use]
    pub const fn command_line(user: SystemUser) -> Self {
        Self {
            reference: None,
            address: None,
            browser: BrowserKind::UNKNOWN,
            command_line: Some(user),
        }
    }
}

impl Event {
    /// An event of `kind` at `at`, from `origin`.
    #[must_use]
    pub const fn new(kind: EventKind, at: Timestamp, origin: Origin) -> Self {
        Self {
            at,
            kind,
            cause: None,
            detail: None,
            by: None,
            command_line: origin.command_line,
            user: None,
            app: None,
            connection: None,
            place: None,
            reference: origin.reference,
            also: Vec::new(),
            address: origin.address,
            count: 1,
        }
    }

    /// With the exact cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// With what the refusal was about.
    #[must_use]
    pub fn detail(mut self, detail: Option<Detail>) -> Self {
        self.detail = detail;
        self
    }

    /// With the person.
    #[must_use]
    pub const fn user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// With the app.
    #[must_use]
    pub const fn app(mut self, app: AppId) -> Self {
        self.app = Some(app);
        self
    }

    /// With the connection.
    #[must_use]
    pub const fn connection(mut self, connection: ConnectionId) -> Self {
        self.connection = Some(connection);
        self
    }

    /// With the company or firm.
    #[must_use]
    pub const fn place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;
    use crate::domain::samples::NOW;

    #[test]
    fn a_kind_is_written_as_its_word_and_found_by_it() {
        assert_eq!(EventKind::SignInFailed.word(), "sign_in_failed");
        assert_eq!(EventKind::of_word("sign_in_failed"), Some(EventKind::SignInFailed));
        assert_eq!(EventKind::of_word("made_up"), None);
        assert!(EventKind::SignInFailed.is_refusal() && !EventKind::SignedIn.is_refusal());
    }

    #[test]
    fn an_entry_says_whom_and_what_it_is_about() {
        let (user, place) =
            (samples::person(crate::domain::user::UserStatus::Active).id, samples::company(2).id);
        let (app, connection) = (samples::app().id, ConnectionId::from_raw(samples::raw(8)));
        let event = Event::new(EventKind::SignedIn, NOW, Origin::default())
            .cause("because")
            .user(user)
            .app(app)
            .connection(connection)
            .place(Place::Company(place));
        assert_eq!((event.user, event.app), (Some(user), Some(app)));
        assert_eq!(
            (event.connection, event.place),
            (Some(connection), Some(Place::Company(place)))
        );
        assert_eq!((event.cause.as_deref(), event.count), (Some("because"), 1));
        let user = SystemUser::new(0, Some("root"));
        assert_eq!(Origin::command_line(user).command_line, Some(user));
    }

    #[test]
    fn an_entry_that_stands_for_one_says_no_count() {
        let one = Event::new(EventKind::SignedIn, NOW, Origin::default());
        let written = serde_json::to_value(&one).unwrap();
        assert_eq!(written.get("count"), None);
        assert_eq!(serde_json::from_value::<Event>(written).unwrap().count, 1);
        let more = Event { count: 3, ..one };
        assert_eq!(serde_json::to_value(&more).unwrap()["count"], 3);
    }
}
