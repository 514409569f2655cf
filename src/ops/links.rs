//! Using a one-time link: the first run, or an invitation. Single winner, then gone.

use crate::base::id::CompanyId;
use crate::base::id::UserId;
use crate::base::secret::Secret;
use crate::crypto::token::PlainToken;
use crate::crypto::token::TokenKind;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::catalogue::OWNER;
use crate::domain::company::Company;
use crate::domain::company::Environment;
use crate::domain::company::Place;
use crate::domain::company::Slug;
use crate::domain::invitation::Invitation;
use crate::domain::link::Link;
use crate::domain::link::LinkPurpose;
use crate::domain::role::RoleName;
use crate::domain::session::Level;
use crate::domain::user::Email;
use crate::domain::user::Membership;
use crate::domain::user::User;
use crate::domain::user::UserStatus;
use crate::ops::Ops;
use crate::ops::administration::grant_role;
use crate::ops::administration::issue_link;
use crate::ops::administration::records;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::join;
use crate::ops::people;
use crate::ops::place_access;
use crate::ops::sessions;
use crate::ops::sign_in::NewSession;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Links;
use crate::store::tables::Slugs;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// A link that is good, and whom it is for.
#[derive(Clone, Debug)]
pub struct OpenLink {
    pub(in crate::ops) token: PlainToken,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// The user who was invited, or who lost something.
    pub invited: Option<User>,
    /// The invitation into a company or firm.
    pub invitation: Option<Invitation>,
    /// Its name, if the link is for one.
    pub place_name: String,
}

/// Why a link does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkRefusal {
    /// It does not exist, is over, or was used: never told apart.
    Gone,
    /// Somebody has this address already.
    EmailTaken,
    /// The company's name gives no short name, or one that is taken.
    CompanyNameTaken,
}

/// What the first owner's form says, checked for form.
#[derive(Clone, Debug)]
pub struct FirstOwner {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: Email,
    /// The company's name.
    pub company: String,
    /// The company's short name.
    pub slug: Slug,
    /// Real books or test books.
    pub environment: Environment,
}

impl Ops {
    /// Looks at a link; writes nothing.
    ///
    /// # Errors
    /// The store failed.
    pub fn open_link(&self, text: &str) -> Result<Option<OpenLink>, Fault> {
        let Some(token) = PlainToken::parse(TokenKind::Link, text) else { return Ok(None) };
        self.store.read(|reader| {
            let Some(link) = good_link(self, reader, &token)? else { return Ok(None) };
            let user = link.purpose.user();
            let invited = user.map_or(Ok(None), |user| reader.get::<Users>(&user))?;
            let mut open = OpenLink {
                purpose: link.purpose,
                invited,
                invitation: None,
                place_name: String::new(),
                token,
            };
            if let LinkPurpose::Join { .. } = link.purpose {
                let Some((place, invitation)) = join::standing(reader, self, &open.token)? else {
                    return Ok(None);
                };
                open.place_name = place_access::name(reader, place)?;
                open.invitation = Some(invitation);
            }
            Ok(Some(open))
        })
    }

    /// Uses the first-run link: makes the company and its owner, who administers the installation
    /// too, and begins their session.
    ///
    /// # Errors
    /// [`LinkRefusal`].
    pub async fn set_up_by_link(
        &self,
        link: &OpenLink,
        owner: FirstOwner,
        password: Secret,
        origin: Origin,
    ) -> Outcome<NewSession, LinkRefusal> {
        if link.purpose != LinkPurpose::FirstOwner {
            return Err(Failure::Refused(LinkRefusal::Gone));
        }
        let hash = self.hashing.hash(password, self.draw()).await?;
        let session = self.draw_session(self.now());
        let operation = SetUp {
            ops: self.frozen(),
            link: link.token.clone(),
            user: UserId::make(self.now(), self.entropy.as_ref()),
            company: CompanyId::make(self.now(), self.entropy.as_ref()),
            owner,
            hash,
            session: session.clone(),
            origin,
        };
        flatten(self.store.submit(operation).await)?;
        Ok(NewSession { cookie: session.text().into(), enrolled: false })
    }

    /// Uses an invitation: the user chooses a password, and their session begins. A second factor
    /// that exists is still asked for.
    ///
    /// # Errors
    /// [`LinkRefusal`].
    pub async fn accept_invitation(
        &self,
        link: &OpenLink,
        name: String,
        password: Secret,
        origin: Origin,
    ) -> Outcome<NewSession, LinkRefusal> {
        let hash = self.hashing.hash(password, self.draw()).await?;
        let session = self.draw_session(self.now());
        let operation = Accept {
            ops: self.frozen(),
            link: link.token.clone(),
            name,
            hash,
            session: session.clone(),
            origin,
        };
        let enrolled = flatten(self.store.submit(operation).await)?;
        Ok(NewSession { cookie: session.text().into(), enrolled })
    }
}

/// The link of `token`, if it is good.
pub(in crate::ops) fn good_link(
    ops: &Ops,
    reader: &Reader<'_>,
    token: &PlainToken,
) -> Result<Option<Link>, Fault> {
    let link = reader.get::<Links>(token.id())?;
    let good =
        link.filter(|link| ops.keys.matches(&link.hash, token) && ops.now() < link.expires_at);
    match good {
        // The first-run link ends with the first user, however that one came to be.
        Some(link) if link.purpose == LinkPurpose::FirstOwner => {
            Ok((!issue_link::has_users(reader)?).then_some(link))
        }
        other => Ok(other),
    }
}

struct SetUp {
    ops: Ops,
    link: PlainToken,
    user: UserId,
    company: CompanyId,
    owner: FirstOwner,
    hash: String,
    session: PlainToken,
    origin: Origin,
}

impl Operation for SetUp {
    type Outcome = Result<(), LinkRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        if good_link(&self.ops, reader, &self.link)?.is_none() {
            return Ok(Decision::unchanged(Err(LinkRefusal::Gone)));
        }
        if people::by_email(reader, &self.owner.email)?.is_some() {
            return Ok(Decision::unchanged(Err(LinkRefusal::EmailTaken)));
        }
        if reader.has::<Slugs>(&self.owner.slug)? {
            return Ok(Decision::unchanged(Err(LinkRefusal::CompanyNameTaken)));
        }
        let mut changes = Changes::new();
        self.write(&mut changes)?;
        let row = sessions::row(&self.ops, &self.session, self.user, Level::Password, self.origin);
        sessions::begin(reader, &mut changes, self.session.id(), &row)?;
        changes.delete::<Links>(self.link.id());
        let place = Place::Company(self.company);
        let done = self.ops.event(EventKind::SetupCompleted, self.origin);
        changes.record(done.user(self.user).place(place));
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

impl SetUp {
    fn write(&self, changes: &mut Changes) -> Result<(), Fault> {
        let (now, place) = (self.ops.now(), Place::Company(self.company));
        let owner = &self.owner;
        records::add_company(
            changes,
            &Company {
                id: self.company,
                slug: owner.slug.clone(),
                name: owner.company.clone(),
                environment: owner.environment,
                firm: None,
                confidential: false,
                confided_to: Vec::new(),
                suspended: false,
                blocks: false,
                created_at: now,
            },
        )?;
        records::add_user(
            changes,
            &User {
                id: self.user,
                email: owner.email.clone(),
                name: owner.name.clone(),
                status: UserStatus::Active,
                operator: true,
                password: Some(self.hash.clone()),
                password_at: Some(now),
                created_at: now,
                recovery: None,
                erased_at: None,
            },
        )?;
        for event in [
            Event::new(EventKind::CompanyCreated, now, self.origin).place(place),
            Event::new(EventKind::UserCreated, now, self.origin).user(self.user),
        ] {
            changes.record(event);
        }
        let role = RoleName(OWNER.to_owned());
        let membership = Membership { user: self.user, place, role, since: now };
        grant_role::put(changes, &membership, self.origin)
    }
}

struct Accept {
    ops: Ops,
    link: PlainToken,
    name: String,
    hash: String,
    session: PlainToken,
    origin: Origin,
}

impl Operation for Accept {
    type Outcome = Result<bool, LinkRefusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let gone = || Ok(Decision::unchanged(Err(LinkRefusal::Gone)));
        let Some(Link { purpose: LinkPurpose::Welcome { user }, .. }) =
            good_link(&self.ops, reader, &self.link)?
        else {
            return gone();
        };
        let Some(user) = reader.get::<Users>(&user)?.filter(User::is_active) else {
            return gone();
        };
        let mut changes = Changes::new();
        let id = user.id;
        let password_at = Some(self.ops.now());
        let user = User { name: self.name, password: Some(self.hash), password_at, ..user };
        changes.put::<Users>(&id, &user)?;
        changes.delete::<Links>(self.link.id());
        let row = sessions::row(&self.ops, &self.session, id, Level::Password, self.origin);
        sessions::begin(reader, &mut changes, self.session.id(), &row)?;
        changes.record(self.ops.event(EventKind::PasswordSet, self.origin).user(id));
        let factors = reader.get::<crate::store::tables::Factors>(&id)?.unwrap_or_default();
        Ok(Decision { changes, outcome: Ok(factors.enrolled()) })
    }
}
