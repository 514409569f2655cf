//! Browser sessions and the levels that they reach.

use std::net::IpAddr;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::crypto::token::HashedToken;
use crate::domain::lifetimes::Lifetimes;
use crate::domain::link::Recovery;

/// What a session has proved. A change of level is a new session with a new id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The password. Good only for proving or enrolling the second factor.
    Password,
    /// The second factor too.
    SecondFactor,
}

/// A session as it is stored; its key is the time-ordered id of its cookie.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// HMAC of the cookie's value.
    pub hash: HashedToken,
    /// Who.
    pub user: UserId,
    /// What they proved.
    pub level: Level,
    /// When the sign-in began; the absolute limit counts from here through every level.
    pub began_at: Timestamp,
    /// Last activity, to the minute.
    pub seen_at: Timestamp,
    /// Recovery codes were made in this session and not yet acknowledged as saved: until then its
    /// page can show them.
    #[serde(default)]
    pub recovery_codes_waiting: bool,
    /// The second factor is lost, and a link for that was used: until then this session may set up
    /// another. It proves the password, and nothing more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces_factor_until: Option<Timestamp>,
    /// A link for a lost password or factor was made before this sign-in: the session's pages say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered: Option<Recovery>,
    /// The browser in which it began, as people recognise theirs; may be empty.
    #[serde(default)]
    pub browser: String,
    /// From where it began.
    #[serde(default)]
    pub address: Option<IpAddr>,
}

impl Session {
    /// Whether it is over at `now`, by inactivity or by age.
    #[must_use]
    pub fn is_over(&self, now: Timestamp, lifetimes: &Lifetimes) -> bool {
        now >= self.seen_at.plus(lifetimes.session_idle)
            || now >= self.began_at.plus(lifetimes.session_absolute)
    }
}
