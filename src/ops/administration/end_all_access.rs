//! The end of all access, at once: to one company or firm, or to everything here.
//!
//! Not a row is read to find out what is suspect. Apps lose their secrets and go up a generation,
//! which ends every token under them; connections end; codes that nobody redeemed yet are gone; what
//! reaches a company through its firm is blocked there. Everybody is signed out but whoever does it.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::base::id::FirmId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::block::Block;
use crate::domain::block::Blocked;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::connection::EndCause;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::people_here;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::connections;
use crate::ops::failure::Outcome;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Blocks;
use crate::store::tables::Codes;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::InitialTokens;
use crate::store::tables::Invitations;
use crate::store::tables::Links;
use crate::store::tables::PlaceApps;
use crate::store::tables::PlaceConnections;
use crate::store::tables::Sessions;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// How much access there was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndedAccess {
    /// Apps that were stopped: credentials, API tokens, apps of the place.
    pub apps: u64,
    /// Connections that ended.
    pub connections: u64,
    /// Apps and connections of the firm that are blocked for the company from now on.
    pub blocked: u64,
    /// Browsers that were signed out.
    pub sessions: u64,
}

struct EndAllAccess {
    ops: Ops,
    /// Where; none: everywhere.
    place: Option<Place>,
    by: Option<UserId>,
    /// The session that goes on.
    spare: Option<crate::base::id::RawId>,
    origin: Origin,
}

impl Operation for EndAllAccess {
    type Outcome = Result<EndedAccess, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        if let Some(place) = self.place
            && let Err(why) = records::place_exists(reader, place)?
        {
            return Ok(Decision::unchanged(Err(why)));
        }
        let now = self.ops.now();
        let mut end = End {
            reader,
            now,
            by: self.by,
            changes: Changes::new(),
            ended: EndedAccess::default(),
        };
        match self.place {
            Some(place) => end.place(&self.ops, place, self.spare)?,
            None => end.everything(self.spare)?,
        }
        let End { mut changes, ended, .. } = end;
        let event = Event::new(EventKind::AllAccessEnded, now, self.origin);
        let event = event.cause(format!(
            "apps {} connections {} blocked {} sessions {}",
            ended.apps, ended.connections, ended.blocked, ended.sessions
        ));
        changes.record(match self.place {
            Some(place) => event.place(place),
            None => event,
        });
        Ok(Decision { changes, outcome: Ok(ended) })
    }
}

struct End<'a> {
    reader: &'a Reader<'a>,
    now: Timestamp,
    by: Option<UserId>,
    changes: Changes,
    ended: EndedAccess,
}

impl End<'_> {
    fn place(
        &mut self,
        ops: &Ops,
        place: Place,
        spare: Option<crate::base::id::RawId>,
    ) -> Result<(), Fault> {
        for app in apps_of(self.reader, place)? {
            self.app(app)?;
        }
        for connection in connections_of(self.reader, place)? {
            self.connection(connection)?;
        }
        self.codes(|at| at == place)?;
        if let Place::Company(id) = place
            && let Some(company) = self.reader.get::<Companies>(&id)?
            && let Some(firm) = company.firm
        {
            self.through(firm, company)?;
        }
        let here = people_here::members_of(self.reader, ops, place)?;
        self.sessions(spare, |user| here.iter().any(|member| member.user.id == user))
    }

    fn everything(&mut self, spare: Option<crate::base::id::RawId>) -> Result<(), Fault> {
        for (_, app) in self.reader.all::<Apps>()? {
            // What has no secret holds nothing but its connections.
            if !app.secrets.is_empty() || app.place.is_some() {
                self.app(app)?;
            }
        }
        for (_, connection) in self.reader.all::<Connections>()? {
            self.connection(connection)?;
        }
        self.codes(|_| true)?;
        self.invitations()?;
        self.sessions(spare, |_| true)
    }

    fn app(&mut self, app: App) -> Result<(), Fault> {
        if app.status != AppStatus::Active {
            return Ok(());
        }
        let id = app.id;
        let generation = app.generation.saturating_add(1);
        let status = AppStatus::Revoked { at: self.now };
        let stopped = App { status, generation, secrets: Vec::new(), ..app };
        self.changes.put::<Apps>(&id, &stopped)?;
        self.ended.apps += 1;
        Ok(())
    }

    fn connection(&mut self, connection: Connection) -> Result<(), Fault> {
        if connection.is_active() {
            let cause = EndCause::EndedByOperator;
            connections::end(&mut self.changes, connection, self.now, cause)?;
            self.ended.connections += 1;
        }
        Ok(())
    }

    /// Approvals that nobody redeemed yet must not become connections.
    fn codes(&mut self, at: impl Fn(Place) -> bool) -> Result<(), Fault> {
        for (key, code) in self.reader.all::<Codes>()? {
            if at(code.place)
                && code.redeemed_at.is_none()
                && let Some(id) = tables::last_id(&key)
            {
                self.changes.delete::<Codes>(&id);
            }
        }
        Ok(())
    }

    /// The firm's apps and connections stay: what they do for other companies is not this one's.
    fn through(&mut self, firm: FirmId, company: Company) -> Result<(), Fault> {
        let place = Place::Firm(firm);
        let mut reaching = Vec::new();
        for app in apps_of(self.reader, place)? {
            if app.status == AppStatus::Active && app.kind.acts_by_itself() {
                reaching.push(Blocked::App(app.id));
            }
        }
        for connection in connections_of(self.reader, place)? {
            if connection.is_active() {
                reaching.push(Blocked::Connection(connection.id));
            }
        }
        // A code for the firm would become a connection that reaches this company.
        self.codes(|at| at == place)?;
        for blocked in reaching {
            self.block(company.id, blocked)?;
        }
        if self.ended.blocked > 0 && !company.blocks {
            let id = company.id;
            self.changes.put::<Companies>(&id, &Company { blocks: true, ..company })?;
        }
        Ok(())
    }

    fn block(&mut self, company: CompanyId, blocked: Blocked) -> Result<(), Fault> {
        let key = (company, blocked);
        if !self.reader.has::<Blocks>(&key)? {
            let block =
                Block { company, blocked, by: self.by, at: self.now, reason: String::new() };
            self.changes.put::<Blocks>(&key, &block)?;
            self.ended.blocked += 1;
        }
        Ok(())
    }

    fn invitations(&mut self) -> Result<(), Fault> {
        for (key, link) in self.reader.all::<Links>()? {
            let Some(id) = tables::last_id(&key) else { continue };
            if let crate::domain::link::LinkPurpose::Join { place } = link.purpose {
                self.changes.delete::<Invitations>(&(place, id));
            }
            self.changes.delete::<Links>(&id);
        }
        for (key, _) in self.reader.all::<InitialTokens>()? {
            if let Some(id) = tables::last_id(&key) {
                self.changes.delete::<InitialTokens>(&id);
            }
        }
        Ok(())
    }

    fn sessions(
        &mut self,
        spare: Option<crate::base::id::RawId>,
        whose: impl Fn(UserId) -> bool,
    ) -> Result<(), Fault> {
        for (key, session) in self.reader.all::<Sessions>()? {
            let id = tables::last_id(&key).filter(|id| Some(*id) != spare);
            if let Some(id) = id.filter(|_| whose(session.user)) {
                self.changes.delete::<Sessions>(&id);
                self.ended.sessions += 1;
            }
        }
        Ok(())
    }
}

fn apps_of(reader: &Reader<'_>, place: Place) -> Result<Vec<App>, Fault> {
    let mut apps = Vec::new();
    for (key, ()) in reader.under::<PlaceApps>(&place)? {
        let id = tables::last_id(&key).map(AppId::from_raw);
        apps.extend(id.map_or(Ok(None), |id| reader.get::<Apps>(&id))?);
    }
    Ok(apps)
}

fn connections_of(reader: &Reader<'_>, place: Place) -> Result<Vec<Connection>, Fault> {
    let mut found = Vec::new();
    for (key, ()) in reader.under::<PlaceConnections>(&place)? {
        let id = tables::last_id(&key).map(ConnectionId::from_raw);
        found.extend(id.map_or(Ok(None), |id| reader.get::<Connections>(&id))?);
    }
    Ok(found)
}

impl Ops {
    /// Ends all access to `place`, or to everything here. One commit, one entry in the audit trail.
    ///
    /// # Errors
    /// The person does not administer the place, or the installation.
    pub async fn end_all_access(
        &self,
        place: Option<Place>,
        by: impl Into<By>,
    ) -> Outcome<EndedAccess, Refusal> {
        let by = by.into();
        let authority = place.map_or(Authority::Operator, Authority::Administers);
        let (ops, origin, spare) = (self.frozen(), by.origin(), by.session());
        let act = EndAllAccess { ops, place, by: by.user(), spare, origin };
        self.administer(by, Needs::confirmed(authority), act).await
    }

    /// How many apps and connections would end in `place`.
    ///
    /// # Errors
    /// The person does not administer the place.
    pub fn access_of(&self, live: &LiveSession, place: Place) -> Outcome<u64, Refusal> {
        self.look_for(live, Authority::Administers(place), |reader| {
            let apps = apps_of(reader, place)?.into_iter();
            let apps = apps.filter(|app| app.status == AppStatus::Active).count();
            let open = connections_of(reader, place)?.into_iter();
            let open = open.filter(Connection::is_active).count();
            Ok(Ok((apps + open) as u64))
        })
    }
}
