//! Refusals that an administrator should be able to look up: equal ones within a minute are one
//! entry with a count, so that nobody can fill the disk by being refused.

use std::collections::HashMap;
use std::net::IpAddr;
use std::net::Ipv6Addr;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::RequestId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::ops::Ops;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Decision;
use crate::store::writer::Operation;
use crate::telemetry::measures;

const WINDOW: Duration = Duration::from_secs(60);
/// Different refusals remembered at once; beyond it they are only logged.
const REMEMBERED: usize = 1024;

/// References that one entry carries beside its own.
const REFERENCES: usize = 32;

type Same = (EventKind, String, Option<AppId>, Option<UserId>, Option<IpAddr>);

/// An IPv6 address counts by its network: whoever has one address has the whole /64.
pub(in crate::ops) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other => other,
    }
}

/// Refusals of the last minute, and those that wait to be written.
#[derive(Default)]
pub struct RecentRefusals {
    counted: Mutex<HashMap<Same, Counted>>,
    waiting: Mutex<Vec<Event>>,
}

struct Counted {
    first: Timestamp,
    last: Event,
    uncounted: u32,
}

impl Counted {
    /// Counts one more. The references of those before are kept while they are about the same.
    fn add(&mut self, event: &Event) {
        let before = std::mem::replace(&mut self.last, event.clone());
        if self.uncounted > 0 && before.detail == event.detail {
            self.last.also = before.also;
            self.last.also.extend(before.reference.filter(|_| self.last.also.len() < REFERENCES));
        }
        self.uncounted = self.uncounted.saturating_add(1);
    }

    /// The entry that stands for those that were counted.
    fn entry(&self) -> Event {
        Event { count: self.uncounted, ..self.last.clone() }
    }
}

impl RecentRefusals {
    /// What will be written and carries `reference`.
    pub(in crate::ops) fn pending(&self, reference: RequestId) -> Option<Event> {
        let carries =
            |event: &Event| event.reference == Some(reference) || event.also.contains(&reference);
        let waiting = self.waiting.lock().ok()?.iter().find(|event| carries(event)).cloned();
        waiting.or_else(|| {
            let recent = self.counted.lock().ok()?;
            let mut counted = recent.values().filter(|counted| counted.uncounted > 0);
            counted.find(|counted| carries(&counted.last)).map(Counted::entry)
        })
    }

    /// Whether `event` is the first of its kind and is to be written now; otherwise it is counted.
    fn is_first(&self, event: &Event) -> bool {
        let cause = event.cause.clone().unwrap_or_default();
        let same = (event.kind, cause, event.app, event.user, event.address.map(network));
        let Ok(mut recent) = self.counted.lock() else { return false };
        if let Some(counted) = recent.get_mut(&same) {
            counted.add(event);
            return false;
        }
        if recent.len() >= REMEMBERED {
            return false;
        }
        recent.insert(same, Counted { first: event.at, last: event.clone(), uncounted: 0 });
        true
    }

    fn wait(&self, event: Event) {
        if let Ok(mut waiting) = self.waiting.lock()
            && waiting.len() < REMEMBERED
        {
            waiting.push(event);
        }
    }

    fn waiting(&self) -> Vec<Event> {
        self.waiting.lock().map(|mut waiting| std::mem::take(&mut *waiting)).unwrap_or_default()
    }

    /// Takes out the windows that are over, as events with their counts.
    fn over(&self, now: Timestamp) -> Vec<Event> {
        let Ok(mut recent) = self.counted.lock() else { return Vec::new() };
        let mut events = Vec::new();
        recent.retain(|_, counted| {
            let open = now.since(counted.first) < WINDOW;
            if !open && counted.uncounted > 0 {
                events.push(counted.entry());
            }
            open
        });
        events
    }
}

fn measure(event: &Event) {
    let cause = measures::cause_word(event.cause.as_deref().unwrap_or_default());
    measures::REFUSALS.of(&format!("{}\t{cause}", event.kind.word())).count();
    match event.kind {
        EventKind::SignInFailed => measures::SIGN_INS.of("wrong_password").count(),
        EventKind::CodeRefused => measures::SIGN_INS.of("wrong_code").count(),
        EventKind::CallRefused => measures::GUARD.of("refused").count(),
        _ => {}
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
    /// Unknown callers go to the log only. What cannot be written now is written with a later flush.
    pub async fn note_refusal(&self, event: Event) {
        if self.is_to_be_written(&event)
            && let Err(fault) = self.store.submit(Record(vec![event.clone()])).await
        {
            tracing::error!(%fault, "a refusal could not be written down yet");
            self.refusals.wait(event);
        }
    }

    /// As [`Self::note_refusal`], but written with the next flush: for answers whose time must not
    /// depend on whether anything is written.
    pub fn note_refusal_later(&self, event: Event) {
        if self.is_to_be_written(&event) {
            self.refusals.wait(event);
        }
    }

    fn is_to_be_written(&self, event: &Event) -> bool {
        tracing::info!(
            kind = ?event.kind,
            cause = event.cause.as_deref().unwrap_or_default(),
            reference = event.reference.map(|id| id.to_string()).unwrap_or_default(),
            "refused"
        );
        measure(event);
        self.count_refusal(event);
        let known = event.app.is_some() || event.user.is_some();
        known && self.refusals.is_first(event)
    }

    /// Writes the refusals that wait, and the counts of those whose minute is over.
    ///
    /// # Errors
    /// The store failed.
    pub async fn flush_refusals(&self) -> Result<(), Fault> {
        self.flush_refusals_until(self.now()).await
    }

    /// Writes every refusal and every count that is still kept in memory: at the end.
    ///
    /// # Errors
    /// The store failed.
    pub async fn flush_all_refusals(&self) -> Result<(), Fault> {
        self.flush_refusals_until(Timestamp::NEVER).await
    }

    async fn flush_refusals_until(&self, now: Timestamp) -> Result<(), Fault> {
        let mut events = self.refusals.waiting();
        events.extend(self.refusals.over(now));
        if events.is_empty() {
            return Ok(());
        }
        let written = self.store.submit(Record(events.clone())).await;
        if written.is_err() {
            events.into_iter().for_each(|event| self.refusals.wait(event));
        }
        written
    }

    /// An event of `kind` now, from `origin`.
    #[must_use]
    pub fn event(&self, kind: EventKind, origin: Origin) -> Event {
        Event::new(kind, self.now(), origin)
    }
}
