//! Guessing: how failures are counted and how they slow the next guess down.
//!
//! There is one counter for an account whatever the path (password, code, recovery code). A
//! browser in which the account was signed in before has a counter of its own, and all others
//! share a daily budget of evaluated guesses: a stranger can use that up, but cannot lock the
//! owner's own browser out.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;

/// Failures counted against an account, from one known browser or from all others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempts {
    /// Failures since the last success.
    pub failures: u32,
    /// When the last one was.
    pub last_at: Timestamp,
    /// The day (since the epoch) that `today` counts.
    pub day: u64,
    /// Guesses evaluated on that day.
    pub today: u32,
}

/// Why a guess is not even looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slowed {
    /// Try again in so many seconds.
    Wait {
        /// At least one.
        seconds: u64,
    },
    /// The day's budget for strangers is used up.
    TooManyToday,
}

impl Slowed {
    /// Its word among the metrics.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Wait { .. } => "wait",
            Self::TooManyToday => "day",
        }
    }
}

const DAY_SECONDS: u64 = 24 * 3600;

impl Attempts {
    /// Whether a guess may be evaluated at `now`; `budget` is the daily limit, if one applies.
    ///
    /// # Errors
    /// Why not.
    pub fn may_try(&self, now: Timestamp, budget: Option<u32>) -> Result<(), Slowed> {
        let ready_at = self.last_at.plus(delay_after(self.failures));
        if self.failures > 0 && now < ready_at {
            let seconds = ready_at.since(now).as_millis().div_ceil(1000);
            return Err(Slowed::Wait {
                seconds: u64::try_from(seconds).unwrap_or(u64::MAX).max(1),
            });
        }
        let today = if self.day == day_of(now) { self.today } else { 0 };
        match budget {
            Some(budget) if today >= budget => Err(Slowed::TooManyToday),
            _ => Ok(()),
        }
    }

    /// Counts a guess before it is evaluated, so that guesses made at once are all counted.
    #[must_use]
    pub fn charged(self, now: Timestamp) -> Self {
        let today = if self.day == day_of(now) { self.today } else { 0 };
        Self {
            failures: self.failures.saturating_add(1),
            last_at: now,
            day: day_of(now),
            today: today.saturating_add(1),
        }
    }

    /// Takes one failure back: the guess was right, though sign-in is not complete yet.
    #[must_use]
    pub const fn refunded(self) -> Self {
        Self {
            failures: self.failures.saturating_sub(1),
            today: self.today.saturating_sub(1),
            ..self
        }
    }

    /// After a complete proof the count starts anew; the day's budget stays as it is.
    #[must_use]
    pub const fn cleared(self) -> Self {
        Self { failures: 0, today: self.today.saturating_sub(1), ..self }
    }
}

const fn delay_after(failures: u32) -> Duration {
    Duration::from_secs(match failures {
        0..3 => 0,
        3..9 => 1,
        9..25 => 3,
        _ => 5,
    })
}

const fn day_of(now: Timestamp) -> u64 {
    now.seconds() / DAY_SECONDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(failures: u32, at: Timestamp) -> Attempts {
        (0..failures).fold(Attempts::default(), |attempts, _| attempts.charged(at))
    }

    #[test]
    fn the_delay_grows_with_the_failures() {
        let now = Timestamp::from_seconds(1_000_000);
        for (failures, wait) in
            [(0, None), (2, None), (3, Some(1)), (8, Some(1)), (9, Some(3)), (25, Some(5))]
        {
            let verdict = after(failures, now).may_try(now, None);
            assert_eq!(verdict.err(), wait.map(|seconds| Slowed::Wait { seconds }), "{failures}");
        }
        assert!(after(9, now).may_try(now.plus(Duration::from_secs(3)), None).is_ok());
    }

    #[test]
    fn strangers_share_a_daily_budget_that_starts_anew_each_day() {
        let now = Timestamp::from_seconds(DAY_SECONDS * 10);
        let later = now.plus(Duration::from_secs(60));
        assert_eq!(after(100, now).may_try(later, Some(100)), Err(Slowed::TooManyToday));
        assert!(after(100, now).may_try(later, None).is_ok());
        let tomorrow = now.plus(Duration::from_secs(DAY_SECONDS));
        assert!(after(100, now).may_try(tomorrow, Some(100)).is_ok());
    }

    #[test]
    fn success_starts_the_count_anew() {
        let now = Timestamp::from_seconds(1_000_000);
        assert!(after(30, now).cleared().may_try(now, None).is_ok());
        assert_eq!(after(4, now).refunded().failures, 3);
    }

    #[test]
    fn the_budget_is_that_of_a_day_of_the_calendar() {
        let midnight = Timestamp::from_seconds(86_400 * 10);
        let before = midnight.minus(Duration::from_secs(1));
        let used = after(1, before.minus(Duration::from_secs(86_399)));
        assert_eq!(used.may_try(before, Some(1)), Err(Slowed::TooManyToday));
        assert!(used.may_try(midnight, Some(1)).is_ok());
    }

    #[test]
    fn a_right_guess_uses_up_nothing_of_the_budget() {
        let now = Timestamp::from_seconds(1_000_000);
        let once = after(1, now);
        assert!(once.may_try(now, Some(1)).is_err());
        assert!(once.refunded().may_try(now, Some(1)).is_ok());
        assert!(once.cleared().may_try(now, Some(1)).is_ok());
        let twice = once.charged(now).cleared();
        assert!(twice.may_try(now, Some(1)).is_err());
    }

    #[test]
    fn a_clock_that_went_back_keeps_nobody_waiting_who_guessed_right() {
        let now = Timestamp::from_seconds(1_000_000);
        let earlier = now.minus(Duration::from_secs(3600));
        assert!(after(1, now).cleared().may_try(earlier, None).is_ok());
    }

    #[test]
    fn the_words_among_the_metrics_are_as_documented() {
        let words = [Slowed::Wait { seconds: 1 }, Slowed::TooManyToday].map(Slowed::word);
        assert_eq!(words, ["wait", "day"]);
    }
}
