//! Walking over what has access, newest first or back: keys of indexes only, a batch at a time. Ids
//! begin with the time at which they were made, so that apps and connections are merged by id.

use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::domain::block::Blocked;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::access::LOOKED_AT;
use crate::ops::access::PAGE;
use crate::ops::cursors::Listing;
use crate::ops::cursors::Step;
use crate::ops::cursors::Turned;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::Key as _;
use crate::store::table::TableId;
use crate::store::tables;

/// Keys that are read at once.
const BATCH: usize = 128;

/// What has access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An app.
    App(AppId),
    /// A connection.
    Connection(ConnectionId),
}

impl What {
    /// Its position.
    #[must_use]
    pub const fn raw(&self) -> &RawId {
        match self {
            Self::App(app) => app.raw(),
            Self::Connection(connection) => connection.raw(),
        }
    }
}

impl From<Blocked> for What {
    fn from(blocked: Blocked) -> Self {
        match blocked {
            Blocked::App(app) => Self::App(app),
            Blocked::Connection(connection) => Self::Connection(connection),
        }
    }
}

/// Where keys come from.
pub(in crate::ops) enum Source {
    /// The apps of a company or firm.
    Apps(Place),
    /// Its connections.
    Connections(Place),
    /// Every app of the installation.
    AllApps,
    /// These, in the order of their ids.
    Given(Vec<What>),
}

/// One source, as far as it was read.
struct Lane {
    source: Source,
    read: VecDeque<What>,
    from: Option<RawId>,
    ended: bool,
}

/// A walk over several sources in one order.
pub(in crate::ops) struct Walk<'a> {
    reader: &'a Reader<'a>,
    lanes: Vec<Lane>,
    back: bool,
    last: Option<RawId>,
}

impl<'a> Walk<'a> {
    /// From `step` on: newest first, or towards the newest in front of a position.
    pub(in crate::ops) fn new(
        reader: &'a Reader<'a>,
        sources: Vec<Source>,
        step: &Step<RawId>,
    ) -> Self {
        let (back, from) = match step {
            Step::First => (false, None),
            Step::After(id) => (false, Some(*id)),
            Step::Before(id) => (true, Some(*id)),
        };
        let lane = |source| Lane { source, read: VecDeque::new(), from, ended: false };
        Self { reader, lanes: sources.into_iter().map(lane).collect(), back, last: None }
    }

    /// The next one; each comes once.
    pub(in crate::ops) fn next(&mut self) -> Result<Option<What>, Fault> {
        loop {
            for lane in &mut self.lanes {
                lane.fill(self.reader, self.back)?;
            }
            let wanted = if self.back { Ordering::Less } else { Ordering::Greater };
            let mut best: Option<(usize, What)> = None;
            for (number, lane) in self.lanes.iter().enumerate() {
                let Some(first) = lane.read.front() else { continue };
                if best.is_none_or(|(_, other)| first.raw().cmp(other.raw()) == wanted) {
                    best = Some((number, *first));
                }
            }
            let Some((number, what)) = best else { return Ok(None) };
            if let Some(lane) = self.lanes.get_mut(number) {
                lane.read.pop_front();
            }
            if self.last.replace(*what.raw()) != Some(*what.raw()) {
                return Ok(Some(what));
            }
        }
    }
}

/// What a walk found for one page.
pub(in crate::ops) struct Gathered<T> {
    /// The rows, one more than the page has room for where there are more.
    pub rows: Vec<T>,
    /// How many were looked at.
    pub looked_at: usize,
    /// Nothing comes behind them.
    pub ended: bool,
    /// Where the walk stopped because it had looked at enough.
    stopped: Option<RawId>,
}

impl Walk<'_> {
    /// Goes on until a page is full, or enough was looked at.
    pub(in crate::ops) fn gather<T>(
        &mut self,
        mut row: impl FnMut(What) -> Result<Option<T>, Fault>,
    ) -> Result<Gathered<T>, Fault> {
        let mut found = Gathered { rows: Vec::new(), looked_at: 0, ended: false, stopped: None };
        let mut last = None;
        while found.rows.len() <= PAGE && found.looked_at < LOOKED_AT {
            let Some(what) = self.next()? else {
                found.ended = true;
                break;
            };
            (found.looked_at, last) = (found.looked_at + 1, Some(*what.raw()));
            found.rows.extend(row(what)?);
        }
        found.stopped = last.filter(|_| !found.ended && found.rows.len() <= PAGE);
        Ok(found)
    }
}

impl Ops {
    /// The page of what was gathered at `step`.
    pub(in crate::ops) fn page_of<T>(
        &self,
        list: &Listing<'_>,
        step: &Step<RawId>,
        found: Gathered<T>,
        position: impl Fn(&T) -> RawId,
    ) -> Turned<T> {
        let mut turned = self.turn(list, step, found.rows, PAGE, position);
        if let Some(id) = found.stopped {
            match step {
                Step::Before(_) => turned.previous = Some(self.cursor(list, &Step::Before(id))),
                _ => turned.next = Some(self.cursor(list, &Step::After(id))),
            }
        }
        turned
    }
}

impl Lane {
    fn fill(&mut self, reader: &Reader<'_>, back: bool) -> Result<(), Fault> {
        if self.ended || !self.read.is_empty() {
            return Ok(());
        }
        let found = match &self.source {
            Source::Given(all) => {
                self.ended = true;
                self.read = given(all, self.from, back);
                return Ok(());
            }
            Source::Apps(place) => {
                self.keys(reader, TableId::PlaceApps, &place.key_bytes(), back)?
            }
            Source::Connections(place) => {
                self.keys(reader, TableId::PlaceConnections, &place.key_bytes(), back)?
            }
            Source::AllApps => self.keys(reader, TableId::Apps, &[], back)?,
        };
        self.ended = found.len() < BATCH;
        self.from = found.last().copied().or(self.from);
        let connections = matches!(self.source, Source::Connections(_));
        self.read = found.into_iter().map(|id| what(id, connections)).collect();
        Ok(())
    }

    fn keys(
        &self,
        reader: &Reader<'_>,
        table: TableId,
        prefix: &[u8],
        back: bool,
    ) -> Result<Vec<RawId>, Fault> {
        let at = |id: &RawId| [prefix, id.bytes()].concat();
        // Behind every key with this prefix, which is followed by an identifier.
        let end = [prefix, &[0xff; 17]].concat();
        let rows = match (back, &self.from) {
            (false, None) => reader.state().range_back(table, prefix, &end, BATCH)?,
            (false, Some(id)) => reader.state().range_back(table, prefix, &at(id), BATCH)?,
            (true, None) => reader.state().range(table, prefix, Some(&end), BATCH)?,
            (true, Some(id)) => {
                let from = [at(id).as_slice(), &[0]].concat();
                reader.state().range(table, &from, Some(&end), BATCH)?
            }
        };
        Ok(rows.iter().filter_map(|(key, _)| tables::last_id(key)).collect())
    }
}

const fn what(id: RawId, is_connection: bool) -> What {
    if is_connection {
        What::Connection(ConnectionId::from_raw(id))
    } else {
        What::App(AppId::from_raw(id))
    }
}

fn given(all: &[What], from: Option<RawId>, back: bool) -> VecDeque<What> {
    let within = |one: &&What| match (from, back) {
        (None, _) => true,
        (Some(from), false) => *one.raw() < from,
        (Some(from), true) => *one.raw() > from,
    };
    let kept = all.iter().filter(within).copied();
    if back { kept.collect() } else { kept.rev().collect() }
}
