//! Taking somebody's role in a company or firm away.

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::user::Membership;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::people;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct RemoveRole {
    user: UserId,
    place: Place,
    now: Timestamp,
    origin: Origin,
}

impl Operation for RemoveRole {
    type Outcome = Result<Membership, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(held) = people::membership(reader, self.user, self.place)? else {
            return Ok(Decision::unchanged(Err(Refusal::NoRoleHeld)));
        };
        let mut changes = Changes::new();
        records::remove_membership(&mut changes, &held);
        let event = Event::new(EventKind::RoleRemoved, self.now, self.origin);
        let event = event.user(held.user).place(held.place);
        changes.record(event.cause(held.role.0.as_str()));
        Ok(Decision { changes, outcome: Ok(Membership::clone(&held)) })
    }
}

impl Ops {
    /// Takes the role of `user` in `place` away. What they granted there loses its permissions at
    /// the next use.
    ///
    /// # Errors
    /// They hold none there.
    pub async fn remove_role(
        &self,
        user: UserId,
        place: Place,
        by: impl Into<By>,
    ) -> Outcome<Membership, Refusal> {
        let by = by.into();
        let act = RemoveRole { user, place, now: self.now(), origin: by.origin() };
        let needs = Needs::confirmed(Authority::MemberOf { place, user });
        self.administer(by, needs, act).await
    }
}
