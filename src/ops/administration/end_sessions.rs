//! Signing somebody out everywhere.

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::sessions;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

struct EndSessions {
    ops: Ops,
    user: UserId,
    place: Place,
    by: Option<UserId>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for EndSessions {
    type Outcome = Result<u64, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let hand = Hand { reader, ops: &self.ops, by: self.by };
        if let Err(why) = hand.touches(self.place, self.user)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        let mut changes = Changes::new();
        let ended = sessions::end_all(reader, &mut changes, self.user, None)?;
        let event = Event::new(EventKind::SessionsEnded, self.now, self.origin);
        changes.record(event.user(self.user).place(self.place).cause(ended.to_string()));
        Ok(Decision { changes, outcome: Ok(ended) })
    }
}

impl Ops {
    /// Ends every session of somebody who has a role of their own in `place`: it only takes access
    /// away, and they sign in again. How many.
    ///
    /// # Errors
    /// They have no role there, or are an owner and whoever does it is not.
    pub async fn end_sessions(
        &self,
        user: UserId,
        place: Place,
        by: impl Into<By>,
    ) -> Outcome<u64, Refusal> {
        let (by, now) = (by.into(), self.now());
        let act = EndSessions {
            ops: self.frozen(),
            user,
            place,
            by: by.user(),
            now,
            origin: by.origin(),
        };
        self.administer(by, Needs::confirmed(Authority::MemberOf { place, user }), act).await
    }
}
