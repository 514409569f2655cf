//! What reaches a company: by its own people and apps, and through its firm.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::base::id::FirmId;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::Delegation;
use crate::domain::block::Blocked;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::gate;
use crate::domain::gate::Facts;
use crate::domain::scope::ScopeSet;
use crate::ops::Ops;
use crate::ops::access::What;
use crate::ops::access::walk::Source;
use crate::ops::access::walk::Walk;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::refusal::Refusal;
use crate::ops::cursors::Listing;
use crate::ops::cursors::Step;
use crate::ops::cursors::Turned;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::Firms;
use crate::store::tables::PlaceApps;
use crate::store::tables::PlaceConnections;

/// A connection, API credentials or an API token that reaches a company now, or would if the company
/// did not block it.
#[derive(Clone, Debug)]
pub struct Reaching {
    /// By which a block names it.
    pub what: Blocked,
    /// The app.
    pub app: Arc<App>,
    /// Who approved, or delegated.
    pub person: UserId,
    /// The firm through which it reaches; none: directly.
    pub through: Option<FirmId>,
    /// What it may do there now, if it is not blocked.
    pub scopes: ScopeSet,
    /// Since when.
    pub since: Timestamp,
    /// When it ends by itself; none: never.
    pub ends: Option<Timestamp>,
    /// Whether the company blocks it.
    pub blocked: bool,
}

/// A page of what reaches a company through its firm.
#[derive(Debug, Default)]
pub struct ReachingPage {
    /// Newest first.
    pub rows: Vec<Reaching>,
    /// The cursor of the page in front of it.
    pub previous: Option<String>,
    /// The cursor of the page behind it.
    pub next: Option<String>,
    /// Rows that were looked at.
    pub looked_at: usize,
}

/// Up to so much is counted for a list of companies.
const COUNTED: usize = 200;

struct Search<'a> {
    ops: &'a Ops,
    reader: &'a Reader<'a>,
    company: Arc<Company>,
    found: Vec<Reaching>,
}

impl<'a> Search<'a> {
    fn of(ops: &'a Ops, reader: &'a Reader<'a>, company: CompanyId) -> Result<Option<Self>, Fault> {
        let company = reader.shared::<Companies>(&company)?;
        Ok(company.map(|company| Search { ops, reader, company, found: Vec::new() }))
    }

    /// The company, and its firm.
    fn places(&self) -> Vec<Place> {
        let firm = self.company.firm.map(Place::Firm);
        [Place::Company(self.company.id)].into_iter().chain(firm).collect()
    }

    /// The one thing, if it belongs to the company or its firm and reaches the company.
    fn one(&mut self, what: What) -> Result<Option<Reaching>, Fault> {
        let places = self.places();
        match what {
            What::Connection(id) => {
                let found = self.reader.shared::<Connections>(&id)?;
                if let Some(found) = found.filter(|found| places.contains(&found.place)) {
                    self.connection(&found)?;
                }
            }
            What::App(id) => {
                let app = self.reader.shared::<Apps>(&id)?;
                if let Some((place, app)) = app.and_then(|app| Some((app.place?, app)))
                    && places.contains(&place)
                {
                    self.app(app, place)?;
                }
            }
        }
        Ok(self.found.pop())
    }

    fn place(&mut self, place: Place) -> Result<(), Fault> {
        for (key, ()) in self.reader.under::<PlaceConnections>(&place)? {
            let id = tables::last_id(&key).map(ConnectionId::from_raw);
            if let Some(connection) =
                id.map_or(Ok(None), |id| self.reader.shared::<Connections>(&id))?
            {
                self.connection(&connection)?;
            }
        }
        for (key, ()) in self.reader.under::<PlaceApps>(&place)? {
            let id = tables::last_id(&key).map(AppId::from_raw);
            if let Some(app) = id.map_or(Ok(None), |id| self.reader.shared::<Apps>(&id))? {
                self.app(app, place)?;
            }
        }
        Ok(())
    }

    fn connection(&mut self, connection: &Connection) -> Result<(), Fault> {
        let Some(app) = self.reader.shared::<Apps>(&connection.app)? else { return Ok(()) };
        let over = self.ops.now() >= connection.absolute_end;
        if !connection.is_active() || over || app.generation != connection.app_generation {
            return Ok(());
        }
        let holder = Holder::of_connection(app, connection);
        let what = Blocked::Connection(connection.id);
        let times = (connection.consented_at, Some(connection.absolute_end));
        self.add(holder, connection.place, what, &connection.scopes, times)
    }

    fn app(&mut self, app: Arc<App>, place: Place) -> Result<(), Fault> {
        let Delegation::Only(scopes) = app.delegation.clone() else { return Ok(()) };
        if !app.kind.acts_by_itself() {
            return Ok(());
        }
        let (what, times) = (Blocked::App(app.id), (app.created_at, app.expires_at));
        self.add(Holder::itself(app), place, what, &scopes, times)
    }

    /// Adds what passes the gate, or would.
    fn add(
        &mut self,
        holder: Holder,
        place: Place,
        what: Blocked,
        scopes: &ScopeSet,
        (since, ends): (Timestamp, Option<Timestamp>),
    ) -> Result<(), Fault> {
        let (app, Some(person)) = (Arc::clone(&holder.app), holder.person) else { return Ok(()) };
        let through = match place {
            Place::Company(_) => None,
            Place::Firm(firm) => Some(firm),
        };
        let Some(mut facts) = self.facts(holder, person, through)? else { return Ok(()) };
        let blocked = std::mem::take(&mut facts.blocked);
        if let Ok(effective) = gate::pass(&facts, &self.ops.catalogue, scopes) {
            let scopes = self.ops.catalogue.maximal(&effective);
            let reaching = Reaching { what, app, person, through, scopes, since, ends, blocked };
            self.found.push(reaching);
        }
        Ok(())
    }

    fn facts(
        &self,
        holder: Holder,
        person: UserId,
        through: Option<FirmId>,
    ) -> Result<Option<Facts>, Fault> {
        let (company, now) = (Arc::clone(&self.company), self.ops.now());
        let Some(firm) = through else {
            let place = Place::Company(company.id);
            return facts::gather(self.reader, holder, place, now).map(Some);
        };
        let environment = self.reader.shared::<Firms>(&firm)?.map(|firm| firm.environment);
        if environment != Some(company.environment) || !company.seen_through(firm, person) {
            return Ok(None);
        }
        facts::gather_through_firm(self.reader, holder, firm, company, now).map(Some)
    }
}

/// How much reaches `company` and is not blocked; none where there is more to look at than is looked
/// at for a list of companies.
pub(in crate::ops) fn count(
    ops: &Ops,
    reader: &Reader<'_>,
    company: CompanyId,
) -> Result<Result<Option<u64>, Refusal>, Fault> {
    let Some(mut search) = Search::of(ops, reader, company)? else {
        return Ok(Err(Refusal::UnknownCompany));
    };
    let places = search.places().into_iter();
    let sources = places.flat_map(|at| [Source::Apps(at), Source::Connections(at)]).collect();
    let mut walk = Walk::new(reader, sources, &Step::First);
    let mut reaching = 0;
    for _ in 0..COUNTED {
        let Some(what) = walk.next()? else { return Ok(Ok(Some(reaching))) };
        reaching += u64::from(search.one(what)?.is_some_and(|one| !one.blocked));
    }
    Ok(Ok(None))
}

impl Ops {
    /// All that reaches `company` now, or would if it were not blocked: directly, then through its
    /// firm. For the machine: it looks at everything at once.
    ///
    /// # Errors
    /// There is no such company.
    pub fn reaching(&self, company: CompanyId) -> Outcome<Vec<Reaching>, Refusal> {
        flatten(self.store.read(|reader| {
            let Some(mut search) = Search::of(self, reader, company)? else {
                return Ok(Err(Refusal::UnknownCompany));
            };
            search.places().into_iter().try_for_each(|place| search.place(place))?;
            Ok(Ok(search.found))
        }))
    }

    /// A page of what reaches `company` through its firm, newest first.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`], [`Refusal::NotAllowed`], [`Refusal::NotACursor`].
    pub fn reaching_through_firm(
        &self,
        live: &LiveSession,
        company: CompanyId,
        cursor: Option<&str>,
    ) -> Outcome<ReachingPage, Refusal> {
        let place = Place::Company(company);
        self.look_for(live, Authority::Administers(place), |reader| {
            let Some(mut search) = Search::of(self, reader, company)? else {
                return Ok(Err(Refusal::UnknownCompany));
            };
            let Some(firm) = search.company.firm.map(Place::Firm) else {
                return Ok(Ok(ReachingPage::default()));
            };
            let (name, user) = ("through-firm", live.user.id);
            let list = Listing { name, reader: user, place: Some(place), filter: "" };
            let Ok(step) = self.step::<RawId>(&list, cursor) else {
                return Ok(Err(Refusal::NotACursor));
            };
            let sources = vec![Source::Apps(firm), Source::Connections(firm)];
            let found = Walk::new(reader, sources, &step).gather(|what| search.one(what))?;
            let looked_at = found.looked_at;
            let Turned { rows, previous, next } =
                self.page_of(&list, &step, found, |row| *What::from(row.what).raw());
            Ok(Ok(ReachingPage { rows, previous, next, looked_at }))
        })
    }

    /// One of these.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`], [`Refusal::NotAllowed`], [`Refusal::UnknownConnection`].
    pub fn reaching_one(
        &self,
        live: &LiveSession,
        company: CompanyId,
        what: Blocked,
    ) -> Outcome<Reaching, Refusal> {
        self.look_for(live, Authority::Administers(Place::Company(company)), |reader| {
            let found = match Search::of(self, reader, company)? {
                Some(mut search) => search.one(what.into())?,
                None => None,
            };
            let through = found.filter(|found| found.through.is_some());
            Ok(through.ok_or(Refusal::UnknownConnection))
        })
    }
}
