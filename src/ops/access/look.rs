//! Rows as one viewer sees them: which, and how each stands.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::ConnectionId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::block::Blocked;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::scope::ScopeSet;
use crate::domain::standing;
use crate::domain::standing::Circumstances;
use crate::domain::standing::Standing;
use crate::ops::Ops;
use crate::ops::access::Access;
use crate::ops::access::AccessFilter;
use crate::ops::access::Kind;
use crate::ops::access::List;
use crate::ops::access::Viewer;
use crate::ops::access::Word;
use crate::ops::access::counts::Counts;
use crate::ops::access::kind_of;
use crate::ops::access::walk::Source;
use crate::ops::access::walk::What;
use crate::ops::administration::app_facts;
use crate::ops::blocks;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::UserConnections;
use crate::store::tables::Users;

/// Connections of one person that are looked at: nobody approves so many.
const OWN_AT_MOST: usize = 4000;

/// Rows as one viewer sees them, with what many of them share.
pub(in crate::ops) struct Look<'a> {
    ops: &'a Ops,
    reader: &'a Reader<'a>,
    viewer: Viewer,
    blocks: HashSet<Blocked>,
    names: HashMap<UserId, String>,
    apps: HashMap<AppId, Arc<App>>,
    stand: HashMap<UserId, bool>,
    /// Apps of no place that the viewer knows by a connection.
    known: Option<Arc<Counts>>,
}

impl<'a> Look<'a> {
    pub(in crate::ops) fn new(
        ops: &'a Ops,
        reader: &'a Reader<'a>,
        viewer: Viewer,
    ) -> Result<Self, Fault> {
        let mut blocked = HashSet::new();
        if let Place::Company(company) = viewer.place
            && reader.shared::<Companies>(&company)?.is_some_and(|company| company.blocks)
        {
            let all = blocks::of_company(reader, company)?;
            blocked.extend(all.into_iter().map(|block| block.blocked));
        }
        Ok(Self {
            ops,
            reader,
            viewer,
            blocks: blocked,
            names: HashMap::new(),
            apps: HashMap::new(),
            stand: HashMap::new(),
            known: None,
        })
    }

    /// The same, with what was counted.
    pub(in crate::ops) fn knowing(self, counts: Option<Arc<Counts>>) -> Self {
        Self { known: counts, ..self }
    }

    fn knows(&self, app: AppId) -> bool {
        self.known.as_ref().is_some_and(|counts| counts.apps.contains_key(&app))
    }

    /// Where what the viewer sees is found.
    pub(in crate::ops) fn sources(&self, filter: &AccessFilter) -> Result<Vec<Source>, Fault> {
        let place = self.viewer.place;
        let wants = |kinds: &[Kind]| kinds.iter().any(|kind| filter.takes_kind(*kind));
        let mut sources = Vec::new();
        if wants(&[Kind::ApiCredentials, Kind::ApiToken, Kind::OauthApp]) {
            sources.push(Source::Apps(place));
        }
        if filter.list == List::OauthApps {
            sources.extend(self.ownerless());
        }
        if filter.list != List::Deleted && wants(&[Kind::OauthConnection]) {
            sources.push(self.connections()?);
        }
        Ok(sources)
    }

    /// Apps of no place: all of them for who administers the installation, those with a connection
    /// here for others.
    fn ownerless(&self) -> Option<Source> {
        if self.viewer.operator {
            return Some(Source::AllApps);
        }
        let counts = self.known.as_ref()?;
        let mut apps: Vec<What> = counts.apps.keys().map(|app| What::App(*app)).collect();
        apps.sort_by_key(|what| *what.raw());
        Some(Source::Given(apps))
    }

    fn connections(&self) -> Result<Source, Fault> {
        let Viewer { place, user, whole, .. } = self.viewer;
        if whole {
            return Ok(Source::Connections(place));
        }
        let rows = self.reader.under_after::<UserConnections>(&user, None, OWN_AT_MOST)?;
        let ids = rows.iter().filter_map(|(key, ())| tables::last_id(key));
        let mut own: Vec<What> =
            ids.map(|id| What::Connection(ConnectionId::from_raw(id))).collect();
        own.sort_by_key(|what| *what.raw());
        Ok(Source::Given(own))
    }

    /// The row of `what`, if the viewer sees it and the filter takes it.
    pub(in crate::ops) fn row(
        &mut self,
        filter: &AccessFilter,
        what: What,
    ) -> Result<Option<Access>, Fault> {
        let Some(mut access) = self.seen(filter, what)? else { return Ok(None) };
        let person = match &access.connection {
            Some(connection) => Some(connection.user),
            None => access.app.delegated_by.or(access.app.owner),
        };
        access.by = person.map_or(Ok(String::new()), |user| self.name(user))?;
        access.extent = self.extent(&access);
        Ok(Some(access))
    }

    /// As [`Self::row`], without what only a page shows.
    pub(in crate::ops) fn seen(
        &mut self,
        filter: &AccessFilter,
        what: What,
    ) -> Result<Option<Access>, Fault> {
        let found = match what {
            What::App(id) => self.app(filter, id)?,
            What::Connection(_) if !filter.takes_kind(Kind::OauthConnection) => None,
            What::Connection(id) => self.connection(what, id)?,
        };
        let query = filter.query.to_lowercase();
        Ok(found.filter(|access| {
            let named = query.is_empty() || access.app.name.to_lowercase().contains(&query);
            let fits = |word: Word| access.standing.iter().any(|standing| word.fits(*standing));
            named && filter.status.is_none_or(fits)
        }))
    }

    fn app(&mut self, filter: &AccessFilter, id: AppId) -> Result<Option<Access>, Fault> {
        let Some(app) = self.reader.get::<Apps>(&id)?.map(Arc::new) else { return Ok(None) };
        let Some(kind) = kind_of(&app) else { return Ok(None) };
        let Viewer { place, user, whole, operator } = self.viewer;
        let own = [app.delegated_by, app.owner].contains(&Some(user));
        let here = app.place == Some(place);
        let ownerless =
            app.place.is_none() && filter.list == List::OauthApps && (operator || self.knows(id));
        let visible = (here && (whole || own)) || (ownerless && (whole || operator));
        let deleted = matches!(app.status, AppStatus::Deleted { .. });
        if !visible || !filter.takes_kind(kind) || deleted != (filter.list == List::Deleted) {
            return Ok(None);
        }
        let last_used = self.ops.app_use(self.reader, id)?;
        let around = self.around(last_used, &app, Blocked::App(id))?;
        let standing = standing::of_app(&app, around);
        if deleted && standing.iter().any(|one| self.is_gone(*one)) {
            return Ok(None);
        }
        let (by, connection, extent) = (String::new(), None, (0, 0));
        let what = What::App(id);
        Ok(Some(Access { what, kind, app, connection, by, extent, last_used, standing }))
    }

    fn is_gone(&self, standing: Standing) -> bool {
        matches!(standing, Standing::Deleted(until) if until <= self.ops.now())
    }

    fn connection(&mut self, what: What, id: ConnectionId) -> Result<Option<Access>, Fault> {
        let Some(connection) = self.reader.get::<Connections>(&id)? else { return Ok(None) };
        let Viewer { place, user, whole, .. } = self.viewer;
        if connection.place != place || !(whole || connection.user == user) {
            return Ok(None);
        }
        let Some(app) = self.app_of(&connection)? else { return Ok(None) };
        let last_used = self.ops.connection_use(self.reader, id)?.map(|last| last.at);
        let mut around = self.around(last_used, &app, Blocked::Connection(id))?;
        around.blocked |= self.blocks.contains(&Blocked::App(app.id));
        let standing = standing::of_connection(&connection, &app, around);
        if standing.is_empty() {
            return Ok(None);
        }
        let kind = Kind::OauthConnection;
        let (by, extent, connection) = (String::new(), (0, 0), Some(connection));
        Ok(Some(Access { what, kind, app, connection, by, extent, last_used, standing }))
    }

    fn app_of(&mut self, connection: &Connection) -> Result<Option<Arc<App>>, Fault> {
        if let Some(app) = self.apps.get(&connection.app) {
            return Ok(Some(Arc::clone(app)));
        }
        let app = self.reader.get::<Apps>(&connection.app)?.map(Arc::new);
        self.apps.extend(app.iter().map(|app| (app.id, Arc::clone(app))));
        Ok(app)
    }

    fn around(
        &mut self,
        last_used: Option<Timestamp>,
        app: &App,
        named: Blocked,
    ) -> Result<Circumstances, Fault> {
        let delegator_stands = match (app.kind.acts_by_itself(), app.delegated_by) {
            (true, Some(user)) => self.stands(user, app)?,
            _ => app_facts::delegator_stands(self.reader, app)?,
        };
        let (blocked, now) = (self.blocks.contains(&named), self.ops.now());
        Ok(Circumstances { last_used, blocked, delegator_stands, now })
    }

    /// As [`app_facts::delegator_stands`], asked once for each of the people who delegated.
    fn stands(&mut self, user: UserId, app: &App) -> Result<bool, Fault> {
        if let Some(stands) = self.stand.get(&user) {
            return Ok(*stands);
        }
        let stands = app_facts::delegator_stands(self.reader, app)?;
        self.stand.insert(user, stands);
        Ok(stands)
    }

    fn name(&mut self, user: UserId) -> Result<String, Fault> {
        if let Some(name) = self.names.get(&user) {
            return Ok(name.clone());
        }
        let name = self.reader.get::<Users>(&user)?.map(|user| user.name).unwrap_or_default();
        self.names.insert(user, name.clone());
        Ok(name)
    }

    fn extent(&self, access: &Access) -> (u64, u64) {
        let none = ScopeSet::default();
        let scopes = match (&access.connection, &access.app.delegation) {
            (Some(connection), _) => &connection.scopes,
            (None, Delegation::Only(scopes)) => scopes,
            (None, Delegation::Anything) => &none,
        };
        self.ops.extent(scopes)
    }
}
