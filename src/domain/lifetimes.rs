//! How long everything lives. Configured; the bounds are checked by `config`.

use std::time::Duration;

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
