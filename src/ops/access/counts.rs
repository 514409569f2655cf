//! Counts over what has access: exact where there is little, kept for about a minute where there is
//! much. A request never counts a large place: [`Ops::recount`] does, aside, a piece at a time, for
//! places that somebody looked at lately.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::domain::app::AppStatus;
use crate::domain::standing::Standing;
use crate::ops::Ops;
use crate::ops::access::Access;
use crate::ops::access::AccessFilter;
use crate::ops::access::Kind;
use crate::ops::access::List;
use crate::ops::access::PAGE;
use crate::ops::access::Viewer;
use crate::ops::access::look::Look;
use crate::ops::access::walk::Walk;
use crate::ops::access::walk::What;
use crate::ops::cursors::Step;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;

/// Rows that a request counts itself; with more, the place is large.
pub const COUNTED_AT_ONCE: usize = 1000;
/// Idle connections that end in one act.
pub const REVOKED_AT_ONCE: usize = 200;
/// Large places that are counted at once: the ones that were looked at last.
const LARGE_PLACES: usize = 100;
/// Nobody looked for so long: it is not counted any more.
const WANTED: Duration = Duration::from_secs(10 * 60);
/// What was counted longer ago is not shown.
const KEPT: Duration = Duration::from_secs(3 * 60);

/// Some of what was counted, with the number of all.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// How many.
    pub count: u64,
    /// The newest of them, at most a page.
    pub first: Vec<What>,
}

impl Counted {
    fn add(&mut self, what: What) {
        self.count += 1;
        if self.first.len() < PAGE {
            self.first.push(what);
        }
    }
}

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    totals: HashMap<Kind, u64>,
    /// Deleted apps.
    pub deleted: bool,
    /// Reviews that are due.
    pub due: Counted,
    /// What ends within two weeks.
    pub expiring: Counted,
    /// What was not used for 30 days.
    pub idle: Counted,
    /// Idle connections, as many as end in one act.
    pub revocable: Vec<ConnectionId>,
    /// Living connections by app.
    pub apps: HashMap<AppId, u64>,
}

impl Counts {
    /// How many stand in a list.
    #[must_use]
    pub fn total(&self, list: List) -> Option<u64> {
        let of = |kind| self.totals.get(&kind).copied().unwrap_or_default();
        match list {
            List::Overview => Some(self.totals.values().sum()),
            List::ApiCredentials => Some(of(Kind::ApiCredentials)),
            List::OauthConnections => Some(of(Kind::OauthConnection)),
            List::ApiTokens => Some(of(Kind::ApiToken)),
            List::OauthApps | List::Deleted => None,
        }
    }

    fn add(&mut self, access: &Access) {
        *self.totals.entry(access.kind).or_default() += 1;
        let is = |wanted: fn(&Standing) -> bool| access.standing.iter().any(wanted);
        if is(|one| matches!(one, Standing::ReviewDue)) {
            self.due.add(access.what);
        }
        if is(|one| matches!(one, Standing::Expiring)) {
            self.expiring.add(access.what);
        }
        let idle = is(|one| matches!(one, Standing::Idle(_)));
        if idle {
            self.idle.add(access.what);
        }
        if let Some(connection) = &access.connection {
            *self.apps.entry(access.app.id).or_default() += 1;
            if idle && self.revocable.len() < REVOKED_AT_ONCE {
                self.revocable.push(connection.id);
            }
        }
    }
}

#[derive(Clone)]
struct Entry {
    asked: Timestamp,
    counted: Option<(Timestamp, Arc<Counts>)>,
}

/// The counts of large places.
#[derive(Default)]
pub struct Summaries(Mutex<HashMap<Viewer, Entry>>);

impl Summaries {
    /// What is kept for `viewer`, who asks at `now`; none if the place is not known to be large.
    fn asked(&self, viewer: Viewer, now: Timestamp) -> Option<Option<Arc<Counts>>> {
        let mut kept = self.0.lock().ok()?;
        let entry = kept.get_mut(&viewer)?;
        entry.asked = now;
        let fresh = entry.counted.as_ref().filter(|(at, _)| now.since(*at) < KEPT);
        Some(fresh.map(|(_, counts)| Arc::clone(counts)))
    }

    fn want(&self, viewer: Viewer, now: Timestamp) {
        let Ok(mut kept) = self.0.lock() else { return };
        while kept.len() >= LARGE_PLACES {
            let oldest = kept.iter().min_by_key(|(_, entry)| entry.asked).map(|(key, _)| *key);
            let Some(oldest) = oldest else { break };
            kept.remove(&oldest);
        }
        kept.insert(viewer, Entry { asked: now, counted: None });
    }

    fn wanted(&self, now: Timestamp) -> Vec<Viewer> {
        let Ok(mut kept) = self.0.lock() else { return Vec::new() };
        kept.retain(|_, entry| now.since(entry.asked) < WANTED);
        kept.keys().copied().collect()
    }

    fn keep(&self, viewer: Viewer, now: Timestamp, counts: Counts) {
        if let Ok(mut kept) = self.0.lock()
            && let Some(entry) = kept.get_mut(&viewer)
        {
            entry.counted = Some((now, Arc::new(counts)));
        }
    }
}

impl Ops {
    /// The counts of what `viewer` sees; none while a large place is being counted.
    pub(in crate::ops) fn counts(
        &self,
        reader: &Reader<'_>,
        viewer: Viewer,
    ) -> Result<Option<Arc<Counts>>, Fault> {
        let now = self.now();
        if let Some(kept) = self.summaries.asked(viewer, now) {
            return Ok(kept);
        }
        let mut counts = Counts::default();
        if self.count_on(reader, viewer, &Step::First, &mut counts)?.is_some() {
            self.summaries.want(viewer, now);
            return Ok(None);
        }
        Ok(Some(Arc::new(counts)))
    }

    /// Counts on from `step`; answers where it stopped, if there is more.
    fn count_on(
        &self,
        reader: &Reader<'_>,
        viewer: Viewer,
        step: &Step<RawId>,
        counts: &mut Counts,
    ) -> Result<Option<RawId>, Fault> {
        let all = AccessFilter::all(List::Overview);
        let mut look = Look::new(self, reader, viewer)?;
        let mut walk = Walk::new(reader, look.sources(&all)?, step);
        let mut last = None;
        for _ in 0..COUNTED_AT_ONCE {
            let Some(what) = walk.next()? else { return Ok(None) };
            last = Some(*what.raw());
            match look.seen(&all, what)? {
                Some(access) => counts.add(&access),
                None => counts.deleted |= is_deleted(reader, what)?,
            }
        }
        Ok(last)
    }

    /// Counts the large places anew that somebody looked at lately.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recount(&self) -> Result<(), Fault> {
        for viewer in self.summaries.wanted(self.now()) {
            let (mut counts, mut step) = (Counts::default(), Step::First);
            loop {
                let stopped =
                    self.store.read(|reader| self.count_on(reader, viewer, &step, &mut counts))?;
                let Some(id) = stopped else { break };
                step = Step::After(id);
                tokio::task::yield_now().await;
            }
            self.summaries.keep(viewer, self.now(), counts);
        }
        Ok(())
    }
}

fn is_deleted(reader: &Reader<'_>, what: What) -> Result<bool, Fault> {
    let What::App(app) = what else { return Ok(false) };
    let app = reader.get::<Apps>(&app)?;
    Ok(app.is_some_and(|app| matches!(app.status, AppStatus::Deleted { .. })))
}
