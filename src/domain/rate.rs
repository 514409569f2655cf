//! How many calls a token may make in a stretch of time.

use std::time::Duration;

use crate::base::clock::Timestamp;

/// So many calls in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls.
    pub calls: u32,
    /// The length of a window.
    pub window: Duration,
}

/// A window that a token is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    began_at: Timestamp,
    used: u32,
}

/// Where a token stands after a call was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Calls in a window.
    pub limit: u32,
    /// Calls left in this one.
    pub remaining: u32,
    /// When the next one begins.
    pub resets_at: Timestamp,
    /// Whether this call was one too many.
    pub exceeded: bool,
}

impl RateLimit {
    /// Counts a call at `now` in `window`, or in a new one if that is over.
    #[must_use]
    pub fn count(self, window: Option<Window>, now: Timestamp) -> (Window, Allowance) {
        let window = window
            .filter(|window| now < window.began_at.plus(self.window))
            .unwrap_or(Window { began_at: now, used: 0 });
        let used = window.used.saturating_add(1);
        let allowance = Allowance {
            limit: self.calls,
            remaining: self.calls.saturating_sub(used),
            resets_at: window.began_at.plus(self.window),
            exceeded: used > self.calls,
        };
        (Window { used, ..window }, allowance)
    }

    /// Whether `window` is over at `now`.
    #[must_use]
    pub fn is_over(self, window: Window, now: Timestamp) -> bool {
        now >= window.began_at.plus(self.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_until_the_window_is_over() {
        let limit = RateLimit { calls: 2, window: Duration::from_secs(5) };
        let now = Timestamp::from_seconds(100);
        let (window, first) = limit.count(None, now);
        assert_eq!((first.remaining, first.exceeded), (1, false));
        let (window, second) = limit.count(Some(window), now);
        assert_eq!((second.remaining, second.exceeded), (0, false));
        let (window, third) = limit.count(Some(window), now.plus(Duration::from_millis(4999)));
        assert!(third.exceeded);
        assert_eq!(third.resets_at, now.plus(Duration::from_secs(5)));
        let (_, next) = limit.count(Some(window), now.plus(Duration::from_secs(5)));
        assert_eq!((next.remaining, next.exceeded), (1, false));
    }

    #[test]
    fn a_window_is_over_at_its_end() {
        let limit = RateLimit { calls: 2, window: Duration::from_secs(5) };
        let window = Window { began_at: Timestamp::from_seconds(100), used: 1 };
        assert!(!limit.is_over(window, Timestamp::from_millis(104_999)));
        assert!(limit.is_over(window, Timestamp::from_millis(105_000)));
        assert!(limit.is_over(window, Timestamp::from_millis(105_001)));
    }
}
