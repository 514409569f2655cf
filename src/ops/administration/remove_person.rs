//! Taking somebody out of a company or firm: who takes over the apps that they delegated, and the end
//! of what they approved.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::connection::Connection;
use crate::domain::connection::EndCause;
use crate::domain::gate;
use crate::domain::scope::ScopeSet;
use crate::domain::user::Membership;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::account;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::ops::failure::Outcome;
use crate::ops::people;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Apps;
use crate::store::tables::Companies;
use crate::store::tables::PlaceApps;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What would become of what hangs on somebody who leaves.
#[derive(Clone, Debug)]
pub struct Leaving {
    /// The apps that would stop, each with those who hold every permission of it.
    pub apps: Vec<(App, Vec<User>)>,
    /// How many connections would end.
    pub connections: u64,
}

/// Who takes over which app.
pub type Successors = Vec<(AppId, UserId)>;

struct RemovePerson {
    ops: Ops,
    user: UserId,
    place: Place,
    successors: Successors,
    by: Option<UserId>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for RemovePerson {
    type Outcome = Result<Membership, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(held) = people::membership(reader, self.user, self.place)? else {
            return Ok(Decision::unchanged(Err(Refusal::NoRoleHeld)));
        };
        let hand = Hand { reader, ops: &self.ops, by: self.by };
        if let Err(why) = hand.touches(self.place, self.user)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        let mut changes = Changes::new();
        for app in delegated(reader, self.place, self.user)? {
            if let Err(why) = self.leave(reader, &mut changes, app)? {
                return Ok(Decision::unchanged(Err(why)));
            }
        }
        end_connections(reader, &mut changes, &self)?;
        records::remove_membership(&mut changes, &held);
        let event = Event::new(EventKind::RoleRemoved, self.now, self.origin);
        let event = event.user(held.user).place(held.place);
        changes.record(event.cause(held.role.0.as_str()));
        Ok(Decision { changes, outcome: Ok(Membership::clone(&held)) })
    }
}

impl RemovePerson {
    /// The app goes to whoever takes it over, or has nobody to be bounded by.
    fn leave(
        &self,
        reader: &Reader<'_>,
        changes: &mut Changes,
        app: App,
    ) -> Result<Result<(), Refusal>, Fault> {
        let chosen = self.successors.iter().find(|(id, _)| *id == app.id).map(|(_, user)| *user);
        if let Some(successor) = chosen {
            let holds = successor != self.user
                && holds_all(reader, &self.ops, &app, self.place, successor, self.now)?;
            if !holds {
                return Ok(Err(Refusal::NoSuccessor));
            }
            let event = Event::new(EventKind::AppHandedOver, self.now, self.origin);
            changes.record(event.app(app.id).user(successor).place(self.place));
        }
        let owner = if app.owner == Some(self.user) { chosen } else { app.owner };
        let id = app.id;
        changes.put::<Apps>(&id, &App { delegated_by: chosen, owner, ..app })?;
        Ok(Ok(()))
    }
}

/// Those for the place, and, where that is a firm, those for companies that the person reaches only
/// through it: if they come back, each asks for consent again.
fn end_connections(
    reader: &Reader<'_>,
    changes: &mut Changes,
    leaving: &RemovePerson,
) -> Result<(), Fault> {
    let RemovePerson { user, place, now, .. } = *leaving;
    let mut over = Vec::new();
    for connection in account::live_connections(reader, user)? {
        if connection.place == place || only_through(reader, user, place, connection.place)? {
            over.push(connection.id);
        }
    }
    let how = (now, EndCause::PersonRemoved);
    account::end_connections(reader, changes, user, how, |one: &Connection| {
        over.contains(&one.id)
    })?;
    Ok(())
}

fn only_through(
    reader: &Reader<'_>,
    user: UserId,
    firm: Place,
    company: Place,
) -> Result<bool, Fault> {
    let (Place::Firm(firm), Place::Company(id)) = (firm, company) else { return Ok(false) };
    let cared_for = reader.shared::<Companies>(&id)?.is_some_and(|it| it.firm == Some(firm));
    Ok(cared_for && people::membership(reader, user, company)?.is_none())
}

/// The apps of `place` that act by what `user` may do.
pub(in crate::ops) fn delegated(
    reader: &Reader<'_>,
    place: Place,
    user: UserId,
) -> Result<Vec<App>, Fault> {
    let mut apps = Vec::new();
    for (key, ()) in reader.under::<PlaceApps>(&place)? {
        let id = tables::last_id(&key).map(AppId::from_raw);
        let app = id.map_or(Ok(None), |id| reader.get::<Apps>(&id))?;
        apps.extend(app.filter(|app| app.delegated_by == Some(user)));
    }
    Ok(apps)
}

/// Whether `person` holds all that `app` may do in `place`, by the gate itself.
fn holds_all(
    reader: &Reader<'_>,
    ops: &Ops,
    app: &App,
    place: Place,
    person: UserId,
    now: Timestamp,
) -> Result<bool, Fault> {
    let Delegation::Only(scopes) = &app.delegation else { return Ok(false) };
    let open = App { delegated_by: Some(person), status: AppStatus::Active, ..app.clone() };
    let facts = facts::gather(reader, Holder::itself(Arc::new(open)), place, now)?;
    let facts = gate::Facts { blocked: false, ..facts };
    let held = gate::pass(&facts, &ops.catalogue, scopes).unwrap_or_else(|_| ScopeSet::default());
    Ok(ops.catalogue.closure(scopes).is_subset(&held))
}

impl Ops {
    /// What hangs on `user` in `place`.
    ///
    /// # Errors
    /// The person who looks does not administer the place, or `user` has no role there.
    pub fn leaving(
        &self,
        live: &LiveSession,
        place: Place,
        user: UserId,
    ) -> Outcome<Leaving, Refusal> {
        self.look_for(live, Authority::MemberOf { place, user }, |reader| {
            let members = roles::members(reader, place)?;
            let mut apps = Vec::new();
            for app in delegated(reader, place, user)? {
                if app.status != AppStatus::Active {
                    continue;
                }
                let mut able = Vec::new();
                for member in members.iter().filter(|member| member.user != user) {
                    if holds_all(reader, self, &app, place, member.user, self.now())? {
                        able.extend(reader.get::<Users>(&member.user)?);
                    }
                }
                apps.push((app, able));
            }
            let mut connections = 0;
            for one in account::live_connections(reader, user)? {
                let ends = one.place == place || only_through(reader, user, place, one.place)?;
                connections += u64::from(ends);
            }
            Ok(Ok(Leaving { apps, connections }))
        })
    }

    /// Takes `user` out of `place`. Each app that they delegated there goes to its successor or stops;
    /// their connections there end.
    ///
    /// # Errors
    /// They have no role there, are an owner and whoever removes them is not, or a successor does not
    /// hold all that the app may do.
    pub async fn remove_person(
        &self,
        user: UserId,
        place: Place,
        successors: Successors,
        by: impl Into<By>,
    ) -> Outcome<Membership, Refusal> {
        let (by, now) = (by.into(), self.now());
        let (ops, origin) = (self.frozen(), by.origin());
        let act = RemovePerson { ops, user, place, successors, by: by.user(), now, origin };
        self.administer(by, Needs::confirmed(Authority::MemberOf { place, user }), act).await
    }
}
