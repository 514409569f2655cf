//! Delegated, never elevated: what somebody may pass on to an app, and who may be shown its secret.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::catalogue::Catalogue;
use crate::domain::company::Place;
use crate::domain::gate;
use crate::domain::gate::GateRefusal;
use crate::domain::scope::ScopeSet;
use crate::ops::Ops;
use crate::ops::administration::app_facts;
use crate::ops::administration::authority;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::facts;
use crate::ops::facts::Holder;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Users;

/// Whether `delegator` holds every permission of `scopes` in `place`, by the gate itself. Whether the
/// app may act just now is another question.
pub(in crate::ops) fn check(
    reader: &Reader<'_>,
    catalogue: &Catalogue,
    (app, place): (&App, Place),
    (delegator, scopes): (UserId, &ScopeSet),
    now: Timestamp,
) -> Result<Result<(), AppRefusal>, Fault> {
    let delegation = Delegation::Only(scopes.clone());
    let app = App { status: AppStatus::Active, expires_at: None, delegation, ..app.clone() };
    let holder = Holder { app: Arc::new(app), person: Some(delegator), connection: None };
    let facts = facts::gather(reader, holder, place, now)?;
    let held = match gate::pass(&facts, catalogue, scopes) {
        Ok(held) => held,
        Err(GateRefusal::PersonDisabled) => return Ok(Err(AppRefusal::DelegatorDisabled)),
        Err(GateRefusal::CompanySuspended) => return Ok(Err(AppRefusal::PlaceSuspended)),
        Err(_) => ScopeSet::default(),
    };
    let beyond = catalogue.closure(scopes).difference(&held);
    Ok(if beyond.is_empty() {
        Ok(())
    } else {
        Err(AppRefusal::BeyondDelegator(catalogue.maximal(&beyond)))
    })
}

/// What `user`, who does it, does not hold of `scopes` in `place`; the operator at the machine, who is
/// nobody, may pass on anything that the delegator holds.
pub(in crate::ops) fn beyond(
    reader: &Reader<'_>,
    ops: &Ops,
    user: Option<UserId>,
    place: Place,
    scopes: &ScopeSet,
) -> Result<ScopeSet, Fault> {
    let Some(user) = user else { return Ok(ScopeSet::default()) };
    let Some(user) = reader.get::<Users>(&user)? else { return Ok(scopes.clone()) };
    let held = authority::standing(reader, ops, &user, place)?.map(|standing| standing.held);
    let beyond = ops.catalogue().closure(scopes).difference(&held.unwrap_or_default());
    Ok(ops.catalogue().maximal(&beyond))
}

/// Whether `user`, who administers the app in some way, may be shown its secret: with it they could do
/// all that the app may. Who only answers for an app must hold that much themselves.
pub(in crate::ops) fn may_see_secret(
    reader: &Reader<'_>,
    ops: &Ops,
    user: Option<UserId>,
    app: &App,
) -> Result<Result<(), Refusal>, Fault> {
    let (Some(id), Some(place)) = (user, app.place) else { return Ok(Ok(())) };
    let Some(user) = reader.get::<Users>(&id)? else { return Ok(Err(Refusal::NotAllowed)) };
    let standing = match authority::standing(reader, ops, &user, place)? {
        Ok(standing) => standing,
        Err(why) => return Ok(Err(why)),
    };
    if standing.administers || (app.kind.acts_by_itself() && app.delegated_by == Some(id)) {
        return Ok(Ok(()));
    }
    let delegated = ops.catalogue().closure(&app_facts::delegated(app));
    let held = app.kind.acts_by_itself() && delegated.is_subset(&standing.held);
    Ok(if held { Ok(()) } else { Err(Refusal::NotAllowed) })
}
