//! The roles of a company or firm: those of the catalogue, and its own.

use crate::domain::catalogue::OWNER;
use crate::domain::company::Place;
use crate::domain::role::HeldRole;
use crate::domain::role::Role;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeSet;
use crate::domain::user::Membership;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::people;
use crate::ops::place_access;
use crate::ops::sessions::LiveSession;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Members;
use crate::store::tables::OwnRoles;

/// A role that can be held in a company or firm.
#[derive(Clone, Debug)]
pub struct RoleHere {
    /// Its name.
    pub name: RoleName,
    /// As people read it.
    pub title: String,
    /// What it allows, as a closure.
    pub allows: ScopeSet,
    /// Whether it administers the company or firm.
    pub administers: bool,
    /// Where it comes from.
    pub origin: RoleOrigin,
    /// How many people hold it here.
    pub held_by: u64,
}

/// Where a role comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleOrigin {
    /// The catalogue has it by default.
    BuiltIn,
    /// The configuration says so.
    Configured,
    /// The company or firm made it.
    Own,
}

const BUILT_IN: [&str; 4] = [OWNER, "admin", "accountant", "viewer"];

fn of_catalogue(ops: &Ops, role: &Role) -> RoleHere {
    let built_in = BUILT_IN.contains(&role.name.0.as_str());
    RoleHere {
        name: role.name.clone(),
        title: role.title.clone(),
        allows: ops.catalogue.role_allows(&role.name),
        administers: role.administers,
        origin: if built_in { RoleOrigin::BuiltIn } else { RoleOrigin::Configured },
        held_by: 0,
    }
}

fn of_place(ops: &Ops, held: &HeldRole) -> Option<RoleHere> {
    let own = held.own.as_ref()?;
    Some(RoleHere {
        name: held.name.clone(),
        title: own.title.clone(),
        allows: ops.catalogue.held_allows(held),
        administers: false,
        origin: RoleOrigin::Own,
        held_by: 0,
    })
}

/// The role called `name` in `place`.
pub(in crate::ops) fn find(
    reader: &Reader<'_>,
    ops: &Ops,
    place: Place,
    name: &RoleName,
) -> Result<Option<RoleHere>, Fault> {
    if !name.is_own() {
        return Ok(ops.catalogue.role(name).map(|role| of_catalogue(ops, role)));
    }
    let own = reader.get::<OwnRoles>(&(place, name.clone()))?;
    let held = HeldRole { name: name.clone(), own: own.map(std::sync::Arc::new) };
    Ok(of_place(ops, &held))
}

/// Every role of `place`: those that administer first, then by how much they allow.
pub(in crate::ops) fn all(
    reader: &Reader<'_>,
    ops: &Ops,
    place: Place,
) -> Result<Vec<RoleHere>, Fault> {
    let mut roles: Vec<RoleHere> =
        ops.catalogue.roles().map(|role| of_catalogue(ops, role)).collect();
    roles.sort_by_key(|role| {
        let (owner, allows) = (role.name.0 == OWNER, role.allows.len());
        (!owner, !role.administers, usize::MAX - allows)
    });
    let place_key = tables::place_key(place);
    for (key, own) in reader.under::<OwnRoles>(&place)? {
        let name = key.get(place_key.len()..).and_then(|name| std::str::from_utf8(name).ok());
        let held = name.map(|name| HeldRole {
            name: RoleName(name.to_owned()),
            own: Some(std::sync::Arc::new(own)),
        });
        roles.extend(held.and_then(|held| of_place(ops, &held)));
    }
    for membership in members(reader, place)? {
        if let Some(role) = roles.iter_mut().find(|role| role.name == membership.role) {
            role.held_by += 1;
        }
    }
    Ok(roles)
}

/// Everybody who holds a role in `place` itself.
pub(in crate::ops) fn members(reader: &Reader<'_>, place: Place) -> Result<Vec<Membership>, Fault> {
    let mut found = Vec::new();
    for (key, ()) in reader.under::<Members>(&place)? {
        let user = tables::last_id(&key).map(crate::base::id::UserId::from_raw);
        let held = user.map_or(Ok(None), |user| people::membership(reader, user, place))?;
        found.extend(held.map(|held| Membership::clone(&held)));
    }
    Ok(found)
}

/// The title of the role of a membership.
pub(in crate::ops) fn title(
    reader: &Reader<'_>,
    ops: &Ops,
    held: &Membership,
) -> Result<String, Fault> {
    Ok(ops.role_titles(&[place_access::held_role(reader, held)?]))
}

impl Ops {
    /// The roles of `place`.
    ///
    /// # Errors
    /// [`Refusal::OutOfReach`].
    pub fn roles_of(&self, live: &LiveSession, place: Place) -> Outcome<Vec<RoleHere>, Refusal> {
        self.look_for(live, Authority::Member(place), |reader| Ok(Ok(all(reader, self, place)?)))
    }
}
