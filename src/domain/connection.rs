//! Connections: one user's approval of one app for one company or firm.

use std::net::IpAddr;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::UserId;
use crate::domain::app_life::REVIEW_EVERY_DAYS;
use crate::domain::app_life::days_after;
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
    /// Whom to ask about it: who approved it, until somebody else is named.
    #[serde(default)]
    pub owner: Option<UserId>,
    /// What it is for.
    #[serde(default)]
    pub purpose: String,
    /// When somebody should look at it again.
    #[serde(default)]
    pub review_due: Option<Timestamp>,
    /// After how many days again; 0 in rows from before every connection had an interval.
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
    /// When it last got a new token; none since the first.
    #[serde(default)]
    pub token: Option<Timestamp>,
    /// When a token of it last made a call.
    #[serde(default)]
    pub call: Option<Timestamp>,
}

impl LastUse {
    /// A new token.
    #[must_use]
    pub const fn token(at: Timestamp, from: Option<IpAddr>) -> Self {
        Self { at, from, token: Some(at), call: None }
    }

    /// A call.
    #[must_use]
    pub const fn call(at: Timestamp, from: Option<IpAddr>) -> Self {
        Self { at, from, token: None, call: Some(at) }
    }

    /// Both uses as one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (older, newer) = if other.at < self.at { (other, self) } else { (self, other) };
        let (token, call) = (newer.token.max(older.token), newer.call.max(older.call));
        Self { token, call, ..newer }
    }
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
    /// Its app was revoked.
    AppRevoked,
    /// Its app was deleted.
    AppDeleted,
    /// Its app became another for people to see, and is to be approved anew.
    AppChanged,
}

impl EndCause {
    /// Whether this shows as "Needs reconnecting" rather than as an end that somebody wished for.
    #[must_use]
    pub const fn needs_reconnecting(self) -> bool {
        matches!(
            self,
            Self::CodeReplayed
                | Self::RefreshReplayed
                | Self::AppRevoked
                | Self::AppDeleted
                | Self::AppChanged
        )
    }
}

impl Connection {
    /// Whether its tokens are good.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        matches!(self.status, ConnectionStatus::Active)
    }

    /// After how many days somebody looks again.
    #[must_use]
    pub const fn review_every(&self) -> u32 {
        if self.review_days == 0 { REVIEW_EVERY_DAYS } else { self.review_days }
    }

    /// Sets the day of the next review.
    pub fn look_again(&mut self, from: Timestamp) {
        self.review_due = Some(days_after(from, self.review_every()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;
    use crate::domain::samples::NOW;

    fn connection() -> Connection {
        let app = samples::app();
        Connection {
            id: ConnectionId::from_raw(samples::raw(8)),
            app: app.id,
            app_generation: 1,
            user: UserId::from_raw(samples::raw(3)),
            place: Place::Company(samples::company(2).id),
            scopes: ScopeSet::default(),
            audience: Audience::default(),
            consented_at: NOW,
            absolute_end: NOW,
            owner: None,
            purpose: String::new(),
            review_due: None,
            review_days: 0,
            status: ConnectionStatus::Active,
        }
    }

    #[test]
    fn what_ended_stays_ended_for_its_first_cause() {
        assert!(connection().is_active());
        let ended = connection().ended(NOW, EndCause::RefreshReplayed);
        assert!(!ended.is_active());
        let later = Timestamp::from_seconds(2_000);
        assert_eq!(ended.clone().ended(later, EndCause::DeletedByUser), ended);
        let first = ConnectionStatus::Ended { at: NOW, cause: EndCause::RefreshReplayed };
        assert_eq!(ended.status, first);
    }

    #[test]
    fn what_nobody_wished_for_needs_reconnecting() {
        for cause in [
            EndCause::CodeReplayed,
            EndCause::RefreshReplayed,
            EndCause::AppRevoked,
            EndCause::AppDeleted,
            EndCause::AppChanged,
        ] {
            assert!(cause.needs_reconnecting(), "{cause:?}");
        }
        for cause in [
            EndCause::RevokedByClient,
            EndCause::DeletedByUser,
            EndCause::Replaced,
            EndCause::EndedByOperator,
            EndCause::PersonRemoved,
            EndCause::PersonErased,
        ] {
            assert!(!cause.needs_reconnecting(), "{cause:?}");
        }
    }

    #[test]
    fn somebody_looks_again_after_the_interval_or_after_the_usual_one() {
        let due = |review_days| {
            let mut connection = Connection { review_days, ..connection() };
            connection.look_again(NOW);
            connection.review_due
        };
        assert_eq!(due(0), Some(days_after(NOW, REVIEW_EVERY_DAYS)));
        assert_eq!(due(7), Some(days_after(NOW, 7)));
    }

    #[test]
    fn of_two_uses_the_later_tells_from_where_and_neither_is_forgotten() {
        let at = Timestamp::from_seconds;
        let here: Option<IpAddr> = "192.0.2.1".parse().ok();
        let there: Option<IpAddr> = "192.0.2.2".parse().ok();
        let (token, call) = (LastUse::token(at(5), here), LastUse::call(at(6), there));
        let both = LastUse { at: at(6), from: there, token: Some(at(5)), call: Some(at(6)) };
        assert_eq!(token.and(call), both);
        assert_eq!(call.and(token), both);
        // Of two at the same time the one that came later.
        assert_eq!(LastUse::call(at(6), here).and(call).from, there);
    }

    #[test]
    fn the_last_token_and_the_last_call_are_each_kept() {
        let at = Timestamp::from_seconds;
        let earlier = LastUse { at: at(7), from: None, token: Some(at(3)), call: Some(at(7)) };
        let both = LastUse { at: at(8), from: None, token: Some(at(8)), call: Some(at(7)) };
        assert_eq!(earlier.and(LastUse::token(at(8), None)), both);
        assert_eq!(LastUse::token(at(8), None).and(earlier), both);
    }
}
