//! The gate: may a token be issued, or used, for this app, this person and this place, and with
//! which permissions? Every grant and every use passes here; there is no second place that decides.

use std::sync::Arc;

use crate::base::clock::Timestamp;
use crate::domain::app::App;
use crate::domain::app::AppStatus;
use crate::domain::app::Delegation;
use crate::domain::catalogue::Catalogue;
use crate::domain::company::Company;
use crate::domain::company::Environment;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::permission_set::PermissionSet;
use crate::domain::role::HeldRole;
use crate::domain::scope::ScopeSet;
use crate::domain::user::User;

/// All that the gate looks at, as it stands now.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The app.
    pub app: Arc<App>,
    /// The person whose permissions bound the grant: who consented, or who delegated.
    pub person: Option<Arc<User>>,
    /// The company or firm.
    pub place: PlaceFacts,
    /// Whether the company blocks the app, or the connection that the grant hangs on.
    pub blocked: bool,
    /// The roles that count for this person there (see [`PlaceFacts`]).
    pub roles: Vec<HeldRole>,
    /// The present.
    pub now: Timestamp,
}

/// The company or firm that the grant is for.
#[derive(Clone, Debug)]
pub enum PlaceFacts {
    /// A company: the person's own role there and the one through its firm both count.
    Company(Arc<Company>),
    /// A firm: only the role in the firm counts.
    Firm(Arc<Firm>),
    /// It is no more.
    Gone,
}

impl PlaceFacts {
    /// The environment, if the place exists.
    #[must_use]
    pub fn environment(&self) -> Option<Environment> {
        match self {
            Self::Company(company) => Some(company.environment),
            Self::Firm(firm) => Some(firm.environment),
            Self::Gone => None,
        }
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Company(company) => Some(Place::Company(company.id)),
            Self::Firm(firm) => Some(Place::Firm(firm.id)),
            Self::Gone => None,
        }
    }
}

/// Why the gate stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateRefusal {
    /// The app was revoked.
    AppRevoked,
    /// The app was deleted.
    AppDeleted,
    /// The app's expiry date has passed.
    AppExpired,
    /// Nobody's permissions bound the app: its delegator left.
    NoDelegator,
    /// The person was disabled.
    PersonDisabled,
    /// The place is no more.
    PlaceGone,
    /// The company is suspended.
    CompanySuspended,
    /// The company blocks the app or the connection.
    BlockedByCompany,
    /// The app belongs to the other environment.
    WrongEnvironment,
    /// The app serves another company or firm.
    ServesElsewhere,
    /// The person has no role there.
    NoRole,
    /// Nothing of what was asked for is allowed.
    NothingAllowed,
}

/// Passes or refuses; the permissions are those asked for that the app is delegated *and* the
/// person's roles allow, now. The result is a closure.
///
/// # Errors
/// The first reason found.
pub fn pass(
    facts: &Facts,
    catalogue: &Catalogue,
    asked: &ScopeSet,
) -> Result<ScopeSet, GateRefusal> {
    app_may_act(facts)?;
    app_serves(facts)?;
    person_may_act(facts)?;
    let allowed = allowed_by_roles(facts, catalogue)?;
    let mut effective = catalogue.closure_numbers(asked);
    effective.retain(&allowed);
    if let Delegation::Only(delegated) = &facts.app.delegation {
        effective.retain(&catalogue.closure_numbers(delegated));
    }
    if effective.is_empty() {
        return Err(GateRefusal::NothingAllowed);
    }
    Ok(catalogue.names(&effective))
}

fn app_may_act(facts: &Facts) -> Result<(), GateRefusal> {
    match facts.app.status {
        AppStatus::Active => {}
        AppStatus::Revoked { .. } | AppStatus::Blocked { .. } => {
            return Err(GateRefusal::AppRevoked);
        }
        AppStatus::Deleted { .. } => return Err(GateRefusal::AppDeleted),
    }
    match facts.app.expires_at {
        Some(end) if facts.now >= end => Err(GateRefusal::AppExpired),
        _ => Ok(()),
    }
}

fn app_serves(facts: &Facts) -> Result<(), GateRefusal> {
    let environment = facts.place.environment().ok_or(GateRefusal::PlaceGone)?;
    if facts.app.environment.is_some_and(|own| own != environment) {
        return Err(GateRefusal::WrongEnvironment);
    }
    if let PlaceFacts::Company(company) = &facts.place
        && company.suspended
    {
        return Err(GateRefusal::CompanySuspended);
    }
    if facts.blocked {
        return Err(GateRefusal::BlockedByCompany);
    }
    let serves = match (facts.app.place, facts.place.place()) {
        (None, _) => true,
        (Some(own), Some(place)) if own == place => true,
        // A firm's app, narrowed to one of the firm's companies.
        (Some(Place::Firm(firm)), Some(Place::Company(_))) => {
            matches!(&facts.place, PlaceFacts::Company(company) if company.firm == Some(firm))
        }
        _ => false,
    };
    if serves { Ok(()) } else { Err(GateRefusal::ServesElsewhere) }
}

fn person_may_act(facts: &Facts) -> Result<(), GateRefusal> {
    let person = facts.person.as_ref().ok_or(GateRefusal::NoDelegator)?;
    if person.is_active() { Ok(()) } else { Err(GateRefusal::PersonDisabled) }
}

fn allowed_by_roles(facts: &Facts, catalogue: &Catalogue) -> Result<PermissionSet, GateRefusal> {
    if facts.roles.is_empty() {
        return Err(GateRefusal::NoRole);
    }
    let mut allowed = PermissionSet::default();
    for role in &facts.roles {
        allowed.extend(&catalogue.held_closure(role));
    }
    Ok(allowed)
}

#[cfg(test)]
mod tests;
