//! Making a company.

use crate::base::clock::Timestamp;
use crate::base::id::CompanyId;
use crate::base::id::FirmId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Company;
use crate::domain::company::Environment;
use crate::domain::company::Place;
use crate::domain::company::Slug;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::grant_role;
use crate::ops::administration::names;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Firms;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What a company is made of.
#[derive(Clone, Debug)]
pub struct NewCompany {
    /// As people read it.
    pub name: String,
    /// Its name in URLs; none: made from the name.
    pub slug: Option<Slug>,
    /// Real books or test books.
    pub environment: Environment,
    /// The firm that looks after it.
    pub firm: Option<FirmId>,
    /// Whether only the members in `confided_to` see it through its firm.
    pub confidential: bool,
    /// Firm members who see it although it is confidential.
    pub confided_to: Vec<UserId>,
}

impl NewCompany {
    /// A company of its own, not looked after by a firm.
    #[must_use]
    pub fn named(name: impl Into<String>, environment: Environment) -> Self {
        Self {
            name: name.into(),
            slug: None,
            environment,
            firm: None,
            confidential: false,
            confided_to: Vec::new(),
        }
    }

    /// The company itself, its name and slug checked.
    ///
    /// # Errors
    /// The name cannot be one, or no slug can be made from it.
    pub fn into_company(self, id: CompanyId, now: Timestamp) -> Result<Company, Refusal> {
        let name = names::checked(&self.name)?;
        Ok(Company {
            id,
            slug: records::slug_or_from_name(self.slug, &name)?,
            name,
            environment: self.environment,
            firm: self.firm,
            confidential: self.confidential,
            confided_to: self.confided_to,
            suspended: false,
            blocks: false,
            created_at: now,
        })
    }
}

/// The act on the writer.
struct CreateCompany {
    company: Company,
    /// Who; none: the operator at the machine.
    by: Option<UserId>,
    origin: Origin,
}

impl Operation for CreateCompany {
    type Outcome = Result<Company, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { company, by, origin } = self;
        if let Err(refusal) = may_add(reader, &company)? {
            return Ok(Decision::unchanged(Err(refusal)));
        }
        let mut changes = Changes::new();
        records::add_company(&mut changes, &company)?;
        let event = Event::new(EventKind::CompanyCreated, company.created_at, origin);
        let place = Place::Company(company.id);
        changes.record(event.place(place));
        if let Some(user) = by {
            grant_role::put_owner(&mut changes, user, place, company.created_at, origin)?;
        }
        Ok(Decision { changes, outcome: Ok(company) })
    }
}

fn may_add(reader: &Reader<'_>, company: &Company) -> Result<Result<(), Refusal>, Fault> {
    if let Some(firm) = company.firm
        && !reader.has::<Firms>(&firm)?
    {
        return Ok(Err(Refusal::UnknownFirm));
    }
    for user in &company.confided_to {
        if !reader.has::<Users>(user)? {
            return Ok(Err(Refusal::UnknownUser));
        }
    }
    records::slug_is_free(reader, &company.slug)
}

impl Ops {
    /// Makes a company. A person who makes it owns it, so that somebody can invite others.
    ///
    /// # Errors
    /// The slug is taken, the name is none, the firm or a person does not exist, or a person neither
    /// administers the firm nor the installation.
    pub async fn create_company(
        &self,
        new: NewCompany,
        by: impl Into<By>,
    ) -> Outcome<Company, Refusal> {
        let by = by.into();
        let now = self.now();
        let id = CompanyId::make(now, self.entropy.as_ref());
        let company = new.into_company(id, now).map_err(Failure::Refused)?;
        let authority = match company.firm {
            Some(firm) => Authority::Governs(Place::Firm(firm)),
            None => Authority::Operator,
        };
        let act = CreateCompany { company, by: by.user(), origin: by.origin() };
        self.administer(by, Needs::confirmed(authority), act).await
    }
}
