//! When each app was last used: kept in memory and written down now and then, so that noting it
//! never delays a request.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::ops::Ops;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::AppUse;
use crate::store::tables::Apps;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Uses since the last time they were written down.
#[derive(Default)]
pub struct RecentUse(Mutex<HashMap<AppId, Timestamp>>);

impl RecentUse {
    fn note(&self, app: AppId, now: Timestamp) {
        if let Ok(mut recent) = self.0.lock() {
            recent.insert(app, now);
        }
    }

    fn take(&self) -> HashMap<AppId, Timestamp> {
        self.0.lock().map(|mut recent| std::mem::take(&mut *recent)).unwrap_or_default()
    }
}

struct WriteUse(HashMap<AppId, Timestamp>);

impl Operation for WriteUse {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        for (app, at) in &self.0 {
            // An app that is gone meanwhile leaves nothing behind.
            if reader.has::<Apps>(app)? {
                changes.put::<AppUse>(app, at)?;
            }
        }
        Ok(Decision { changes, outcome: () })
    }
}

impl Ops {
    /// Notes that an app got a token or made a call.
    pub fn note_use(&self, app: AppId) {
        self.recent_use.note(app, self.now());
    }

    /// Writes the uses down.
    ///
    /// # Errors
    /// The store failed.
    pub async fn flush_use(&self) -> Result<(), Fault> {
        let uses = self.recent_use.take();
        if uses.is_empty() { Ok(()) } else { self.store.submit(WriteUse(uses)).await }
    }
}
