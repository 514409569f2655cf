//! Which entries of the audit chain belong to whom: an index that is written with each entry, and made
//! up for entries that an earlier version wrote.
//!
//! An entry belongs to the company or firm that it names, to the one of its connection and to the one
//! of its app. One that names none of these and a person belongs where that person has a role at that
//! time. The person whom it names, and the one who did it, have it among their own. What is left, such
//! as a refusal of a program that nobody here registered, belongs to the installation alone.
//!
//! Key: `owner ‖ facet ‖ sequence`, big-endian, so that a part of somebody's entries is a range in the
//! order of the chain. One row, of the key 0, says how far the index goes.

use crate::base::id::AppId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::company::Place;
use crate::store::bytes::Layout;
use crate::store::chain;
use crate::store::engine::Engine;
use crate::store::engine::Read;
use crate::store::engine::Write;
use crate::store::familiar::Kept;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::TableId;
use crate::store::tables::Apps;
use crate::store::tables::Connections;
use crate::store::tables::Memberships;

const TABLE: TableId = TableId::Activity;
const REFERENCES: TableId = TableId::References;
/// Says how far the index goes. No owner begins with it.
const REACHED: &[u8] = &[0];
/// Entries that are made up for in one commit.
const AT_ONCE: usize = 1000;
/// Places to which an entry about a person belongs at most: who has more roles is looked up by name.
const PLACES: usize = 32;
/// Entries of one reference: a request that is refused leaves a few.
const OF_ONE_REQUEST: usize = 16;

/// Whose entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Those of a company or firm.
    Place(Place),
    /// A person's own.
    Person(UserId),
    /// All of the installation: the chain itself, which has one part only.
    Everyone,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Facet {
    /// All.
    All,
    /// Those that name this app.
    App(AppId),
    /// Those that name this person, or were done by them. Kept for places.
    Person(UserId),
    /// Those of a kind. Kept for places.
    Kind(EventKind),
    /// What was refused. Kept for places.
    Refused,
}

/// Where to look from, and which way. The place itself is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seek {
    /// Older ones, the newest first.
    Below(u64),
    /// Newer ones, the oldest first.
    Above(u64),
}

fn prefix(owner: Owner, facet: Facet) -> Vec<u8> {
    let layout = match owner {
        Owner::Place(place) => Layout::default().place(place),
        Owner::Person(user) => Layout::default().byte(b'u').id(user.raw()),
        // Never stored.
        Owner::Everyone => Layout::default().byte(b'e'),
    };
    let layout = match facet {
        Facet::All => layout.byte(b'*'),
        Facet::App(app) => layout.byte(b'a').id(app.raw()),
        Facet::Person(user) => layout.byte(b'p').id(user.raw()),
        Facet::Kind(kind) => layout.byte(b'k').rest(kind.word().as_bytes()).byte(0),
        Facet::Refused => layout.byte(b'r'),
    };
    layout.done()
}

fn key(prefix: &[u8], number: u64) -> Vec<u8> {
    [prefix, &number.to_be_bytes()].concat()
}

fn number_in(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |number| u64::from_be_bytes(*number))
}

/// The numbers of entries in a part of somebody's, at most `limit`, in the order of the way that is
/// looked.
///
/// # Errors
/// The engine failed.
pub fn numbers(
    state: &dyn Read,
    (owner, facet): (Owner, Facet),
    from: Seek,
    limit: usize,
) -> Result<Vec<u64>, Fault> {
    if owner == Owner::Everyone {
        return chain::numbers(state, from, limit);
    }
    let prefix = prefix(owner, facet);
    let rows = match from {
        Seek::Below(end) => state.range_back(TABLE, &key(&prefix, 0), &key(&prefix, end), limit)?,
        Seek::Above(start) => {
            let from = key(&prefix, start.saturating_add(1));
            let to = key(&prefix, u64::MAX);
            state.range(TABLE, &from, Some(&to), limit)?
        }
    };
    Ok(rows.iter().map(|(key, _)| number_in(key)).collect())
}

/// Whether an entry is in a part of somebody's.
///
/// # Errors
/// The engine failed.
pub fn has(state: &dyn Read, owner: Owner, facet: Facet, number: u64) -> Result<bool, Fault> {
    if owner == Owner::Everyone {
        return Ok(true);
    }
    state.look(TABLE, &key(&prefix(owner, facet), number), &mut |_| {})
}

/// The numbers of the entries that carry a reference, oldest first.
///
/// # Errors
/// The engine failed.
pub fn of_reference(
    state: &dyn Read,
    reference: crate::base::id::RequestId,
) -> Result<Vec<u64>, Fault> {
    let prefix = reference.raw().bytes();
    let rows =
        state.range(REFERENCES, &key(prefix, 0), Some(&key(prefix, u64::MAX)), OF_ONE_REQUEST)?;
    Ok(rows.iter().map(|(key, _)| number_in(key)).collect())
}

/// Adds an entry to the index.
pub(in crate::store) fn note(
    to: &mut dyn Write,
    kept: &Kept,
    number: u64,
    event: &Event,
) -> Result<(), Fault> {
    for place in places(&Reader::new(&*to, kept), event)? {
        let owner = Owner::Place(place);
        for facet in facets(event) {
            to.put(TABLE, &key(&prefix(owner, facet), number), &[])?;
        }
    }
    for user in people(event) {
        let owner = Owner::Person(user);
        to.put(TABLE, &key(&prefix(owner, Facet::All), number), &[])?;
        if let Some(app) = event.app {
            to.put(TABLE, &key(&prefix(owner, Facet::App(app)), number), &[])?;
        }
    }
    for reference in event.reference.iter().chain(&event.also) {
        to.put(REFERENCES, &key(reference.raw().bytes(), number), &[])?;
    }
    to.put(TABLE, REACHED, &number.to_be_bytes())
}

/// The person whom an event names and the one who did it, each once.
fn people(event: &Event) -> impl Iterator<Item = UserId> {
    let by = event.by.filter(|by| event.user != Some(*by));
    event.user.into_iter().chain(by)
}

fn facets(event: &Event) -> Vec<Facet> {
    let mut facets = vec![Facet::All, Facet::Kind(event.kind)];
    facets.extend(event.app.map(Facet::App));
    facets.extend(people(event).map(Facet::Person));
    facets.extend(event.kind.is_refusal().then_some(Facet::Refused));
    facets
}

/// Whether an event that is not written down yet will belong to `owner`.
///
/// # Errors
/// The engine failed.
pub fn belongs(reader: &Reader<'_>, event: &Event, owner: Owner) -> Result<bool, Fault> {
    match owner {
        Owner::Place(place) => Ok(places(reader, event)?.contains(&place)),
        Owner::Person(user) => Ok(people(event).any(|one| one == user)),
        Owner::Everyone => Ok(true),
    }
}

/// The companies and firms that an event belongs to, as things stand.
fn places(reader: &Reader<'_>, event: &Event) -> Result<Vec<Place>, Fault> {
    let named = places_named(reader, event)?;
    let Some(user) = event.user.filter(|_| named.is_empty()) else { return Ok(named) };
    let held = reader.under_after::<Memberships>(&user, None, PLACES)?;
    Ok(held.into_iter().map(|(_, held)| held.place).collect())
}

/// The company or firm that an event names, that of its connection, and that of its app; each once.
///
/// # Errors
/// The engine failed.
pub fn places_named(reader: &Reader<'_>, event: &Event) -> Result<Vec<Place>, Fault> {
    let mut places: Vec<Place> = event.place.into_iter().collect();
    if let Some(connection) = event.connection {
        let found = reader.shared::<Connections>(&connection)?;
        places.extend(found.map(|connection| connection.place));
    }
    if let Some(app) = event.app {
        places.extend(reader.shared::<Apps>(&app)?.and_then(|app| app.place));
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

/// Makes the index up for entries of which it knows nothing: those that an earlier version wrote. A
/// thousand at a time; what was interrupted goes on at the next start.
///
/// # Errors
/// The engine failed, or an entry cannot be read.
pub(in crate::store) fn catch_up(engine: &dyn Engine) -> Result<(), Fault> {
    loop {
        let state = engine.snapshot()?;
        let reached = state.get(TABLE, REACHED)?.map_or(0, |number| number_in(&number));
        let entries = chain::page(state.as_ref(), reached.saturating_add(1), AT_ONCE)?;
        if entries.is_empty() {
            return Ok(());
        }
        let kept = Kept::default();
        engine.write(&mut |to| {
            entries.iter().try_for_each(|entry| note(to, &kept, entry.sequence, &entry.event))
        })?;
    }
}

#[cfg(test)]
mod tests;
