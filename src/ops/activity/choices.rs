//! What a person may filter their activity by: few enough to choose from, the newest first to be there.

use std::collections::BTreeMap;

use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::activity;
use crate::ops::activity::ActivityFilter;
use crate::ops::activity::Owner;
use crate::ops::sessions::LiveSession;
use crate::store::activity as index;
use crate::store::activity::Facet;
use crate::store::activity::Seek;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::TableId;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::Members;
use crate::store::tables::PlaceApps;
use crate::store::tables::PlaceConnections;
use crate::store::tables::Users;

/// Of each kind at most: in a list of a thousand nobody finds anything.
const MOST: usize = 100;

/// What can be chosen, by name.
#[derive(Debug, Default)]
pub struct Choices {
    /// Apps.
    pub apps: Vec<(AppId, String)>,
    /// People.
    pub people: Vec<(UserId, String)>,
}

impl Ops {
    /// The apps and people that a person may choose in `place`, with those that are chosen.
    ///
    /// # Errors
    /// The store failed.
    pub fn activity_choices(
        &self,
        live: &LiveSession,
        place: Place,
        filter: &ActivityFilter,
    ) -> Result<Choices, Fault> {
        self.store.read(|reader| {
            let Some(owner) = activity::view(reader, self, live.user.id, place, filter.everywhere)?
            else {
                return Ok(Choices::default());
            };
            let (mut apps, mut people) = match owner {
                Owner::Place(place) => (apps_of(reader, place)?, people_of(reader, place)?),
                Owner::Person(user) => (Vec::new(), vec![user]),
                Owner::Everyone => (newest_apps(reader)?, newest_people(reader)?),
            };
            // A name is told only of what they have seen.
            if let Some(app) = filter.app.filter(|app| !apps.contains(app))
                && is_there(reader, owner, Facet::App(app))?
            {
                apps.push(app);
            }
            if let Some(person) = filter.person.filter(|person| !people.contains(person))
                && is_there(reader, owner, Facet::Person(person))?
            {
                people.push(person);
            }
            named(reader, apps, people)
        })
    }
}

fn is_there(reader: &Reader<'_>, owner: Owner, facet: Facet) -> Result<bool, Fault> {
    let newest = Seek::Below(u64::MAX);
    Ok(!index::numbers(reader.state(), (owner, facet), newest, 1)?.is_empty())
}

fn apps_of(reader: &Reader<'_>, place: Place) -> Result<Vec<AppId>, Fault> {
    let own = reader.newest_under::<PlaceApps>(&place, MOST)?;
    let own = own.iter().filter_map(|(key, ())| tables::last_id(key)).map(AppId::from_raw);
    let mut apps: Vec<AppId> = own.collect();
    for (key, ()) in reader.newest_under::<PlaceConnections>(&place, MOST)? {
        let id = tables::last_id(&key).map(ConnectionId::from_raw);
        let connection = id.map_or(Ok(None), |id| reader.shared::<Connections>(&id))?;
        apps.extend(connection.map(|connection| connection.app));
    }
    apps.sort_unstable();
    apps.dedup();
    Ok(apps)
}

/// Those with a role of their own, then those who come through the firm.
fn people_of(reader: &Reader<'_>, place: Place) -> Result<Vec<UserId>, Fault> {
    let mut people = members_of(reader, place)?;
    if let Place::Company(id) = place
        && let Some(company) = reader.shared::<Companies>(&id)?
        && let Some(firm) = company.firm
    {
        let through = members_of(reader, Place::Firm(firm))?.into_iter();
        let seen = through.filter(|user| company.seen_through(firm, *user));
        people.extend(seen.collect::<Vec<_>>());
    }
    people.sort_unstable();
    people.dedup();
    Ok(people)
}

fn members_of(reader: &Reader<'_>, place: Place) -> Result<Vec<UserId>, Fault> {
    let members = reader.newest_under::<Members>(&place, MOST)?;
    Ok(members.iter().filter_map(|(key, ())| tables::last_id(key)).map(UserId::from_raw).collect())
}

/// The newest apps of the installation, those of no place among them.
fn newest_apps(reader: &Reader<'_>) -> Result<Vec<AppId>, Fault> {
    Ok(newest(reader, TableId::Apps)?.into_iter().map(AppId::from_raw).collect())
}

fn newest_people(reader: &Reader<'_>) -> Result<Vec<UserId>, Fault> {
    Ok(newest(reader, TableId::Users)?.into_iter().map(UserId::from_raw).collect())
}

fn newest(reader: &Reader<'_>, table: TableId) -> Result<Vec<RawId>, Fault> {
    // Behind every identifier.
    let rows = reader.state().range_back(table, &[], &[0xff; 17], MOST)?;
    Ok(rows.iter().filter_map(|(key, _)| tables::last_id(key)).collect())
}

fn named(reader: &Reader<'_>, apps: Vec<AppId>, people: Vec<UserId>) -> Result<Choices, Fault> {
    let mut named_apps = BTreeMap::new();
    for id in apps {
        if let Some(app) = reader.shared::<Apps>(&id)? {
            named_apps.insert((app.name.to_lowercase(), id), app.name.clone());
        }
    }
    let mut named_people = BTreeMap::new();
    for id in people {
        if let Some(user) = reader.shared::<Users>(&id)? {
            named_people.insert((user.name.to_lowercase(), id), user.name.clone());
        }
    }
    Ok(Choices {
        apps: named_apps.into_iter().map(|((_, id), name)| (id, name)).collect(),
        people: named_people.into_iter().map(|((_, id), name)| (id, name)).collect(),
    })
}
