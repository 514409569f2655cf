//! Browser sessions and the levels that they reach.

use std::net::IpAddr;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::crypto::token::HashedToken;
use crate::domain::lifetimes;
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
        lifetimes::is_over(self.seen_at, lifetimes.session_idle, now)
            || lifetimes::is_over(self.began_at, lifetimes.session_absolute, now)
    }

    /// Whether it may set up another second factor in place of a lost one.
    #[must_use]
    pub fn replaces_factor(&self, now: Timestamp) -> bool {
        self.replaces_factor_until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::samples;

    fn session(seen: u64) -> Session {
        Session {
            hash: samples::hash(),
            user: UserId::from_raw(samples::raw(3)),
            level: Level::SecondFactor,
            began_at: Timestamp::from_seconds(1_000),
            seen_at: Timestamp::from_seconds(seen),
            recovery_codes_waiting: false,
            replaces_factor_until: None,
            recovered: None,
            browser: String::new(),
            address: None,
        }
    }

    #[test]
    fn a_lost_factor_is_replaced_until_its_link_ends() {
        assert!(!session(1_000).replaces_factor(Timestamp::EPOCH));
        let until = Timestamp::from_seconds(2_000);
        let session = Session { replaces_factor_until: Some(until), ..session(1_000) };
        assert!(session.replaces_factor(Timestamp::from_millis(1_999_999)));
        assert!(!session.replaces_factor(until));
    }

    #[test]
    fn a_session_is_over_after_its_idle_time_and_after_its_longest_whichever_comes_first() {
        let lifetimes = Lifetimes {
            session_idle: Duration::from_secs(10),
            session_absolute: Duration::from_secs(100),
            ..Lifetimes::default()
        };
        let over =
            |seen: u64, now: u64| session(seen).is_over(Timestamp::from_millis(now), &lifetimes);
        assert!(!over(1_000, 1_009_999) && over(1_000, 1_010_000) && over(1_000, 1_010_001));
        assert!(!over(1_120, 1_000_000) && over(1_121, 1_000_000), "it was used ahead of now");
        assert!(!over(1_099, 1_099_999) && over(1_099, 1_100_000) && over(1_099, 1_100_001));
    }
}
