//! Secrets that a page shows once: kept in memory for a few minutes between the act that made one and
//! the moment at which its maker says that it is saved. Never in the store, and gone with the process.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::base::secret::Secret;
use crate::ops::Ops;
use crate::ops::sessions::LiveSession;

/// How long a secret can be looked at again, such as after a reload.
const KEPT: Duration = Duration::from_secs(10 * 60);
/// As many as are kept at once; more push out those that are over, and then all.
const KEPT_AT_MOST: usize = 1_000;

/// Secrets that wait for "Done", by session and what they are of.
#[derive(Default)]
pub(in crate::ops) struct ShownOnce {
    waiting: Mutex<HashMap<(RawId, String), Waiting>>,
}

struct Waiting {
    secret: Secret,
    until: Timestamp,
}

impl Ops {
    /// Keeps `secret` for this session alone, until [`Self::forget_secret`] or for ten minutes. `of`
    /// says of what it is.
    pub fn keep_secret(&self, live: &LiveSession, of: &str, secret: Secret) {
        let Ok(mut waiting) = self.shown_once.waiting.lock() else { return };
        let now = self.now();
        if waiting.len() >= KEPT_AT_MOST {
            waiting.retain(|_, kept| kept.until > now);
        }
        if waiting.len() >= KEPT_AT_MOST {
            waiting.clear();
        }
        waiting.insert((*live.id(), of.to_owned()), Waiting { secret, until: now.plus(KEPT) });
    }

    /// The secret of `of`, if this session's person made it just now.
    #[must_use]
    pub fn kept_secret(&self, live: &LiveSession, of: &str) -> Option<Secret> {
        let waiting = self.shown_once.waiting.lock().ok()?;
        let kept = waiting.get(&(*live.id(), of.to_owned()))?;
        (kept.until > self.now()).then(|| kept.secret.clone())
    }

    /// Forgets it: it is saved.
    pub fn forget_secret(&self, live: &LiveSession, of: &str) {
        if let Ok(mut waiting) = self.shown_once.waiting.lock() {
            waiting.remove(&(*live.id(), of.to_owned()));
        }
    }
}
