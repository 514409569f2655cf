//! The activity that a person may see: what belongs to a company or firm for those who administer it,
//! and what one did oneself for everybody else.

pub mod chain_check;
pub mod choices;
pub mod export;
pub mod look_up;

use std::fmt::Write as _;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::cursors::Listing;
use crate::ops::cursors::NotACursor;
use crate::ops::cursors::Step;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::place_access;
use crate::ops::sessions::LiveSession;
use crate::store::activity;
use crate::store::activity::Facet;
pub use crate::store::activity::Owner;
use crate::store::activity::Seek;
use crate::store::chain;
pub use crate::store::chain::Entry;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::Users;

/// Rows of a page.
pub const PAGE: usize = 50;
/// Rows of the index that are looked at for one page. Who filters by several things at once may find a
/// page shorter than the others, and goes on from there.
pub const LOOKED_AT: usize = 4000;
/// Rows of the index that are read at once.
const BATCH: usize = 256;
/// A refusal may be written down so much later than it happened.
const LATE: Duration = Duration::from_secs(3600);

/// What is asked for. By default everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActivityFilter {
    /// Of the whole installation, for those who administer it.
    pub everywhere: bool,
    /// Of this app.
    pub app: Option<AppId>,
    /// Of this person.
    pub person: Option<UserId>,
    /// Of this kind.
    pub kind: Option<EventKind>,
    /// Refused, or not.
    pub refused: Option<bool>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

impl ActivityFilter {
    /// Always written in the same way.
    fn text(&self) -> String {
        let mut text = String::new();
        let word = self.kind.map(EventKind::word).unwrap_or_default();
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "{} {:?} {:?} {word} {:?} {:?} {:?}",
            self.everywhere,
            self.app,
            self.person,
            self.refused,
            self.from.map(Timestamp::millis),
            self.until.map(Timestamp::millis),
        );
        text
    }

    fn takes(&self, event: &Event) -> bool {
        self.app.is_none_or(|app| event.app == Some(app))
            && self.person.is_none_or(|one| [event.user, event.by].contains(&Some(one)))
            && self.kind.is_none_or(|kind| event.kind == kind)
            && self.refused.is_none_or(|refused| event.kind.is_refusal() == refused)
            && self.from.is_none_or(|from| event.at >= from)
            && self.until.is_none_or(|until| event.at < until)
    }

    /// The parts of somebody's entries in which all that is asked for lies; the first one is walked.
    fn facets(&self, owner: Owner) -> Vec<Facet> {
        let mut facets = Vec::new();
        match owner {
            Owner::Place(_) => {
                facets.extend(self.person.map(Facet::Person));
                facets.extend(self.app.map(Facet::App));
                facets.extend(self.kind.map(Facet::Kind));
                facets.extend(self.refused.filter(|refused| *refused).map(|_| Facet::Refused));
            }
            Owner::Person(_) => facets.extend(self.app.map(Facet::App)),
            Owner::Everyone => {}
        }
        if facets.is_empty() { vec![Facet::All] } else { facets }
    }
}

/// An entry, with the names of what it names.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its number; none while it waits to be written down.
    pub sequence: Option<u64>,
    /// What happened.
    pub event: Event,
    /// The app's name; may be empty.
    pub app: String,
    /// The person's name: who did it, or whom it concerns; may be empty.
    pub person: String,
}

/// A page of the activity.
#[derive(Debug)]
pub struct ActivityPage {
    /// Newest first.
    pub rows: Vec<Told>,
    /// The cursor of the page in front of it.
    pub previous: Option<String>,
    /// The cursor of the page behind it.
    pub next: Option<String>,
    /// Whether it is all that belongs to the place, and not what the person did alone.
    pub whole: bool,
}

/// Why nothing is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityRefusal {
    /// The company or firm is none that the person reaches.
    OutOfReach,
    /// The cursor is not one that this list gave.
    NotACursor,
}

impl From<NotACursor> for ActivityRefusal {
    fn from(NotACursor: NotACursor) -> Self {
        Self::NotACursor
    }
}

/// Whose entries a person sees in `place`.
pub(in crate::ops) fn view(
    reader: &Reader<'_>,
    ops: &Ops,
    user: UserId,
    place: Place,
    everywhere: bool,
) -> Result<Option<Owner>, Fault> {
    if everywhere {
        let operator = reader.shared::<Users>(&user)?.is_some_and(|user| user.operator);
        return Ok(operator.then_some(Owner::Everyone));
    }
    let (_, roles) = place_access::standing(reader, user, place)?;
    if roles.is_empty() {
        return Ok(None);
    }
    let administers = ops.administers(&roles);
    Ok(Some(if administers { Owner::Place(place) } else { Owner::Person(user) }))
}

impl Ops {
    /// A page of what a person may see in `place`, newest first.
    ///
    /// # Errors
    /// [`ActivityRefusal`].
    pub fn activity(
        &self,
        live: &LiveSession,
        place: Place,
        filter: &ActivityFilter,
        cursor: Option<&str>,
    ) -> Outcome<ActivityPage, ActivityRefusal> {
        flatten(self.store.read(|reader| {
            let Some(owner) = view(reader, self, live.user.id, place, filter.everywhere)? else {
                return Ok(Err(ActivityRefusal::OutOfReach));
            };
            let text = filter.text();
            let whole = !matches!(owner, Owner::Person(_));
            let name = if whole { "activity" } else { "own activity" };
            let list = Listing { name, reader: live.user.id, place: Some(place), filter: &text };
            let step = match self.step::<u64>(&list, cursor) {
                Ok(step) => step,
                Err(why) => return Ok(Err(why.into())),
            };
            let seek = match step {
                Step::First => Seek::Below(u64::MAX),
                Step::After(number) => Seek::Below(number),
                Step::Before(number) => Seek::Above(number),
            };
            let found = find(reader, owner, filter, seek, PAGE + 1)?;
            let mut turned = self.turn(&list, &step, found.entries, PAGE, |entry| entry.sequence);
            match (found.stopped, step) {
                (None, _) => {}
                (Some(number), Step::Before(_)) => {
                    turned.previous = Some(self.cursor(&list, &Step::Before(number)));
                }
                (Some(number), _) => {
                    turned.next = Some(self.cursor(&list, &Step::After(number)));
                }
            }
            let rows = turned
                .rows
                .into_iter()
                .map(|entry| told(reader, Some(entry.sequence), entry.event));
            let rows = rows.collect::<Result<_, _>>()?;
            Ok(Ok(ActivityPage { rows, previous: turned.previous, next: turned.next, whole }))
        }))
    }

    /// The newest entries about an app in `place`, for those who may see it; nobody else gets any.
    ///
    /// # Errors
    /// The store failed.
    pub fn activity_of_app(
        &self,
        live: &LiveSession,
        place: Place,
        app: AppId,
        limit: usize,
    ) -> Result<Vec<Told>, Fault> {
        self.store.read(|reader| {
            let Some(owner) = view(reader, self, live.user.id, place, false)? else {
                return Ok(Vec::new());
            };
            let filter = ActivityFilter { app: Some(app), ..ActivityFilter::default() };
            let found = find(reader, owner, &filter, Seek::Below(u64::MAX), limit)?;
            let entries = found.entries.into_iter();
            entries.map(|entry| told(reader, Some(entry.sequence), entry.event)).collect()
        })
    }
}

/// Entries that were found.
struct Found {
    entries: Vec<Entry>,
    /// Where looking stopped, if there may be more behind that number.
    stopped: Option<u64>,
}

/// At most `limit` entries of `owner` that the filter takes, in the order of the way that is looked.
fn find(
    reader: &Reader<'_>,
    owner: Owner,
    filter: &ActivityFilter,
    seek: Seek,
    limit: usize,
) -> Result<Found, Fault> {
    let state = reader.state();
    let facets = filter.facets(owner);
    let Some((walked, others)) = facets.split_first() else {
        return Ok(Found { entries: Vec::new(), stopped: None });
    };
    let (low, high) = bounds(reader, filter)?;
    let mut seek = match seek {
        Seek::Below(number) => Seek::Below(number.min(high)),
        Seek::Above(number) => Seek::Above(number.max(low.saturating_sub(1))),
    };
    let mut entries = Vec::new();
    for _ in 0..LOOKED_AT.div_ceil(BATCH) {
        let numbers = activity::numbers(state, (owner, *walked), seek, BATCH)?;
        for number in &numbers {
            if *number < low || *number >= high {
                return Ok(Found { entries, stopped: None });
            }
            if in_all(reader, owner, others, *number)?
                && let Some(entry) = chain::get(state, *number)?
                && filter.takes(&entry.event)
            {
                entries.push(entry);
                if entries.len() == limit {
                    return Ok(Found { entries, stopped: None });
                }
            }
        }
        let Some(last) = numbers.last().filter(|_| numbers.len() == BATCH) else {
            return Ok(Found { entries, stopped: None });
        };
        seek = match seek {
            Seek::Below(_) => Seek::Below(*last),
            Seek::Above(_) => Seek::Above(*last),
        };
    }
    let (Seek::Below(number) | Seek::Above(number)) = seek;
    Ok(Found { entries, stopped: Some(number) })
}

fn in_all(reader: &Reader<'_>, owner: Owner, facets: &[Facet], number: u64) -> Result<bool, Fault> {
    for facet in facets {
        if !activity::has(reader.state(), owner, *facet, number)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The numbers between which entries of the filter's time lie.
fn bounds(reader: &Reader<'_>, filter: &ActivityFilter) -> Result<(u64, u64), Fault> {
    let state = reader.state();
    let low = match filter.from {
        Some(from) => chain::first_since(state, from.minus(LATE))?,
        None => 0,
    };
    let high = match filter.until {
        Some(until) => chain::first_since(state, until.plus(LATE))?,
        None => u64::MAX,
    };
    Ok((low, high))
}

/// An event with the names of what it names.
pub(in crate::ops) fn told(
    reader: &Reader<'_>,
    sequence: Option<u64>,
    event: Event,
) -> Result<Told, Fault> {
    let app = match event.app {
        Some(app) => reader.shared::<Apps>(&app)?.map(|app| app.name.clone()),
        None => None,
    };
    let name = |user: Option<UserId>| -> Result<Option<String>, Fault> {
        let user = user.map_or(Ok(None), |user| reader.shared::<Users>(&user))?;
        Ok(user.map(|user| user.name.clone()))
    };
    let by = event.by.filter(|by| event.user != Some(*by));
    let at_the_machine = event.command_line.map(|user| format!("{user} (CLI)"));
    let person = match (name(by)?.or(at_the_machine), name(event.user)?) {
        (Some(by), Some(user)) => format!("{by} → {user}"),
        (by, user) => by.or(user).unwrap_or_default(),
    };
    Ok(Told { sequence, event, app: app.unwrap_or_default(), person })
}
