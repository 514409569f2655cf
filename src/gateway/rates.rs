//! Calls counted by token, in memory: a restart forgets them, which gives away one window at most.

use std::collections::HashMap;
use std::sync::Mutex;

use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use http::header::RETRY_AFTER;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::domain::rate::Allowance;
use crate::domain::rate::RateLimit;
use crate::domain::rate::Window;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Tokens counted at once before those whose window is over are first cleared away.
const CLEARED_AT: usize = 10_000;

/// The windows of the tokens that call.
pub struct Rates {
    limit: RateLimit,
    windows: Mutex<Windows>,
}

struct Windows {
    of: HashMap<RawId, Window>,
    /// At how many those that are over are cleared away next: twice as many as were left the last
    /// time, so that a call seldom pays for it.
    cleared_at: usize,
}

impl Default for Windows {
    fn default() -> Self {
        Self { of: HashMap::new(), cleared_at: CLEARED_AT }
    }
}

impl Rates {
    /// Counts against `limit`.
    #[must_use]
    pub fn new(limit: RateLimit) -> Self {
        Self { limit, windows: Mutex::default() }
    }

    /// Counts a call of `token`.
    pub(super) fn count(&self, token: RawId, now: Timestamp) -> Option<Allowance> {
        let mut windows = self.windows.lock().ok()?;
        if windows.of.len() >= windows.cleared_at {
            windows.of.retain(|_, window| !self.limit.is_over(*window, now));
            windows.cleared_at = CLEARED_AT.max(2 * windows.of.len());
        }
        let (window, allowance) = self.limit.count(windows.of.get(&token).copied(), now);
        windows.of.insert(token, window);
        Some(allowance)
    }
}

/// Tells the caller where it stands; `ratelimit-reset` is a Unix time in seconds.
pub(super) fn tell(allowance: Allowance, now: Timestamp, headers: &mut HeaderMap) {
    headers.insert(LIMIT, allowance.limit.into());
    headers.insert(REMAINING, allowance.remaining.into());
    headers.insert(RESET, HeaderValue::from(seconds_up(allowance.resets_at)));
    if allowance.exceeded {
        let wait = allowance.resets_at.since(now).as_millis().div_ceil(1000);
        let wait = u64::try_from(wait).unwrap_or(u64::MAX).max(1);
        headers.insert(RETRY_AFTER, HeaderValue::from(wait));
    }
}

fn seconds_up(moment: Timestamp) -> u64 {
    moment.millis().div_ceil(1000)
}
