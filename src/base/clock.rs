//! Time as a value: a timestamp, and the clock it is read from.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

/// A moment in milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);
    /// Later than any moment that is written down.
    pub const NEVER: Self = Self(u64::MAX);

    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, as OAuth's numeric dates are written.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// This moment and `span` more; stops at the end of time rather than wrapping.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// This moment less `span`; stops at the epoch.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 in UTC with milliseconds, as logs and listings show it.
    #[must_use]
    pub fn rfc3339(self) -> String {
        let millis = i64::try_from(self.0).unwrap_or(i64::MAX);
        jiff::Timestamp::from_millisecond(millis)
            .map_or_else(|_| String::from("never"), |moment| format!("{moment:.3}"))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Where the present moment comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's clock: wall time read once, then carried forward by the time since boot, so that
/// a wall clock set back or forward while the process runs extends and ends nothing. Time spent
/// suspended counts.
#[derive(Debug)]
pub struct SystemClock {
    wall_at_start: Timestamp,
    started: Duration,
}

impl SystemClock {
    /// Reads the wall clock. A wall time before `not_before` (the last commit of the data file)
    /// counts as `not_before`: nothing gets a longer life because a clock was wrong at start.
    #[must_use]
    pub fn start(not_before: Timestamp) -> Self {
        Self { wall_at_start: Self::wall().max(not_before), started: since_boot() }
    }

    /// What the wall clock says, uncorrected.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the wall clock"
    )]
    pub fn wall() -> Timestamp {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp(millis(since_epoch))
    }
}

/// The time that the system puts events in order by (`CLOCK_MONOTONIC`).
#[must_use]
pub fn monotonic() -> Duration {
    read(rustix::time::ClockId::Monotonic)
}

fn since_boot() -> Duration {
    read(rustix::time::ClockId::Boottime)
}

fn read(clock: rustix::time::ClockId) -> Duration {
    let now = rustix::time::clock_gettime(clock);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.wall_at_start.plus(since_boot().saturating_sub(self.started))
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self(AtomicU64::new(now.millis()))
    }

    /// Moves on by `span`.
    pub fn advance(&self, span: Duration) {
        self.0.fetch_add(millis(span), Ordering::SeqCst);
    }

    /// Stands at `now` from here on.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_as_rfc_3339_in_utc() {
        assert_eq!(Timestamp::from_millis(1_700_000_000_123).rfc3339(), "2023-11-14T22:13:20.123Z");
    }

    #[test]
    fn a_wall_clock_behind_the_last_commit_counts_as_the_last_commit() {
        let last_commit = SystemClock::wall().plus(Duration::from_secs(3600));
        assert!(SystemClock::start(last_commit).now() >= last_commit);
    }

    #[test]
    fn a_clock_that_runs_goes_with_the_time_since_boot_whatever_the_wall_clock_says() {
        // The machine's clock is decades off: set back, set ahead or standing still is all one.
        for wall_at_start in [Timestamp::from_seconds(5), Timestamp::from_seconds(9_000_000_000)] {
            let clock = SystemClock { wall_at_start, started: since_boot() };
            let (before, first) = (since_boot(), clock.now());
            std::thread::sleep(Duration::from_millis(3));
            let passed = clock.now().since(first);
            assert!(first >= wall_at_start && clock.now() > first);
            assert!(passed <= since_boot().saturating_sub(before));
        }
    }

    #[test]
    fn arithmetic_stops_at_the_ends_of_time() {
        assert_eq!(Timestamp::NEVER.plus(Duration::from_secs(1)), Timestamp::NEVER);
        assert_eq!(Timestamp::EPOCH.minus(Duration::from_secs(1)), Timestamp::EPOCH);
    }
}
