//! How long everything lives. Configured; the bounds are checked by `config`.

use std::time::Duration;

use crate::base::clock::Timestamp;

/// The lifetimes in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Access tokens of API credentials.
    pub client_access: Duration,
    /// Access tokens that a person granted.
    pub access: Duration,
    /// Refresh tokens, from each rotation on.
    pub refresh: Duration,
    /// A connection, from its consent on, however often it is refreshed.
    pub refresh_absolute: Duration,
    /// How long a repeat of the last refresh gets the same answer; zero: never.
    pub refresh_grace: Duration,
    /// Authorization codes.
    pub code: Duration,
    /// Pushed authorization requests.
    pub pushed_request: Duration,
    /// How long a person may look at a consent page.
    pub consent_request: Duration,
    /// A session without activity.
    pub session_idle: Duration,
    /// A session, however active.
    pub session_absolute: Duration,
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How long a redeemed code is remembered, so that its replay is noticed.
pub const CODE_MEMORY: Duration = DAY;
/// How long a reference leads to what it stands for, and counters of days are kept.
pub const ACTIVITY: Duration = Duration::from_secs(400 * 24 * 3600);
/// How long counters of hours are kept.
pub const HOURS: Duration = Duration::from_secs(8 * 24 * 3600);
/// How long a one-time link is good.
pub const LINK: Duration = DAY;
/// How long a link for a lost password or factor is good.
pub const RECOVERY_LINK: Duration = HOUR;

/// A running server notes the time every minute, and time never starts before what was noted. So nothing
/// that was written down while the clock was right lies further ahead of now than this.
pub const AHEAD: Duration = Duration::from_secs(120);

/// Whether a moment that was written down lies so far ahead of `now` that the clock was wrong then.
#[must_use]
pub fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    at > now.plus(AHEAD)
}

/// Whether what began at a moment and lives so long is over at `now`, or cannot have begun then.
#[must_use]
pub fn is_over(began: Timestamp, life: Duration, now: Timestamp) -> bool {
    now >= began.plus(life) || is_ahead(began, now)
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            client_access: HOUR,
            access: DAY,
            refresh: DAY * 90,
            refresh_absolute: DAY * 365,
            refresh_grace: Duration::from_secs(60),
            code: Duration::from_secs(60),
            pushed_request: Duration::from_secs(90),
            consent_request: HOUR / 2,
            session_idle: HOUR,
            session_absolute: HOUR * 12,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_as_documented() {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        let days = |days: u64| minutes(days * 24 * 60);
        let given = Lifetimes::default();
        assert_eq!((given.client_access, given.access), (minutes(60), days(1)));
        assert_eq!((given.refresh, given.refresh_absolute), (days(90), days(365)));
        assert_eq!((given.refresh_grace, given.code), (minutes(1), minutes(1)));
        assert_eq!(given.pushed_request, Duration::from_secs(90));
        assert_eq!(given.consent_request, minutes(30));
        assert_eq!((given.session_idle, given.session_absolute), (minutes(60), minutes(720)));
    }

    #[test]
    fn what_lives_for_a_time_is_over_at_its_end_and_never_began_two_minutes_ahead() {
        let at = Timestamp::from_seconds;
        assert!(!is_over(at(1000), HOUR, at(1000 + 3599)));
        assert!(is_over(at(1000), HOUR, at(1000 + 3600)));
        assert!(!is_over(at(1120), HOUR, at(1000)) && !is_ahead(at(1120), at(1000)));
        assert!(is_over(at(1121), HOUR, at(1000)) && is_ahead(at(1121), at(1000)));
    }

    #[test]
    fn what_cannot_be_set_is_as_documented() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        assert_eq!((CODE_MEMORY, LINK, RECOVERY_LINK), (days(1), days(1), days(1) / 24));
        assert_eq!((ACTIVITY, HOURS), (days(400), days(8)));
    }
}
