//! How many reviews are due, for the frame around every page: counted at most once a minute for each
//! viewer, and anew after any administrative act, since each may have changed it.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::access::Viewer;
use crate::ops::failure::Fault;
use crate::ops::sessions::LiveSession;

/// What was counted longer ago is counted again.
const KEPT: Duration = Duration::from_secs(60);
/// Viewers that are remembered; with one more all are forgotten.
const VIEWERS: usize = 1000;

/// The numbers, by viewer.
#[derive(Default)]
pub struct DueReviews(Mutex<HashMap<Viewer, (Timestamp, u64)>>);

impl DueReviews {
    fn known(&self, viewer: Viewer, now: Timestamp) -> Option<u64> {
        let kept = self.0.lock().ok()?;
        let (at, due) = kept.get(&viewer)?;
        (now.since(*at) < KEPT).then_some(*due)
    }

    fn keep(&self, viewer: Viewer, now: Timestamp, due: u64) {
        let Ok(mut kept) = self.0.lock() else { return };
        if kept.len() >= VIEWERS {
            kept.clear();
        }
        kept.insert(viewer, (now, due));
    }

    /// Something was done that may have changed them.
    pub(in crate::ops) fn forget(&self) {
        if let Ok(mut kept) = self.0.lock() {
            kept.clear();
        }
    }
}

impl Ops {
    /// How many reviews are due in `place`, as far as the person sees them: as its page lists them. Zero
    /// while a large place is being counted aside.
    ///
    /// # Errors
    /// The store failed.
    pub fn reviews_due(&self, live: &LiveSession, place: Place) -> Result<u64, Fault> {
        let now = self.now();
        self.store.read(|reader| {
            let Some(viewer) = self.viewer(reader, live, place)? else { return Ok(0) };
            if let Some(due) = self.due_reviews.known(viewer, now) {
                return Ok(due);
            }
            // A large place is counted aside, and asking for its numbers costs nothing.
            let Some(counts) = self.counts(reader, viewer)? else { return Ok(0) };
            self.due_reviews.keep(viewer, now, counts.due.count);
            Ok(counts.due.count)
        })
    }
}
