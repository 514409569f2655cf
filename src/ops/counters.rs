//! What each app did: tokens issued, calls that passed, and what was refused, by hour and by day.
//!
//! Counted in memory and written down now and then, so that counting never delays a request: a stop
//! without warning loses what was counted in the last minute. A call through a firm counts for the firm
//! and for the company that it was about.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher as _;
use std::hash::RandomState;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::company::Place;
use crate::domain::usage::Counted;
use crate::domain::usage::Usage;
use crate::ops::Ops;
use crate::ops::check_call::LiveToken;
use crate::store::activity;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::UsageDays;
use crate::store::tables::UsageHours;
use crate::store::tables::UsageKey;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Parts of the counters: callers on several processors seldom want the same one.
const SHARDS: usize = 16;
/// Different counters in one part at once; beyond it nothing new is counted until the next flush.
const MOST: usize = 8192;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
/// The days that a chart shows.
pub const CHART_DAYS: u32 = 30;

/// Which counter: the beginning of the hour, the company or firm, the app.
type Which = (Timestamp, Place, AppId);

/// What was counted since the last time that it was written down.
#[derive(Default)]
pub struct Counters {
    shards: [Mutex<HashMap<Which, Usage>>; SHARDS],
    spread: RandomState,
}

impl Counters {
    fn shard(&self, which: &Which) -> Option<&Mutex<HashMap<Which, Usage>>> {
        let hash = usize::try_from(self.spread.hash_one(which) % SHARDS as u64).unwrap_or(0);
        self.shards.get(hash)
    }

    fn change(&self, which: Which, change: impl FnOnce(&mut Usage)) {
        let Some(Ok(mut shard)) = self.shard(&which).map(Mutex::lock) else { return };
        let full = shard.len() >= MOST;
        match shard.entry(which) {
            Entry::Occupied(mut entry) => change(entry.get_mut()),
            Entry::Vacant(entry) if !full => change(entry.insert(Usage::default())),
            Entry::Vacant(_) => {}
        }
    }

    /// What is not written down of these hours.
    fn since(&self, hours: [Timestamp; 2], place: Place, app: AppId) -> Vec<(Timestamp, Usage)> {
        let counted = |hour: Timestamp| {
            let which = (hour, place, app);
            let shard = self.shard(&which)?.lock().ok()?;
            shard.get(&which).map(|usage| (hour, *usage))
        };
        hours.into_iter().filter_map(counted).collect()
    }

    fn take(&self) -> Vec<(Which, Usage)> {
        let shards = self.shards.iter().filter_map(|shard| shard.lock().ok());
        shards.flat_map(|mut shard| std::mem::take(&mut *shard)).collect()
    }
}

/// The beginning of the span in which `at` lies.
fn floor(at: Timestamp, span: Duration) -> Timestamp {
    let span = u64::try_from(span.as_millis()).unwrap_or(u64::MAX).max(1);
    Timestamp::from_millis(at.millis() - at.millis() % span)
}

struct WriteUsage(Vec<(Which, Usage)>);

impl Operation for WriteUsage {
    type Outcome = ();

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let (mut hours, mut days) = (HashMap::new(), HashMap::new());
        for ((hour, place, app), usage) in &self.0 {
            // The sum of the place's apps has a counter of its own.
            for app in [Some(*app), None] {
                let add = |rows: &mut HashMap<UsageKey, Usage>, start| {
                    rows.entry(UsageKey { start, place: *place, app }).or_default().add(usage);
                };
                add(&mut hours, *hour);
                add(&mut days, floor(*hour, DAY));
            }
        }
        let mut changes = Changes::new();
        for (key, mut usage) in hours {
            usage.add(&reader.get::<UsageHours>(&key)?.unwrap_or_default());
            changes.put::<UsageHours>(&key, &usage)?;
        }
        for (key, mut usage) in days {
            usage.add(&reader.get::<UsageDays>(&key)?.unwrap_or_default());
            changes.put::<UsageDays>(&key, &usage)?;
        }
        Ok(Decision { changes, outcome: () })
    }
}

/// What was counted on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayUsage {
    /// Its beginning, in UTC.
    pub day: Timestamp,
    /// What was counted.
    pub usage: Usage,
}

impl Ops {
    /// Counts what `app` did in `place`.
    pub fn count(&self, app: AppId, place: Place, what: Counted) {
        let now = self.now();
        self.counters.change((floor(now, HOUR), place, app), |usage| usage.count(what, now));
    }

    /// Counts a call with a live token; one through a firm for the firm and for the company.
    pub fn count_call(&self, live: &LiveToken, company: Option<CompanyId>, what: Counted) {
        let (app, own) = (live.app().id, live.token.place);
        self.count(app, own, what);
        if let Some(place) = company.map(Place::Company).filter(|place| *place != own) {
            self.count(app, place, what);
        }
    }

    /// Counts a refusal for the places that it belongs to.
    pub(in crate::ops) fn count_refusal(&self, event: &Event) {
        let what = match event.kind {
            EventKind::CallRefused => Counted::CallRefused,
            EventKind::TokenRefused
            | EventKind::AuthorizationRefused
            | EventKind::SecretUsedInBrowser => Counted::IssueRefused,
            _ => return,
        };
        let Some(app) = event.app else { return };
        let places = self.store.read(|reader| activity::places_named(reader, event));
        for place in places.unwrap_or_default() {
            self.count(app, place, what);
        }
    }

    /// Writes the counts down.
    ///
    /// # Errors
    /// The store failed: they are written with a later flush.
    pub async fn flush_counters(&self) -> Result<(), Fault> {
        let counted = self.counters.take();
        if counted.is_empty() {
            return Ok(());
        }
        let written = self.store.submit(WriteUsage(counted.clone())).await;
        if written.is_err() {
            for (which, usage) in counted {
                self.counters.change(which, |kept| kept.add(&usage));
            }
        }
        written
    }

    /// The last thirty days of an app in a company or firm, or of all apps there: oldest first, every
    /// day once. Of an app it is told to the moment; the sum of all lags by up to a flush.
    ///
    /// # Errors
    /// The store failed.
    pub fn chart_of(&self, place: Place, app: Option<AppId>) -> Result<Vec<DayUsage>, Fault> {
        let now = self.now();
        let (today, hour) = (floor(now, DAY), floor(now, HOUR));
        let recent = app.map(|app| self.counters.since([hour.minus(HOUR), hour], place, app));
        let recent = recent.unwrap_or_default();
        self.store.read(|reader| {
            let days = (0..CHART_DAYS).rev().map(|back| today.minus(DAY * back));
            days.map(|day| {
                let usage = reader.get::<UsageDays>(&UsageKey { start: day, place, app })?;
                let mut usage = usage.unwrap_or_default();
                let of_day = recent.iter().filter(|(hour, _)| floor(*hour, DAY) == day);
                of_day.for_each(|(_, counted)| usage.add(counted));
                Ok(DayUsage { day, usage })
            })
            .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::CompanyId;
    use crate::base::id::RawId;

    #[test]
    fn no_more_counters_are_kept_at_once_than_fit_and_known_ones_go_on() {
        let counters = Counters::default();
        let place = Place::Company(CompanyId::from_raw(RawId::from_bytes([1; 16])));
        let which = |number: u64| {
            let mut id = [0; 16];
            id[8..].copy_from_slice(&number.to_be_bytes());
            (Timestamp::EPOCH, place, AppId::from_raw(RawId::from_bytes(id)))
        };
        let once = |usage: &mut Usage| usage.count(Counted::Called, Timestamp::EPOCH);
        for number in 0..2 * (SHARDS * MOST) as u64 {
            counters.change(which(number), once);
        }
        counters.change(which(0), once);
        let taken = counters.take();
        assert_eq!(taken.len(), SHARDS * MOST);
        let first = taken.iter().find(|(one, _)| *one == which(0));
        assert_eq!(first.map(|(_, usage)| usage.called.count), Some(2));
        assert!(counters.take().is_empty());
    }
}
