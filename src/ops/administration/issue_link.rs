//! Issuing a one-time link: for the first owner, or for a new user's first password.

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::lifetimes;
use crate::domain::link::Link;
use crate::domain::link::LinkPurpose;
use crate::ops::Ops;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Links;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Under which path links lead to the set-up pages.
pub const PATH: &str = "/setup/";

/// A link in clear, shown now and never again.
#[derive(Clone, Debug)]
pub struct IssuedLink {
    /// The whole URL.
    pub url: Secret,
    /// The token in it.
    pub token: PlainToken,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A link drawn and ready to be stored.
pub(in crate::ops) struct DrawnLink {
    pub(in crate::ops) id: RawId,
    pub(in crate::ops) link: Link,
}

/// The act on the writer.
struct IssueLink {
    drawn: DrawnLink,
    now: Timestamp,
    origin: Origin,
}

impl Operation for IssueLink {
    type Outcome = Result<(), Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        if let Err(refusal) = may_issue(reader, self.drawn.link.purpose)? {
            return Ok(Decision::unchanged(Err(refusal)));
        }
        let mut changes = Changes::new();
        replace_older(reader, &mut changes, self.drawn.link.purpose)?;
        put(&mut changes, &self.drawn, self.now, self.origin)?;
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

fn may_issue(reader: &Reader<'_>, purpose: LinkPurpose) -> Result<Result<(), Refusal>, Fault> {
    Ok(match purpose {
        LinkPurpose::FirstOwner if has_users(reader)? => Err(Refusal::AlreadySetUp),
        LinkPurpose::FirstOwner => Ok(()),
        // Each has an act of its own, which checks more than is known here.
        LinkPurpose::Join { .. } | LinkPurpose::Password { .. } | LinkPurpose::Factor { .. } => {
            Err(Refusal::NotAllowed)
        }
        LinkPurpose::Welcome { user } => match reader.get::<Users>(&user)? {
            None => Err(Refusal::UnknownUser),
            Some(user) if user.password.is_some() => Err(Refusal::HasPassword),
            Some(user) if !user.is_active() => Err(Refusal::UserDisabled),
            Some(_) => Ok(()),
        },
    })
}

/// Whether anybody can sign in here: then there is no first owner to make.
pub(in crate::ops) fn has_users(reader: &Reader<'_>) -> Result<bool, Fault> {
    Ok(reader.state().count(crate::store::table::TableId::Users)? > 0)
}

/// Links that change the account of `user` are useless from now on.
pub(in crate::ops) fn withdraw_of(
    reader: &Reader<'_>,
    changes: &mut Changes,
    user: UserId,
) -> Result<(), Fault> {
    for (key, link) in reader.all::<Links>()? {
        if link.purpose.user() == Some(user)
            && let Some(id) = crate::store::tables::last_id(&key)
        {
            changes.delete::<Links>(&id);
        }
    }
    Ok(())
}

/// A new link for a purpose makes the older ones for it useless.
pub(in crate::ops) fn replace_older(
    reader: &Reader<'_>,
    changes: &mut Changes,
    purpose: LinkPurpose,
) -> Result<(), Fault> {
    for (key, link) in reader.all::<Links>()? {
        if link.purpose == purpose
            && let Some(id) = crate::store::tables::last_id(&key)
        {
            changes.delete::<Links>(&id);
        }
    }
    Ok(())
}

/// The link and its audit entry.
pub(in crate::ops) fn put(
    changes: &mut Changes,
    drawn: &DrawnLink,
    now: Timestamp,
    origin: Origin,
) -> Result<(), Fault> {
    changes.put::<Links>(&drawn.id, &drawn.link)?;
    let event = Event::new(EventKind::LinkIssued, now, origin);
    changes.record(match drawn.link.purpose {
        LinkPurpose::FirstOwner => event.cause("first_owner"),
        LinkPurpose::Welcome { user } => event.cause("welcome").user(user),
        LinkPurpose::Join { place } => event.cause("invitation").place(place),
        LinkPurpose::Password { user } => event.cause("lost_password").user(user),
        LinkPurpose::Factor { user } => event.cause("lost_factor").user(user),
    });
    Ok(())
}

impl Ops {
    /// Issues a link for `purpose`; older ones for the same purpose no longer work.
    ///
    /// # Errors
    /// The installation has users already, or the user is unknown, disabled or has a password.
    pub async fn issue_link(
        &self,
        purpose: LinkPurpose,
        origin: Origin,
    ) -> Outcome<IssuedLink, Refusal> {
        let now = self.now();
        let (drawn, issued) = self.draw_link(purpose, now);
        flatten(self.store.submit(IssueLink { drawn, now, origin }).await)?;
        Ok(issued)
    }

    /// As [`Self::issue_link`], for the first password of `user`.
    ///
    /// # Errors
    /// As [`Self::issue_link`].
    pub async fn welcome(&self, user: UserId, origin: Origin) -> Outcome<IssuedLink, Refusal> {
        self.issue_link(LinkPurpose::Welcome { user }, origin).await
    }

    pub(in crate::ops) fn draw_link(
        &self,
        purpose: LinkPurpose,
        now: Timestamp,
    ) -> (DrawnLink, IssuedLink) {
        let token = PlainToken::mint(TokenKind::Link, false, now, self.entropy.as_ref());
        let expires_at = now.plus(match purpose {
            LinkPurpose::Password { .. } | LinkPurpose::Factor { .. } => lifetimes::RECOVERY_LINK,
            LinkPurpose::FirstOwner | LinkPurpose::Welcome { .. } | LinkPurpose::Join { .. } => {
                lifetimes::LINK
            }
        });
        let link = Link { hash: self.keys.hash(&token), purpose, expires_at };
        let url = self.settings.issuer.url(&format!("{PATH}{}", token.text()));
        let drawn = DrawnLink { id: *token.id(), link };
        (drawn, IssuedLink { url: Secret::new(url), token, expires_at })
    }
}
