//! Connections: one user's approval of one app for one company or firm.

use std::net::IpAddr;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::domain::resource::Audience;
use crate::domain::scope::ScopeSet;

/// An approval, and the family of the tokens that came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its own id: self-describing clients share one client id among all installs.
    pub id: ConnectionId,
    /// The app.
    pub app: AppId,
    /// The app's generation at the consent.
    pub app_generation: u32,
    /// Who approved.
    pub user: UserId,
    /// For which company or firm.
    pub place: Place,
    /// What was approved.
    pub scopes: ScopeSet,
    /// For which surfaces.
    pub audience: Audience,
    /// When it was approved.
    pub consented_at: Timestamp,
    /// When it ends however often it is refreshed.
    pub absolute_end: Timestamp,
    /// Whom to ask about it.
    #[serde(default)]
    pub owner: Option<UserId>,
    /// What it is for.
    #[serde(default)]
    pub purpose: String,
    /// When somebody should look at it again.
    #[serde(default)]
    pub review_due: Option<Timestamp>,
    /// After how many days again; 0: not said.
    #[serde(default)]
    pub review_days: u32,
    /// Whether it lives.
    pub status: ConnectionStatus,
}

/// When a connection was last used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUse {
    /// When.
    pub at: Timestamp,
    /// From which address, if that is known.
    #[serde(default)]
    pub from: Option<IpAddr>,
}

/// Whether a connection lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum ConnectionStatus {
    /// It does.
    Active,
    /// It ended.
    Ended {
        /// When.
        at: Timestamp,
        /// Why.
        cause: EndCause,
    },
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndCause {
    /// A code was redeemed a second time: it needs reconnecting.
    CodeReplayed,
    /// A refresh token was used again after its grace: it needs reconnecting.
    RefreshReplayed,
    /// The client gave it back (RFC 7009).
    RevokedByClient,
    /// A person deleted it.
    DeletedByUser,
    /// The same user connected the same confidential app anew.
    Replaced,
    /// Everything was ended at once.
    EndedByOperator,
    /// Whoever approved it was removed from the company or firm.
    PersonRemoved,
    /// Whoever approved it was erased.
    PersonErased,
}

impl EndCause {
    /// Whether this shows as "Needs reconnecting" rather than as an end that somebody wished for.
    #[must_use]
    pub const fn needs_reconnecting(self) -> bool {
        matches!(self, Self::CodeReplayed | Self::RefreshReplayed)
    }
}

impl Connection {
    /// Whether its tokens are good.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.status, ConnectionStatus::Active)
    }

    /// This connection, ended. One that ended already keeps its first cause.
    #[must_use]
    pub fn ended(mut self, at: Timestamp, cause: EndCause) -> Self {
        if self.is_active() {
            self.status = ConnectionStatus::Ended { at, cause };
        }
        self
    }
}
