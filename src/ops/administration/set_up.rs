//! The first owner and the first company of an installation, in one commit.

use crate::base::id::CompanyId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::domain::link::LinkPurpose;
use crate::domain::user::User;
use crate::ops::Ops;
use crate::ops::administration::create_company::NewCompany;
use crate::ops::administration::create_user::NewUser;
use crate::ops::administration::grant_role;
use crate::ops::administration::issue_link;
use crate::ops::administration::issue_link::DrawnLink;
use crate::ops::administration::issue_link::IssuedLink;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What the first run made.
#[derive(Clone, Debug)]
pub struct FirstRun {
    /// The first owner, who is an operator too.
    pub owner: User,
    /// The first company.
    pub company: Company,
    /// For choosing the password, if none was given.
    pub link: Option<IssuedLink>,
}

/// The act on the writer.
struct SetUp {
    owner: User,
    company: Company,
    link: Option<DrawnLink>,
    origin: Origin,
}

impl Operation for SetUp {
    type Outcome = Result<(), Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        if issue_link::has_users(reader)? {
            return Ok(Decision::unchanged(Err(Refusal::AlreadySetUp)));
        }
        if let Err(refusal) = records::slug_is_free(reader, &self.company.slug)? {
            return Ok(Decision::unchanged(Err(refusal)));
        }
        let mut changes = Changes::new();
        issue_link::replace_older(reader, &mut changes, LinkPurpose::FirstOwner)?;
        self.write(&mut changes)?;
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

impl SetUp {
    fn write(&self, changes: &mut Changes) -> Result<(), Fault> {
        let (now, place) = (self.owner.created_at, Place::Company(self.company.id));
        records::add_company(changes, &self.company)?;
        changes.record(Event::new(EventKind::CompanyCreated, now, self.origin).place(place));
        records::add_user(changes, &self.owner)?;
        changes.record(Event::new(EventKind::UserCreated, now, self.origin).user(self.owner.id));
        grant_role::put_owner(changes, self.owner.id, place, now, self.origin)?;
        match &self.link {
            Some(link) => issue_link::put(changes, link, now, self.origin),
            None => Ok(()),
        }
    }
}

impl Ops {
    /// Makes the first owner and the first company. The owner is an operator; without a password
    /// they get a link to choose one. Links for a first owner no longer work.
    ///
    /// # Errors
    /// [`Refusal::AlreadySetUp`], or a name is none.
    pub async fn set_up(
        &self,
        owner: NewUser,
        company: NewCompany,
        origin: Origin,
    ) -> Outcome<FirstRun, Refusal> {
        let now = self.now();
        let owner = NewUser { operator: true, ..owner };
        let owner = owner
            .into_user(UserId::make(now, self.entropy.as_ref()), now)
            .map_err(Failure::Refused)?;
        let company = NewCompany { firm: None, confided_to: Vec::new(), ..company }
            .into_company(CompanyId::make(now, self.entropy.as_ref()), now)
            .map_err(Failure::Refused)?;
        let (drawn, issued) = owner
            .password
            .is_none()
            .then(|| self.draw_link(LinkPurpose::Welcome { user: owner.id }, now))
            .unzip();
        let act = SetUp { owner: owner.clone(), company: company.clone(), link: drawn, origin };
        flatten(self.store.submit(act).await)?;
        Ok(FirstRun { owner, company, link: issued })
    }
}
