//! Inviting somebody into a company or firm, and taking an invitation back.
//!
//! The answer is the same whether the address has an account here or not: a link to hand over. What
//! becomes of it is decided by whoever uses it (see [`crate::ops::join`]).

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::invitation::Invitation;
use crate::domain::link::LinkPurpose;
use crate::domain::role::RoleName;
use crate::domain::user::Email;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::issue_link;
use crate::ops::administration::issue_link::DrawnLink;
use crate::ops::administration::issue_link::IssuedLink;
use crate::ops::administration::names;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::people;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables;
use crate::store::tables::Invitations;
use crate::store::tables::Links;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// How long an invitation that nobody accepted is shown: a name and an address of somebody who never
/// came.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// Who is invited to what.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// What they sign in with.
    pub email: Email,
    /// As whoever invites them calls them.
    pub name: String,
    /// The role.
    pub role: RoleName,
    /// The company or firm.
    pub place: Place,
}

/// An invitation with its link, shown now and never again.
#[derive(Clone, Debug)]
pub struct Invited {
    /// Its id.
    pub id: RawId,
    /// The link.
    pub link: IssuedLink,
}

/// The act on the writer.
struct Invite {
    ops: Ops,
    place: Place,
    invitation: Invitation,
    drawn: DrawnLink,
    origin: Origin,
}

impl Operation for Invite {
    type Outcome = Result<(), Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        if let Err(why) = self.allowed(reader)? {
            return Ok(Decision::unchanged(Err(why)));
        }
        let Self { place, invitation, drawn, origin, .. } = self;
        let mut changes = Changes::new();
        for (id, older) in waiting(reader, place)? {
            let over = invitation.made_at.since(older.made_at) > KEPT;
            if over || older.email == invitation.email {
                remove(&mut changes, place, id);
            }
        }
        issue_link::put(&mut changes, &drawn, invitation.made_at, origin)?;
        changes.put::<Invitations>(&(place, drawn.id), &invitation)?;
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

impl Invite {
    fn allowed(&self, reader: &Reader<'_>) -> Result<Result<(), Refusal>, Fault> {
        if let Err(why) = records::place_exists(reader, self.place)? {
            return Ok(Err(why));
        }
        let hand = Hand { reader, ops: &self.ops, by: self.invitation.by };
        if let Err(why) = hand.gives(self.place, &self.invitation.role)? {
            return Ok(Err(why));
        }
        let Some(user) = people::by_email(reader, &self.invitation.email)? else {
            return Ok(Ok(()));
        };
        if Some(user.id) == self.invitation.by {
            return Ok(Err(Refusal::Oneself));
        }
        Ok(match people::membership(reader, user.id, self.place)? {
            Some(_) => Err(Refusal::AlreadyMember(user.email)),
            None => Ok(()),
        })
    }
}

/// The invitations into `place`, oldest first.
pub(in crate::ops) fn waiting(
    reader: &Reader<'_>,
    place: Place,
) -> Result<Vec<(RawId, Invitation)>, Fault> {
    let rows = reader.under::<Invitations>(&place)?.into_iter();
    Ok(rows.filter_map(|(key, row)| Some((tables::last_id(&key)?, row))).collect())
}

/// The invitation is no more, nor its link.
pub(in crate::ops) fn remove(changes: &mut Changes, place: Place, id: RawId) {
    changes.delete::<Invitations>(&(place, id));
    changes.delete::<Links>(&id);
}

struct Withdraw {
    place: Place,
    id: RawId,
    now: Timestamp,
    origin: Origin,
}

impl Operation for Withdraw {
    type Outcome = Result<Invitation, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(found) = reader.get::<Invitations>(&(self.place, self.id))? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownInvitation)));
        };
        let mut changes = Changes::new();
        remove(&mut changes, self.place, self.id);
        let event = Event::new(EventKind::RoleRemoved, self.now, self.origin).place(self.place);
        changes.record(event.cause("invitation_withdrawn"));
        Ok(Decision { changes, outcome: Ok(found) })
    }
}

impl Ops {
    /// Invites somebody. An invitation of the same address into the same place ends.
    ///
    /// # Errors
    /// The name is none, they are there already, or the role is more than whoever invites may give.
    pub async fn invite(&self, new: NewInvitation, by: impl Into<By>) -> Outcome<Invited, Refusal> {
        let (by, now) = (by.into(), self.now());
        let (drawn, link) = self.draw_link(LinkPurpose::Join { place: new.place }, now);
        let invitation = Invitation {
            email: new.email,
            name: names::checked(&new.name).map_err(Failure::Refused)?,
            role: new.role,
            by: by.user(),
            made_at: now,
            expires_at: link.expires_at,
        };
        let (id, place, origin) = (drawn.id, new.place, by.origin());
        let act = Invite { ops: self.frozen(), place, invitation, drawn, origin };
        self.administer(by, Needs::confirmed(Authority::Administers(place)), act).await?;
        Ok(Invited { id, link })
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// There is none, such as after it was accepted.
    pub async fn withdraw_invitation(
        &self,
        place: Place,
        id: RawId,
        by: impl Into<By>,
    ) -> Outcome<Invitation, Refusal> {
        let by = by.into();
        let act = Withdraw { place, id, now: self.now(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::Administers(place)), act).await
    }

    /// Whether an invitation could be made so; the place where the form is checked before it is
    /// confirmed. Nothing is told of addresses that are not of this place.
    ///
    /// # Errors
    /// As [`Self::invite`].
    pub fn may_invite(
        &self,
        live: &crate::ops::sessions::LiveSession,
        new: &NewInvitation,
    ) -> Outcome<(), Refusal> {
        let by = Some(live.user.id);
        self.look_for(live, Authority::Administers(new.place), |reader| {
            let hand = Hand { reader, ops: self, by };
            if let Err(why) = hand.gives(new.place, &new.role)? {
                return Ok(Err(why));
            }
            let Some(user) = people::by_email(reader, &new.email)? else { return Ok(Ok(())) };
            let held = people::membership(reader, user.id, new.place)?;
            Ok(held.map_or(Ok(()), |_| Err(Refusal::AlreadyMember(user.email))))
        })
    }
}
