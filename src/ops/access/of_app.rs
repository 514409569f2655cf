//! One OAuth app and one connection, as a person may see them.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::connection::LastUse;
use crate::domain::gate;
use crate::domain::gate::PlaceFacts;
use crate::domain::scope::ScopeSet;
use crate::domain::standing;
use crate::domain::standing::Circumstances;
use crate::domain::standing::Standing;
use crate::ops::Ops;
use crate::ops::access::AccessFilter;
use crate::ops::access::LOOKED_AT;
use crate::ops::access::List;
use crate::ops::access::What;
use crate::ops::access::look::Look;
use crate::ops::access::walk::Source;
use crate::ops::access::walk::Walk;
use crate::ops::administration::app_facts;
use crate::ops::administration::authority;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::refusal::Refusal;
use crate::ops::blocks;
use crate::ops::cursors::Step;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::people;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::Connections;
use crate::store::tables::Members;
use crate::store::tables::SecretUses;
use crate::store::tables::Users;

/// Members of a firm that are counted.
pub const MEMBERS_COUNTED: usize = 10_000;

/// A connection with what its page tells.
#[derive(Clone, Debug)]
pub struct ConnectionFacts {
    /// The connection.
    pub connection: Connection,
    /// The app.
    pub app: Arc<App>,
    /// The company or firm.
    pub place: PlaceFacts,
    /// Who approved it.
    pub person: String,
    /// Whom to ask about it; none if they are gone.
    pub owner: Option<String>,
    /// When and from where it was last used.
    pub last_use: Option<LastUse>,
    /// How it stands.
    pub standing: Vec<Standing>,
    /// What is effective now, as a closure.
    pub effective: ScopeSet,
}

impl ConnectionFacts {
    /// When it last got a token: the first came with the connection itself.
    #[must_use]
    pub fn last_token(&self) -> Timestamp {
        self.last_use.and_then(|last| last.token).unwrap_or(self.connection.consented_at)
    }

    /// When a token of it last made a call.
    #[must_use]
    pub fn last_call(&self) -> Option<Timestamp> {
        self.last_use.and_then(|last| last.call)
    }
}

/// An OAuth app with what its page tells in a company or firm.
#[derive(Clone, Debug)]
pub struct OauthAppFacts {
    /// The app.
    pub app: App,
    /// Whom to ask about it.
    pub owner: Option<String>,
    /// How it stands here.
    pub standing: Vec<Standing>,
    /// Living connections here, as far as the person sees them; none while they are being counted.
    pub connections: Option<u64>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// When each of its secrets was last used, since that is noted.
    pub secret_uses: SecretUses,
    /// What the person may do about letting it in.
    pub judging: Judging,
    /// The person administers it: registered here, or of the installation and they its operator.
    pub own: bool,
    /// The open company keeps it away.
    pub blocked_here: bool,
}

/// What a person may say of an app that nobody here registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judging {
    /// For the whole installation.
    Installation,
    /// For this company alone.
    Company,
    /// Nothing.
    Nothing,
}

fn name(reader: &Reader<'_>, user: Option<UserId>) -> Result<Option<String>, Fault> {
    let user = user.map_or(Ok(None), |user| reader.shared::<Users>(&user))?;
    Ok(user.map(|user| user.name.clone()))
}

/// Whoever answers for it, if they still can.
fn owner_name(
    reader: &Reader<'_>,
    owner: Option<UserId>,
    place: Place,
) -> Result<Option<String>, Fault> {
    match owner {
        Some(owner) if app_facts::stands(reader, owner, place)? => name(reader, Some(owner)),
        _ => Ok(None),
    }
}

impl Ops {
    /// The connection, for its person and for those who administer its company or firm. One that ended
    /// as somebody wished is no more.
    ///
    /// # Errors
    /// [`Refusal::UnknownConnection`], [`Refusal::NotAllowed`].
    pub fn connection_for(
        &self,
        live: &LiveSession,
        id: ConnectionId,
    ) -> Outcome<ConnectionFacts, Refusal> {
        self.look_for(live, Authority::Connection(id), |reader| {
            let Some(connection) = reader.get::<Connections>(&id)? else {
                return Ok(Err(Refusal::UnknownConnection));
            };
            let Some(viewer) = self.viewer(reader, live, connection.place)? else {
                return Ok(Err(Refusal::UnknownConnection));
            };
            let all = AccessFilter::all(List::OauthConnections);
            let seen = Look::new(self, reader, viewer)?.row(&all, What::Connection(id))?;
            let Some(seen) = seen else { return Ok(Err(Refusal::UnknownConnection)) };
            let holder = Holder::of_connection(Arc::clone(&seen.app), &connection);
            let facts = facts::gather(reader, holder, connection.place, self.now())?;
            let effective = gate::pass(&facts, &self.catalogue, &connection.scopes);
            Ok(Ok(ConnectionFacts {
                app: seen.app,
                place: facts.place,
                person: seen.by,
                owner: owner_name(reader, connection.owner, connection.place)?,
                last_use: self.connection_use(reader, id)?,
                standing: seen.standing,
                effective: effective.unwrap_or_default(),
                connection,
            }))
        })
    }

    /// The OAuth app, for those who administer it, and, if it is nobody's own, for those who administer
    /// `place`, where it has a connection or is blocked.
    ///
    /// # Errors
    /// [`Refusal::UnknownApp`], [`Refusal::NotAllowed`].
    pub fn oauth_app_for(
        &self,
        live: &LiveSession,
        place: Place,
        id: AppId,
    ) -> Outcome<OauthAppFacts, Refusal> {
        flatten(self.store.read(|reader| self.oauth_app(reader, live, place, id)))
    }

    fn oauth_app(
        &self,
        reader: &Reader<'_>,
        live: &LiveSession,
        place: Place,
        id: AppId,
    ) -> Result<Result<OauthAppFacts, Refusal>, Fault> {
        let app = reader.get::<Apps>(&id)?.filter(|app| app.kind.uses_consent());
        let Some(app) = app else { return Ok(Err(Refusal::UnknownApp)) };
        let own = match authority::check(reader, self, &live.user, Authority::App(id))? {
            Ok(()) => true,
            Err(why) if app.place.is_some() => return Ok(Err(why)),
            Err(_) => false,
        };
        let Some(viewer) = self.viewer(reader, live, app.place.unwrap_or(place))? else {
            return Ok(Err(Refusal::UnknownApp));
        };
        let counts = self.counts(reader, viewer)?;
        let blocked_here = blocks::keeps_away(reader, place, id)?;
        let knows = match &counts {
            Some(counts) => counts.apps.contains_key(&id),
            None => connected_lately(reader, viewer.place, id)?,
        };
        if !own && !(viewer.whole && (knows || blocked_here)) {
            return Ok(Err(Refusal::UnknownApp));
        }
        let judging = match place {
            _ if own && app.place.is_none() => Judging::Installation,
            Place::Company(_) if app.place.is_none() => {
                let governs = Authority::Governs(place);
                match authority::check(reader, self, &live.user, governs)? {
                    Ok(()) => Judging::Company,
                    Err(_) => Judging::Nothing,
                }
            }
            _ => Judging::Nothing,
        };
        let last_used = self.app_use(reader, id)?;
        let around = Circumstances {
            last_used,
            blocked: blocked_here,
            delegator_stands: true,
            now: self.now(),
        };
        let secret_uses = self.secret_uses(reader, &app)?;
        let connections = counts.map(|all| all.apps.get(&id).copied().unwrap_or_default());
        let (standing, owner) = (standing::of_app(&app, around), name(reader, app.owner)?);
        Ok(Ok(OauthAppFacts {
            app,
            owner,
            standing,
            connections,
            last_used,
            secret_uses,
            judging,
            own,
            blocked_here,
        }))
    }

    /// How many people see a company through its firm; no more than [`MEMBERS_COUNTED`] are counted.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`], [`Refusal::NotAllowed`].
    pub fn members_who_see(&self, live: &LiveSession, company: CompanyId) -> Outcome<u64, Refusal> {
        self.look_for(live, Authority::Administers(Place::Company(company)), |reader| {
            let Some(company) = reader.shared::<Companies>(&company)? else { return Ok(Ok(0)) };
            let Some(firm) = company.firm.map(Place::Firm) else { return Ok(Ok(0)) };
            if !company.confidential {
                return Ok(Ok(
                    reader.under_after::<Members>(&firm, None, MEMBERS_COUNTED)?.len() as u64
                ));
            }
            let mut seeing = 0;
            for user in &company.confided_to {
                seeing += u64::from(people::membership(reader, *user, firm)?.is_some());
            }
            Ok(Ok(seeing))
        })
    }
}

/// Whether one of the newest connections of a large place is the app's: while it is being counted.
fn connected_lately(reader: &Reader<'_>, place: Place, app: AppId) -> Result<bool, Fault> {
    let mut walk = Walk::new(reader, vec![Source::Connections(place)], &Step::First);
    for _ in 0..LOOKED_AT {
        let Some(What::Connection(id)) = walk.next()? else { return Ok(false) };
        if reader.get::<Connections>(&id)?.is_some_and(|one| one.app == app && one.is_active()) {
            return Ok(true);
        }
    }
    Ok(false)
}
