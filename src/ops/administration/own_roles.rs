//! Roles that a company or firm makes for itself: nobody puts in more than they hold.

use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::role::OwnRole;
use crate::domain::role::RoleName;
use crate::domain::scope::ScopeSet;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::authority;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::invite;
use crate::ops::administration::names;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::OwnRoles;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

struct SaveRole {
    ops: Ops,
    place: Place,
    name: RoleName,
    /// Whether it is there already.
    changes: bool,
    role: OwnRole,
    by: Option<UserId>,
    origin: Origin,
}

impl Operation for SaveRole {
    type Outcome = Result<RoleName, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        if let Err(why) = self.allowed(reader)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        let Self { ops, place, name, changes: there, role, origin, .. } = self;
        let made_at = match reader.get::<OwnRoles>(&(place, name.clone()))? {
            Some(before) => before.made_at,
            None => role.made_at,
        };
        let mut changes = Changes::new();
        let event = ops.event(EventKind::RoleChanged, origin).place(place);
        let what = if there { "changed" } else { "made" };
        changes.record(event.cause(format!("{what} {}: {}", name.0, role.scopes)));
        changes.put::<OwnRoles>(&(place, name.clone()), &OwnRole { made_at, ..role })?;
        Ok(Decision { changes, outcome: Ok(name) })
    }
}

impl SaveRole {
    fn allowed(&self, reader: &Reader<'_>) -> Result<Result<(), Refusal>, Fault> {
        let all = roles::all(reader, &self.ops, self.place)?;
        let there = all.iter().any(|role| role.name == self.name);
        if self.changes != there {
            return Ok(Err(Refusal::UnknownOwnRole));
        }
        let taken = |role: &roles::RoleHere| {
            role.name != self.name
                && (role.title.eq_ignore_ascii_case(&self.role.title)
                    || role.name.0.eq_ignore_ascii_case(&self.role.title))
        };
        if all.iter().any(taken) {
            return Ok(Err(Refusal::RoleTaken));
        }
        let catalogue = &self.ops.catalogue;
        if self.role.scopes.is_empty() || !catalogue.knows(&self.role.scopes) {
            return Ok(Err(Refusal::RoleEmpty));
        }
        let Some(by) = self.by else { return Ok(Ok(())) };
        let Some(actor) = reader.get::<Users>(&by)?.filter(User::is_active) else {
            return Ok(Err(Refusal::NotAllowed));
        };
        let standing = authority::standing(reader, &self.ops, &actor, self.place)?;
        Ok(standing.and_then(|standing| {
            let within = catalogue.closure(&self.role.scopes).is_subset(&standing.held);
            if within { Ok(()) } else { Err(Refusal::BeyondOwn) }
        }))
    }
}

struct DeleteRole {
    ops: Ops,
    place: Place,
    name: RoleName,
    origin: Origin,
}

impl Operation for DeleteRole {
    type Outcome = Result<OwnRole, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(role) = reader.get::<OwnRoles>(&(self.place, self.name.clone()))? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownOwnRole)));
        };
        let held = roles::members(reader, self.place)?.iter().any(|held| held.role == self.name);
        let promised = invite::waiting(reader, self.place)?;
        if held || promised.iter().any(|(_, invitation)| invitation.role == self.name) {
            return Ok(Decision::unchanged(Err(Refusal::RoleHeld)));
        }
        let mut changes = Changes::new();
        changes.delete::<OwnRoles>(&(self.place, self.name.clone()));
        let event = self.ops.event(EventKind::RoleChanged, self.origin).place(self.place);
        changes.record(event.cause(format!("deleted {}", self.name.0)));
        Ok(Decision { changes, outcome: Ok(role) })
    }
}

impl Ops {
    /// Makes a role of one's own in `place`, or changes the one called `name`: that counts at the next
    /// use of every token.
    ///
    /// # Errors
    /// There is no such role, its title is another's or none, it allows nothing, or more than whoever
    /// makes it holds.
    pub async fn save_role(
        &self,
        place: Place,
        name: Option<RoleName>,
        title: &str,
        scopes: &ScopeSet,
        by: impl Into<By>,
    ) -> Outcome<RoleName, Refusal> {
        let (by, now) = (by.into(), self.now());
        let title = names::checked(title).map_err(Failure::Refused)?;
        let role = OwnRole { title, scopes: self.catalogue.maximal(scopes), made_at: now };
        let changes = name.is_some();
        let fresh = || RoleName::own(RawId::make(now, self.entropy.as_ref()));
        let act = SaveRole {
            ops: self.frozen(),
            place,
            name: name.unwrap_or_else(fresh),
            changes,
            role,
            by: by.user(),
            origin: by.origin(),
        };
        self.administer(by, Needs::confirmed(Authority::Administers(place)), act).await
    }

    /// Deletes a role of one's own that nobody holds.
    ///
    /// # Errors
    /// There is none of that name in `place`, or somebody holds it or was invited to it.
    pub async fn delete_role(
        &self,
        place: Place,
        name: RoleName,
        by: impl Into<By>,
    ) -> Outcome<OwnRole, Refusal> {
        let by = by.into();
        let act = DeleteRole { ops: self.frozen(), place, name, origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::Administers(place)), act).await
    }
}
