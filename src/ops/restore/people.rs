//! People as far as the former file still let them in: erased, disabled, without a role, with factors
//! that were taken from them.

use crate::base::clock::Timestamp;
use crate::domain::role::HeldRole;
use crate::domain::role::OwnRole;
use crate::domain::user::Factors;
use crate::domain::user::Membership;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::ops::administration::records;
use crate::ops::people;
use crate::ops::restore::Settling;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Emails;
use crate::store::tables::Factors as FactorsTable;
use crate::store::tables::OwnRoles;
use crate::store::tables::Users;

impl Settling<'_> {
    pub(super) fn people_as_in(&mut self, former: &Reader<'_>) -> Result<(), Fault> {
        for (_, user) in self.reader.all::<Users>()? {
            match former.get::<Users>(&user.id)? {
                Some(was) if was.erased_at.is_some() => self.erased_again(&user, &was)?,
                Some(was) => self.person_as(former, &user, &was)?,
                None => {
                    let left = User { status: UserStatus::Disabled, ..user.clone() };
                    self.put_user(&user, left)?;
                }
            }
        }
        Ok(())
    }

    /// Their number is left.
    fn erased_again(&mut self, user: &User, was: &User) -> Result<(), Fault> {
        if user.erased_at.is_some() {
            return Ok(());
        }
        self.changes.delete::<Emails>(&user.email);
        self.changes.delete::<FactorsTable>(&user.id);
        for held in people::memberships(self.reader, user.id)? {
            records::remove_membership(&mut self.changes, &held);
            self.settled.roles += 1;
        }
        self.changes.put::<Users>(&user.id, was)?;
        self.settled.people += 1;
        Ok(())
    }

    fn person_as(&mut self, former: &Reader<'_>, user: &User, was: &User) -> Result<(), Fault> {
        let lost_factor = self.factors_as_in(former, user)?;
        let mut left = user.clone();
        left.operator &= was.operator;
        if was.status == UserStatus::Disabled {
            left.status = UserStatus::Disabled;
        }
        // A password that was replaced may be known to others; and without the factor that stood beside
        // it, it would be enough alone to set up another one.
        if lost_factor || was.password.is_none() || was.password_at > user.password_at {
            left.password = None;
        }
        if user.password.is_some() && left.password.is_none() && left.is_active() {
            self.settled.need_links.push(user.email.clone());
        }
        self.put_user(user, left)?;
        for held in people::memberships(self.reader, user.id)? {
            self.membership_as_in(former, held)?;
        }
        Ok(())
    }

    fn put_user(&mut self, before: &User, left: User) -> Result<(), Fault> {
        if left != *before {
            self.changes.put::<Users>(&left.id, &left)?;
            self.settled.people += 1;
        }
        Ok(())
    }

    /// Whether no factor is left of some.
    fn factors_as_in(&mut self, former: &Reader<'_>, user: &User) -> Result<bool, Fault> {
        let Some(factors) = self.reader.get::<FactorsTable>(&user.id)? else { return Ok(false) };
        let was = former.get::<FactorsTable>(&user.id)?.unwrap_or_default();
        let left = as_left(factors.clone(), &was, self.now);
        let spent = factors.recovery_left().saturating_sub(left.recovery_left());
        self.settled.recovery_codes += u64::try_from(spent).unwrap_or_default();
        if left != factors {
            self.changes.put::<FactorsTable>(&user.id, &left)?;
        }
        Ok(factors.enrolled() && !left.enrolled())
    }

    /// The lesser of two roles; none if neither is, or there was none.
    fn membership_as_in(&mut self, former: &Reader<'_>, held: Membership) -> Result<(), Fault> {
        let was = people::membership(former, held.user, held.place)?;
        let left = match &was {
            Some(was) if was.role == held.role => return Ok(()),
            Some(was) if self.is_within(former, was, &held)? => Some(was),
            Some(was) if self.is_beyond(former, was, &held)? => return Ok(()),
            _ => None,
        };
        self.settled.roles += 1;
        match left {
            Some(was) => records::put_membership(&mut self.changes, was),
            None => {
                records::remove_membership(&mut self.changes, &held);
                Ok(())
            }
        }
    }

    /// Whether the former role allows nothing that the one in the backup does not, and still exists.
    fn is_within(
        &self,
        former: &Reader<'_>,
        was: &Membership,
        held: &Membership,
    ) -> Result<bool, Fault> {
        let known = !was.role.is_own() || self.own(self.reader, was)?.is_some();
        Ok(known && self.covers(&self.role(self.reader, held)?, &self.role(former, was)?))
    }

    fn is_beyond(
        &self,
        former: &Reader<'_>,
        was: &Membership,
        held: &Membership,
    ) -> Result<bool, Fault> {
        Ok(self.covers(&self.role(former, was)?, &self.role(self.reader, held)?))
    }

    fn covers(&self, more: &HeldRole, less: &HeldRole) -> bool {
        let administers =
            |role: &HeldRole| self.catalogue.role(&role.name).is_some_and(|role| role.administers);
        let (wide, narrow) = (self.catalogue.held_closure(more), self.catalogue.held_closure(less));
        (administers(more) || !administers(less)) && narrow.iter().all(|one| wide.contains(one))
    }

    fn role(&self, reader: &Reader<'_>, held: &Membership) -> Result<HeldRole, Fault> {
        let own = self.own(reader, held)?.map(std::sync::Arc::new);
        Ok(HeldRole { name: held.role.clone(), own })
    }

    #[expect(clippy::unused_self, reason = "it belongs to what is gathered here")]
    fn own(&self, reader: &Reader<'_>, held: &Membership) -> Result<Option<OwnRole>, Fault> {
        reader.get::<OwnRoles>(&(held.place, held.role.clone()))
    }
}

/// The factors that are in both; of recovery codes, those that are unspent in both.
fn as_left(mut factors: Factors, was: &Factors, now: Timestamp) -> Factors {
    factors.totp = factors.totp.filter(|ours| {
        was.totp.as_ref().is_some_and(|theirs| theirs.sealed_seed == ours.sealed_seed)
    });
    if let (Some(ours), Some(theirs)) = (&mut factors.totp, &was.totp) {
        ours.last_step = ours.last_step.max(theirs.last_step);
    }
    factors.passkeys.retain_mut(|ours| {
        let kept = was.passkeys.iter().find(|kept| kept.id == ours.id && kept.key == ours.key);
        ours.counter = ours.counter.max(kept.map_or(0, |kept| kept.counter));
        kept.is_some()
    });
    for code in factors.recovery.iter_mut().filter(|code| code.used_at.is_none()) {
        let kept = was.recovery.iter().find(|kept| kept.hash == code.hash);
        code.used_at = kept.map_or(Some(now), |kept| kept.used_at);
    }
    factors
}
