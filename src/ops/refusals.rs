//! Refusals that an administrator should be able to look up: equal ones within a minute are one
//! entry with a count, so that nobody can fill the disk by being refused.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::ops::Ops;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

const WINDOW: Duration = Duration::from_secs(60);
/// Different refusals remembered at once; beyond it they are only logged.
const REMEMBERED: usize = 1024;

type Same = (EventKind, String, Option<AppId>, Option<std::net::IpAddr>);

/// Refusals of the last minute.
#[derive(Default)]
pub struct RecentRefusals(Mutex<HashMap<Same, Counted>>);

struct Counted {
    first: Timestamp,
    last: Event,
    uncounted: u32,
}

impl RecentRefusals {
    /// Whether `event` is the first of its kind and is to be written now; otherwise it is counted.
    fn is_first(&self, event: &Event) -> bool {
        let same = (event.kind, event.cause.clone().unwrap_or_default(), event.app, event.address);
        let Ok(mut recent) = self.0.lock() else { return false };
        if let Some(counted) = recent.get_mut(&same) {
            counted.uncounted = counted.uncounted.saturating_add(1);
            counted.last = event.clone();
            return false;
        }
        if recent.len() >= REMEMBERED {
            return false;
        }
        recent.insert(same, Counted { first: event.at, last: event.clone(), uncounted: 0 });
        true
    }

    /// Takes out the windows that are over, as events with their counts.
    fn over(&self, now: Timestamp) -> Vec<Event> {
        let Ok(mut recent) = self.0.lock() else { return Vec::new() };
        let mut events = Vec::new();
        recent.retain(|_, counted| {
            let open = now.since(counted.first) < WINDOW;
            if !open && counted.uncounted > 0 {
                events.push(Event { count: counted.uncounted, ..counted.last.clone() });
            }
            open
        });
        events
    }
}

/// Writes events that have no other effect.
pub struct Record(pub Vec<Event>);

impl Operation for Record {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        for event in self.0 {
            changes.record(event);
        }
        Ok(Decision { changes, outcome: () })
    }
}

impl Ops {
    /// Writes a refusal that concerns a known app or person down, once a minute for equal ones.
    /// Unknown callers go to the log only.
    pub async fn note_refusal(&self, event: Event) {
        tracing::info!(
            kind = ?event.kind,
            cause = event.cause.as_deref().unwrap_or_default(),
            reference = event.reference.map(|id| id.to_string()).unwrap_or_default(),
            "refused"
        );
        let known = event.app.is_some() || event.user.is_some();
        if known
            && self.refusals.is_first(&event)
            && let Err(fault) = self.store.submit(Record(vec![event])).await
        {
            tracing::error!(%fault, "a refusal could not be written down");
        }
    }

    /// Writes the counts of refusals whose minute is over.
    ///
    /// # Errors
    /// The store failed.
    pub async fn flush_refusals(&self) -> Result<(), Fault> {
        let events = self.refusals.over(self.now());
        if events.is_empty() { Ok(()) } else { self.store.submit(Record(events)).await }
    }

    /// An event of `kind` now, from `origin`.
    #[must_use]
    pub fn event(&self, kind: EventKind, origin: Origin) -> Event {
        Event::new(kind, self.now(), origin)
    }
}
