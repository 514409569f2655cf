//! Giving somebody a role in a company or firm. One role each: a new one replaces the old.

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::catalogue;
use crate::domain::company::Place;
use crate::domain::role::RoleName;
use crate::domain::user::Membership;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct GrantRole {
    ops: Ops,
    membership: Membership,
    by: Option<UserId>,
    origin: Origin,
}

impl Operation for GrantRole {
    type Outcome = Result<Membership, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { ops, membership, by, origin } = self;
        if !reader.has::<Users>(&membership.user)? {
            return Ok(Decision::unchanged(Err(Refusal::UnknownUser)));
        }
        if let Err(refusal) = records::place_exists(reader, membership.place)? {
            return Ok(Decision::unchanged(Err(refusal)));
        }
        let hand = Hand { reader, ops: &ops, by };
        let (place, user) = (membership.place, membership.user);
        for checked in [hand.touches(place, user)?, hand.gives(place, &membership.role)?] {
            if let Err(refusal) = checked {
                return Ok(Decision::unchanged(Err(refusal)));
            }
        }
        let mut changes = Changes::new();
        put(&mut changes, &membership, origin)?;
        Ok(Decision { changes, outcome: Ok(membership) })
    }
}

/// The role and its audit entry.
pub(in crate::ops) fn put(
    changes: &mut Changes,
    membership: &Membership,
    origin: Origin,
) -> Result<(), Fault> {
    records::put_membership(changes, membership)?;
    let event = Event::new(EventKind::RoleGranted, membership.since, origin);
    let event = event.user(membership.user).place(membership.place);
    changes.record(event.cause(membership.role.0.as_str()));
    Ok(())
}

/// Somebody owns from its beginning what they made.
pub(in crate::ops) fn put_owner(
    changes: &mut Changes,
    user: UserId,
    place: Place,
    since: Timestamp,
    origin: Origin,
) -> Result<(), Fault> {
    let role = RoleName(catalogue::OWNER.to_owned());
    put(changes, &Membership { user, place, role, since }, origin)
}

impl Ops {
    /// Gives `user` the role in `place`, in place of the one they had there.
    ///
    /// # Errors
    /// The user, the place or the role does not exist there, or a person gives more than they may.
    pub async fn grant_role(
        &self,
        user: UserId,
        place: Place,
        role: RoleName,
        by: impl Into<By>,
    ) -> Outcome<Membership, Refusal> {
        let by = by.into();
        let membership = Membership { user, place, role, since: self.now() };
        let (ops, origin) = (self.frozen(), by.origin());
        let act = GrantRole { ops, membership, by: by.user(), origin };
        let needs = Needs::confirmed(Authority::MemberOf { place, user });
        self.administer(by, needs, act).await
    }
}
