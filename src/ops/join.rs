//! Accepting an invitation: with a new account, or with the one that the person signed in with.
//!
//! An account that exists joins only when its own person, signed in with both factors, uses the link:
//! whoever made an account in somebody's name elsewhere gets nothing that is meant for them.

use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::domain::invitation::Invitation;
use crate::domain::link::LinkPurpose;
use crate::domain::session::Level;
use crate::domain::user::Membership;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::create_user::NewUser;
use crate::ops::administration::grant_role;
use crate::ops::administration::invite;
use crate::ops::administration::issue_link;
use crate::ops::administration::over_people::Hand;
use crate::ops::administration::records;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::links;
use crate::ops::links::LinkRefusal;
use crate::ops::links::OpenLink;
use crate::ops::people;
use crate::ops::sessions;
use crate::ops::sessions::LiveSession;
use crate::ops::sign_in::NewSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Invitations;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The invitation behind a link, if it still stands: whoever made it could make it now.
pub(in crate::ops) fn standing(
    reader: &Reader<'_>,
    ops: &Ops,
    token: &PlainToken,
) -> Result<Option<(Place, Invitation)>, Fault> {
    let Some(link) = links::good_link(ops, reader, token)? else { return Ok(None) };
    let LinkPurpose::Join { place } = link.purpose else { return Ok(None) };
    let Some(invitation) = reader.get::<Invitations>(&(place, *token.id()))? else {
        return Ok(None);
    };
    let hand = Hand { reader, ops, by: invitation.by };
    let stands = hand.gives(place, &invitation.role)?.is_ok();
    Ok(stands.then_some((place, invitation)))
}

impl Ops {
    /// Accepts an invitation with a new account; its session begins.
    ///
    /// # Errors
    /// [`LinkRefusal`].
    pub async fn join_anew(
        &self,
        link: &OpenLink,
        name: String,
        password: Secret,
        origin: Origin,
    ) -> Outcome<NewSession, LinkRefusal> {
        let Some(invitation) = &link.invitation else {
            return Err(Failure::Refused(LinkRefusal::Gone));
        };
        let hash = self.hashing.hash(password, self.draw()).await?;
        let (now, email) = (self.now(), invitation.email.clone());
        let new = NewUser { email, name, password: Some(hash), operator: false };
        let user = new
            .into_user(UserId::make(now, self.entropy.as_ref()), now)
            .map_err(|_| Failure::Refused(LinkRefusal::Gone))?;
        let session = self.draw_session(now);
        let (ops, token) = (self.frozen(), link.token.clone());
        let act = JoinAnew { ops, token, user, session: session.clone(), origin };
        flatten(self.store.submit(act).await)?;
        Ok(NewSession { cookie: session.text().into(), enrolled: false })
    }

    /// Accepts an invitation with the account that is signed in. The place that it joined.
    ///
    /// # Errors
    /// [`LinkRefusal::Gone`], also if the invitation is for another address.
    pub async fn join(
        &self,
        live: &LiveSession,
        link: &OpenLink,
        origin: Origin,
    ) -> Outcome<Place, LinkRefusal> {
        let (ops, token) = (self.frozen(), link.token.clone());
        flatten(self.store.submit(Join { ops, token, session: *live.id(), origin }).await)
    }
}

struct JoinAnew {
    ops: Ops,
    token: PlainToken,
    user: User,
    session: PlainToken,
    origin: Origin,
}

impl Operation for JoinAnew {
    type Outcome = Result<(), LinkRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some((place, invitation)) = standing(reader, &self.ops, &self.token)? else {
            return Ok(Decision::unchanged(Err(LinkRefusal::Gone)));
        };
        if people::by_email(reader, &self.user.email)?.is_some() {
            return Ok(Decision::unchanged(Err(LinkRefusal::EmailTaken)));
        }
        let user = self.user.id;
        let mut changes = Changes::new();
        records::add_user(&mut changes, &self.user)?;
        for kind in [EventKind::UserCreated, EventKind::PasswordSet] {
            changes.record(self.ops.event(kind, self.origin).user(user));
        }
        enter(&mut changes, (user, place), &invitation, &self.ops, self.origin)?;
        invite::remove(&mut changes, place, *self.token.id());
        let row = sessions::row(&self.ops, &self.session, user, Level::Password, self.origin);
        sessions::begin(reader, &mut changes, self.session.id(), &row)?;
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

struct Join {
    ops: Ops,
    token: PlainToken,
    session: RawId,
    origin: Origin,
}

impl Operation for Join {
    type Outcome = Result<Place, LinkRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let gone = || Ok(Decision::unchanged(Err(LinkRefusal::Gone)));
        let live = sessions::still(reader, &self.session, &self.ops, Level::SecondFactor)?;
        let Some(live) = live else { return gone() };
        let Some((place, invitation)) = standing(reader, &self.ops, &self.token)? else {
            return gone();
        };
        if invitation.email != live.user.email {
            return gone();
        }
        let user = live.user.id;
        let mut changes = Changes::new();
        // Who is there already keeps their role: it may have been changed since.
        if people::membership(reader, user, place)?.is_none() {
            enter(&mut changes, (user, place), &invitation, &self.ops, self.origin)?;
        }
        // Somebody who administered the account while it was only theirs does so no longer.
        issue_link::withdraw_of(reader, &mut changes, user)?;
        invite::remove(&mut changes, place, *self.token.id());
        Ok(Decision { changes, outcome: Ok(place) })
    }
}

fn enter(
    changes: &mut Changes,
    (user, place): (UserId, Place),
    invitation: &Invitation,
    ops: &Ops,
    origin: Origin,
) -> Result<(), Fault> {
    let role = invitation.role.clone();
    grant_role::put(changes, &Membership { user, place, role, since: ops.now() }, origin)
}
