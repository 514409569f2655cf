//! Changing what acts by itself: its name, its purpose, who answers for it, its end, its permissions.
//!
//! What reduces it applies at once. What widens it (a permission more, a later end, another person who
//! may administer it) asks for the second factor, and for nothing that the person does not hold.

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::scope::ScopeSet;
use crate::ops::Ops;
use crate::ops::administration::app_events;
use crate::ops::administration::app_facts;
use crate::ops::administration::app_rules;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::delegable;
use crate::ops::administration::names;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::prove_factor::CodeRefusal;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Apps;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What it is to be from now on.
#[derive(Clone, Debug)]
pub struct AppChange {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Whom to ask about it.
    pub owner: Option<UserId>,
    /// Its permissions.
    pub scopes: ScopeSet,
    /// When it stops by itself.
    pub expires_at: Option<Timestamp>,
    /// Why it never does.
    pub no_expiry_reason: String,
    /// After how many days somebody looks at it again.
    pub review_days: u32,
}

/// Whether the person was asked for their second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// They were not: only what does not widen the app is done.
    NoCode,
    /// They were, and it is spent with the act.
    Code,
}

/// The act on the writer.
struct ChangeApp {
    ops: Ops,
    app: AppId,
    change: AppChange,
    asked: Asked,
    user: Option<UserId>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for ChangeApp {
    type Outcome = Result<App, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let app = match reader.get::<Apps>(&self.app)? {
            Some(app) if app.kind.acts_by_itself() => app,
            _ => return Ok(Decision::unchanged(Err(Refusal::UnknownApp))),
        };
        let changed = match self.checked(reader, &app)? {
            Ok(changed) => changed,
            Err(why) => return Ok(Decision::unchanged(Err(why))),
        };
        if changed == app {
            return Ok(Decision::unchanged(Ok(app)));
        }
        let mut changes = Changes::new();
        changes.put::<Apps>(&app.id, &changed)?;
        changes.record(app_events::of(EventKind::AppChanged, &changed, self.now, self.origin));
        Ok(Decision { changes, outcome: Ok(changed) })
    }
}

impl ChangeApp {
    fn checked(&self, reader: &Reader<'_>, app: &App) -> Result<Result<App, Refusal>, Fault> {
        let Some(place) = app.place else { return Ok(Err(Refusal::UnknownApp)) };
        if app.status != AppStatus::Active {
            return Ok(Err(AppRefusal::Ended.into()));
        }
        let changed = self.applied(app);
        if changed.expires_at != app.expires_at
            && changed.expires_at.is_some_and(|end| end <= self.now)
        {
            return Ok(Err(AppRefusal::ExpiryPassed.into()));
        }
        let added = self.added(app, &changed);
        if let Err(why) = self.may_add(reader, app, place, &added)? {
            return Ok(Err(why));
        }
        if changed.owner != app.owner
            && let Err(why) = self.may_answer(reader, changed.owner, place)?
        {
            return Ok(Err(why));
        }
        let later = ends(&changed) > ends(app);
        let widens = !added.is_empty() || later || changed.owner != app.owner;
        if widens && self.asked == Asked::NoCode {
            return Ok(Err(Refusal::Code(CodeRefusal::Missing)));
        }
        Ok(Ok(changed))
    }

    fn applied(&self, app: &App) -> App {
        let change = self.change.clone();
        let mut changed = App {
            name: change.name,
            purpose: change.purpose,
            owner: change.owner,
            delegation: Delegation::Only(change.scopes),
            expires_at: change.expires_at,
            no_expiry_reason: change.no_expiry_reason,
            review_days: change.review_days,
            ..app.clone()
        };
        if changed.review_days != app.review_days {
            changed.look_again(self.now);
        }
        changed
    }

    fn added(&self, app: &App, changed: &App) -> ScopeSet {
        let all = |app: &App| self.ops.catalogue().closure(&app_facts::delegated(app));
        all(changed).difference(&all(app))
    }

    fn may_add(
        &self,
        reader: &Reader<'_>,
        app: &App,
        place: Place,
        added: &ScopeSet,
    ) -> Result<Result<(), Refusal>, Fault> {
        if added.is_empty() {
            return Ok(Ok(()));
        }
        let beyond = delegable::beyond(reader, &self.ops, self.user, place, added)?;
        if !beyond.is_empty() {
            return Ok(Err(AppRefusal::BeyondDelegator(beyond).into()));
        }
        let Some(delegator) = app.delegated_by else {
            return Ok(Err(AppRefusal::DelegatorMissing.into()));
        };
        let catalogue = self.ops.catalogue();
        let checked =
            delegable::check(reader, catalogue, (app, place), (delegator, added), self.now)?;
        Ok(checked.map_err(Refusal::App))
    }

    fn may_answer(
        &self,
        reader: &Reader<'_>,
        owner: Option<UserId>,
        place: Place,
    ) -> Result<Result<(), Refusal>, Fault> {
        let stands = match owner {
            Some(owner) => app_facts::stands(reader, owner, place)?,
            None => false,
        };
        Ok(if stands { Ok(()) } else { Err(AppRefusal::OwnerElsewhere.into()) })
    }
}

/// When it ends; never is later than everything.
fn ends(app: &App) -> Timestamp {
    app.expires_at.unwrap_or(Timestamp::NEVER)
}

impl Ops {
    /// Changes API credentials or an API token.
    ///
    /// # Errors
    /// There is no such app or it has ended, something cannot be shown as it is, or the change widens
    /// the app: [`CodeRefusal::Missing`] if no code was asked for, and
    /// [`AppRefusal::BeyondDelegator`] if the person or the delegator does not hold what is added.
    pub async fn change_app(
        &self,
        app: AppId,
        change: AppChange,
        asked: Asked,
        by: impl Into<By>,
    ) -> Outcome<App, Refusal> {
        let by = by.into();
        let change = self.checked_change(&change).map_err(Failure::Refused)?;
        let act = ChangeApp {
            ops: self.frozen(),
            app,
            change,
            asked,
            user: by.user(),
            now: self.now(),
            origin: by.origin(),
        };
        let authority = Authority::App(app);
        let needs = match asked {
            Asked::Code => Needs::confirmed(authority),
            Asked::NoCode => Needs::only(authority),
        };
        self.administer(by, needs, act).await
    }

    fn checked_change(&self, change: &AppChange) -> Result<AppChange, Refusal> {
        app_rules::check_line(change.purpose.trim())?;
        app_rules::check_line(change.no_expiry_reason.trim())?;
        let scopes = app_rules::delegated(&change.scopes, &self.catalogue)?;
        Ok(AppChange {
            name: names::checked(&change.name)?,
            purpose: change.purpose.trim().to_owned(),
            no_expiry_reason: change.no_expiry_reason.trim().to_owned(),
            scopes,
            owner: change.owner,
            expires_at: change.expires_at,
            review_days: change.review_days,
        })
    }
}
