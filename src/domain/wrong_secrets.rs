//! Guessing the secret of an app: after ten wrong ones from one address within a minute, whatever
//! comes from that address for that app waits before it is looked at, longer each time. A right
//! secret waits too, or the time would tell; it never waits longer than two seconds.

use std::time::Duration;

use crate::base::clock::Timestamp;

/// Wrong secrets that nobody waits for.
const FREE: u32 = 10;
/// After so long without a wrong one the count starts anew.
const WINDOW: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_millis(125);
const LONGEST: Duration = Duration::from_secs(2);

/// Wrong secrets for one app from one address; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongSecrets {
    /// When the minute began that they count for: with the first, or once all that are free are
    /// used up, with the last.
    since: Timestamp,
    count: u32,
}

impl WrongSecrets {
    /// The first.
    #[must_use]
    pub const fn first(now: Timestamp) -> Self {
        Self { since: now, count: 1 }
    }

    /// One more.
    #[must_use]
    pub fn and_one(self, now: Timestamp) -> Self {
        if self.are_over(now) {
            return Self::first(now);
        }
        let count = self.count.saturating_add(1);
        Self { since: if count >= FREE { now } else { self.since }, count }
    }

    /// Whether they count no more.
    #[must_use]
    pub fn are_over(self, now: Timestamp) -> bool {
        now.since(self.since) >= WINDOW
    }

    /// How long the next attempt waits.
    #[must_use]
    pub fn wait(self, now: Timestamp) -> Duration {
        match self.count.checked_sub(FREE) {
            Some(beyond) if !self.are_over(now) => {
                SHORTEST.saturating_mul(2_u32.saturating_pow(beyond)).min(LONGEST)
            }
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn after(count: u32, at: Timestamp) -> WrongSecrets {
        (1..count).fold(WrongSecrets::first(at), |wrong, _| wrong.and_one(at))
    }

    fn seconds_after(seconds: u64) -> Timestamp {
        START.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn nine_cost_nothing_and_from_ten_on_the_wait_doubles_up_to_two_seconds() {
        for (count, wait) in
            [(1, 0), (9, 0), (10, 125), (11, 250), (12, 500), (13, 1000), (14, 2000), (900, 2000)]
        {
            assert_eq!(after(count, START).wait(START).as_millis(), wait, "{count}");
        }
    }

    #[test]
    fn only_those_of_one_minute_count_together() {
        let nine = after(9, START);
        assert_eq!(nine.and_one(seconds_after(59)).wait(seconds_after(59)), SHORTEST);
        assert_eq!(nine.and_one(seconds_after(60)), WrongSecrets::first(seconds_after(60)));
    }

    #[test]
    fn whoever_goes_on_guessing_stays_slowed_until_a_minute_after_the_last() {
        let later = after(20, START).and_one(seconds_after(59));
        assert_eq!(later.wait(seconds_after(118)), LONGEST);
        assert_eq!(later.wait(seconds_after(119)), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_goes_back_forgets_nothing() {
        assert_eq!(after(20, seconds_after(30)).wait(START), LONGEST);
    }
}
