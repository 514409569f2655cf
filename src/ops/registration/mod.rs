//! Clients that register themselves (RFC 7591), manage their registration (RFC 7592), and are
//! removed when nobody uses them.
//!
//! What comes is a stranger's. So the number of clients that nobody has used yet is bounded, each
//! network registers only so many a minute, a client changes only so often a day: nobody can fill
//! the disk. The policy is asked at every registration and again at every change.

pub mod create;
pub mod initial_tokens;
pub mod manage;
pub mod pace;
pub mod reap;

use std::time::Duration;

use crate::base::id::AppId;
use crate::base::secret::Secret;
use crate::domain::app::App;
use crate::domain::client_metadata::ClientMetadata;
use crate::domain::registration_request::NotARegistration;

/// A registration, as its client sees it.
#[derive(Clone, Debug)]
pub struct RegisteredClient {
    /// The app.
    pub app: App,
    /// What it said of itself.
    pub metadata: ClientMetadata,
    /// Its secret: shown at registration and never again.
    pub secret: Option<Secret>,
    /// With which it manages its registration.
    pub access: Secret,
}

/// Why a registration is not made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationRefusal {
    /// Nobody may register here.
    Off,
    /// The request cannot be registered.
    Unusable(NotARegistration),
    /// The policy does not let codes go there.
    RedirectNotAllowed,
    /// Only who holds an initial access token may register, and none was sent.
    NoInitialToken,
    /// It is unknown, over, used up or revoked.
    InitialTokenRefused,
    /// Too many from one network in too short a time.
    TooFast(Duration),
    /// As many unused clients as there may be.
    Full(Duration),
    /// No such client, or another registration access token than its own.
    NotItsToken,
    /// An update names another client, no client, another secret, or what only we set.
    NotItsOwn,
    /// An update would make another type of client of it.
    TypeChanged,
    /// The client changed too often today.
    ChangedTooOften,
}

impl RegistrationRefusal {
    /// The cause, for the log and the audit trail; nothing that the caller sent.
    #[must_use]
    pub fn cause(self) -> String {
        match self {
            Self::Unusable(why) => format!("{why:?}"),
            Self::TooFast(_) => "TooFast".to_owned(),
            Self::Full(_) => "Full".to_owned(),
            other => format!("{other:?}"),
        }
    }
}

/// A refusal, and the client that it is about if it proved itself.
pub type Refused = (RegistrationRefusal, Option<AppId>);
