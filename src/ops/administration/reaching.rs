//! What reaches a company: by its own people and apps, and through its firm.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::base::id::FirmId;
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
use crate::ops::administration::refusal::Refusal;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
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
    /// Whether the company blocks it.
    pub blocked: bool,
}

struct Search<'a> {
    ops: &'a Ops,
    reader: &'a Reader<'a>,
    company: Arc<Company>,
    found: Vec<Reaching>,
}

impl Search<'_> {
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
        self.add(holder, connection.place, what, &connection.scopes, connection.consented_at)
    }

    fn app(&mut self, app: Arc<App>, place: Place) -> Result<(), Fault> {
        let Delegation::Only(scopes) = app.delegation.clone() else { return Ok(()) };
        if !app.kind.acts_by_itself() {
            return Ok(());
        }
        let (what, since) = (Blocked::App(app.id), app.created_at);
        self.add(Holder::itself(app), place, what, &scopes, since)
    }

    /// Adds what passes the gate, or would.
    fn add(
        &mut self,
        holder: Holder,
        place: Place,
        what: Blocked,
        scopes: &ScopeSet,
        since: Timestamp,
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
            self.found.push(Reaching { what, app, person, through, scopes, since, blocked });
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

impl Ops {
    /// All that reaches `company` now, or would if it were not blocked: directly, then through its
    /// firm.
    ///
    /// # Errors
    /// There is no such company.
    pub fn reaching(&self, company: CompanyId) -> Outcome<Vec<Reaching>, Refusal> {
        flatten(self.store.read(|reader| {
            let Some(company) = reader.shared::<Companies>(&company)? else {
                return Ok(Err(Refusal::UnknownCompany));
            };
            let places = [Some(Place::Company(company.id)), company.firm.map(Place::Firm)];
            let mut search = Search { ops: self, reader, company, found: Vec::new() };
            places.into_iter().flatten().try_for_each(|place| search.place(place))?;
            Ok(Ok(search.found))
        }))
    }
}
