//! Another delegator for an app: somebody takes over what a leaver delegated, or is handed it.
//!
//! The app may wake up by this, so both who does it and who delegates from then on hold every
//! permission of it.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::app_events;
use crate::ops::administration::app_facts;
use crate::ops::administration::authority;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::delegable;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::sessions::LiveSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct HandOver {
    ops: Ops,
    app: AppId,
    to: UserId,
    user: Option<UserId>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for HandOver {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let (mut app, place) = match self.found(reader)? {
            Ok(found) => found,
            Err(why) => return Ok(Decision::unchanged(Err(why))),
        };
        if let Err(why) = self.may(reader, &app, place)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        app.delegated_by = Some(self.to);
        let answered = match app.owner {
            Some(owner) => app_facts::stands(reader, owner, place)?,
            None => false,
        };
        if !answered {
            app.owner = Some(self.to);
        }
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &app)?;
        let event = app_events::of(EventKind::AppHandedOver, &app, self.now, self.origin);
        changes.record(event.user(self.to));
        Ok(Decision { changes, outcome: Ok(app) })
    }
}

impl HandOver {
    fn found(&self, reader: &Reader<'_>) -> Result<Result<(App, Place), Refusal>, Fault> {
        let Some(app) = reader.get::<Apps>(&self.app)? else {
            return Ok(Err(Refusal::UnknownApp));
        };
        let Some(place) = app.place.filter(|_| app.kind.acts_by_itself()) else {
            return Ok(Err(AppRefusal::DelegatorNotUsed.into()));
        };
        if app.status != AppStatus::Active {
            return Ok(Err(AppRefusal::Ended.into()));
        }
        Ok(Ok((app, place)))
    }

    fn may(
        &self,
        reader: &Reader<'_>,
        app: &App,
        place: Place,
    ) -> Result<Result<(), Refusal>, Fault> {
        if let Err(why) = self.may_take_from(reader, app, place)? {
            return Ok(Err(why));
        }
        let scopes = app_facts::delegated(app);
        if !delegable::beyond(reader, &self.ops, self.user, place, &scopes)?.is_empty() {
            return Ok(Err(Refusal::NotAllowed));
        }
        let catalogue = self.ops.catalogue();
        let checked =
            delegable::check(reader, catalogue, (app, place), (self.to, &scopes), self.now)?;
        Ok(checked.map_err(Refusal::App))
    }

    /// From somebody who is still there, only who administers the place takes or moves an app.
    fn may_take_from(
        &self,
        reader: &Reader<'_>,
        app: &App,
        place: Place,
    ) -> Result<Result<(), Refusal>, Fault> {
        let stands = match app.delegated_by {
            Some(delegator) => app_facts::stands(reader, delegator, place)?,
            None => false,
        };
        let user = self.user.filter(|_| stands).map_or(Ok(None), |id| reader.get::<Users>(&id))?;
        let Some(user) = user else { return Ok(Ok(())) };
        let standing = authority::standing(reader, &self.ops, &user, place)?;
        Ok(standing.and_then(|standing| {
            if standing.administers { Ok(()) } else { Err(AppRefusal::DelegatorStands.into()) }
        }))
    }
}

impl Ops {
    /// Makes the person the delegator of `app`.
    ///
    /// # Errors
    /// There is no such app, its delegator is still there, or the person does not hold every
    /// permission of it.
    pub async fn take_over_app(&self, app: AppId, by: impl Into<By>) -> Outcome<App, Refusal> {
        let by = by.into();
        match by.user() {
            Some(user) => self.move_app(app, user, by, Authority::App(app)).await,
            None => Err(Failure::Refused(AppRefusal::DelegatorMissing.into())),
        }
    }

    /// Makes `to` the delegator of `app`.
    ///
    /// # Errors
    /// There is no such app, or `to` or the person who does it does not hold every permission of it.
    pub async fn hand_over_app(
        &self,
        app: AppId,
        to: UserId,
        by: impl Into<By>,
    ) -> Outcome<App, Refusal> {
        let found: App = flatten(
            self.store.read(|reader| Ok(reader.get::<Apps>(&app)?.ok_or(Refusal::UnknownApp))),
        )?;
        let authority = found.place.map_or(Authority::Operator, Authority::Administers);
        self.move_app(app, to, by.into(), authority).await
    }

    /// Who could delegate the permissions of `app` in the place of whoever does now: those with a role of
    /// their own there that holds each.
    ///
    /// # Errors
    /// [`Refusal::UnknownApp`], [`Refusal::NotAllowed`].
    pub fn successors(&self, live: &LiveSession, app: AppId) -> Outcome<Vec<User>, Refusal> {
        self.look_for(live, Authority::App(app), |reader| {
            let Some(app) = reader.get::<Apps>(&app)? else { return Ok(Err(Refusal::UnknownApp)) };
            let Some(place) = app.place else { return Ok(Err(Refusal::UnknownApp)) };
            // Names are told to those who administer the place alone.
            if let Err(why) =
                authority::check(reader, self, &live.user, Authority::Administers(place))?
            {
                return Ok(Err(why));
            }
            let (scopes, now) = (app_facts::delegated(&app), self.now());
            let mut able = Vec::new();
            for member in roles::members(reader, place)? {
                let what = (member.user, &scopes);
                let other = app.delegated_by != Some(member.user);
                if other
                    && delegable::check(reader, &self.catalogue, (&app, place), what, now)?.is_ok()
                {
                    able.extend(reader.get::<Users>(&member.user)?);
                }
            }
            able.sort_by_key(|user| user.name.to_lowercase());
            Ok(Ok(able))
        })
    }

    async fn move_app(
        &self,
        app: AppId,
        to: UserId,
        by: By,
        authority: Authority,
    ) -> Outcome<App, Refusal> {
        let (user, now, origin) = (by.user(), self.now(), by.origin());
        let act = HandOver { ops: self.frozen(), app, to, user, now, origin };
        self.administer(by, Needs::confirmed(authority), act).await
    }
}
