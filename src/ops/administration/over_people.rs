//! Who may do what to whom: the rules that keep a role from growing by giving it away.
//!
//! Nobody gives a role that allows or administers more than their own; whoever administers a company
//! only through its firm makes nobody administer it. Owners are made, changed and
//! removed by owners alone, and nobody acts on themself, so that an owner always remains. What changes
//! an account itself, beyond its role in one place, is for whoever administers the only place it is
//! used in; where it is used elsewhere too, or administers the installation, only for an operator. At
//! the machine everything is allowed.

use crate::base::id::UserId;
use crate::domain::catalogue::OWNER;
use crate::domain::company::Place;
use crate::domain::role::RoleName;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::authority;
use crate::ops::administration::refusal::Refusal;
use crate::ops::administration::roles;
use crate::ops::people;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Users;

/// Whether the rules allow it.
pub(in crate::ops) type Checked = Result<Result<(), Refusal>, Fault>;

/// Somebody who does something to somebody.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Hand<'a> {
    /// The state.
    pub reader: &'a Reader<'a>,
    /// The operations.
    pub ops: &'a Ops,
    /// Who; none: the operator at the machine.
    pub by: Option<UserId>,
}

impl Hand<'_> {
    fn actor(&self) -> Result<Option<User>, Fault> {
        let found = self.by.map_or(Ok(None), |by| self.reader.get::<Users>(&by))?;
        Ok(found.filter(User::is_active))
    }

    /// Whether `user` owns `place`: by a role there, not by one in its firm.
    fn owns(&self, user: UserId, place: Place) -> Result<bool, Fault> {
        let held = people::membership(self.reader, user, place)?;
        Ok(held.is_some_and(|held| held.role.0 == OWNER))
    }

    /// Whether they may give `role` in `place`.
    pub(in crate::ops) fn gives(&self, place: Place, role: &RoleName) -> Checked {
        let Some(role) = roles::find(self.reader, self.ops, place, role)? else {
            return Ok(Err(Refusal::UnknownRole(role.clone())));
        };
        let Some(by) = self.by else { return Ok(Ok(())) };
        let Some(actor) = self.actor()? else { return Ok(Err(Refusal::NotAllowed)) };
        if role.name.0 == OWNER && !self.owns(by, place)? {
            return Ok(Err(Refusal::OwnersOnly));
        }
        // A role in the firm makes nobody govern one of its companies, so it makes no others do so.
        if role.administers
            && !actor.operator
            && !authority::administers_itself(self.reader, self.ops, &actor, place)?
        {
            return Ok(Err(Refusal::BeyondOwn));
        }
        let standing = authority::standing(self.reader, self.ops, &actor, place)?;
        Ok(standing.and_then(|standing| {
            let within = role.allows.is_subset(&standing.held);
            if standing.administers && within { Ok(()) } else { Err(Refusal::BeyondOwn) }
        }))
    }

    /// Whether they may change or take away the role of `user` in `place`.
    pub(in crate::ops) fn touches(&self, place: Place, user: UserId) -> Checked {
        let Some(by) = self.by else { return Ok(Ok(())) };
        if by == user {
            return Ok(Err(Refusal::Oneself));
        }
        if self.owns(user, place)? && !self.owns(by, place)? {
            return Ok(Err(Refusal::OwnersOnly));
        }
        Ok(Ok(()))
    }

    /// Whether they may change the account of `user`, who has a role in `place`.
    pub(in crate::ops) fn governs(&self, place: Place, user: UserId) -> Checked {
        let Some(by) = self.by else { return Ok(Ok(())) };
        if by == user {
            return Ok(Err(Refusal::Oneself));
        }
        let Some(held) = people::membership(self.reader, user, place)? else {
            return Ok(Err(Refusal::UnknownUser));
        };
        if self.actor()?.is_some_and(|actor| actor.operator) {
            return Ok(Ok(()));
        }
        let account = self.reader.get::<Users>(&user)?;
        let elsewhere = people::memberships(self.reader, user)?.len() > 1;
        if elsewhere || account.is_some_and(|account| account.operator) {
            return Ok(Err(Refusal::ElsewhereToo));
        }
        if let Err(why) = self.touches(place, user)? {
            return Ok(Err(why));
        }
        // Whoever could act as them must not be able to do more than before.
        self.gives(place, &held.role)
    }

    /// Whether each place that `user` owns has another owner who can act. At the machine it does not
    /// matter: there another one can be made.
    pub(in crate::ops) fn leaves_owners(&self, user: UserId) -> Checked {
        if self.by.is_none() {
            return Ok(Ok(()));
        }
        for held in people::memberships(self.reader, user)? {
            if held.role.0 == OWNER && !self.has_another_owner(held.place, user)? {
                return Ok(Err(Refusal::LastOwner));
            }
        }
        Ok(Ok(()))
    }

    fn has_another_owner(&self, place: Place, user: UserId) -> Result<bool, Fault> {
        for other in roles::members(self.reader, place)? {
            if other.user != user && other.role.0 == OWNER {
                let account = self.reader.get::<Users>(&other.user)?;
                if account.is_some_and(|account| account.is_active()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
