//! Giving a company into a firm's care, or taking it back.

use crate::base::clock::Timestamp;
use crate::base::id::CompanyId;
use crate::base::id::FirmId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Company;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Companies;
use crate::store::tables::FirmCompanies;
use crate::store::tables::Firms;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct LinkCompany {
    company: CompanyId,
    firm: Option<FirmId>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for LinkCompany {
    type Outcome = Result<Company, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(mut company) = reader.get::<Companies>(&self.company)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownCompany)));
        };
        if let Some(firm) = self.firm
            && !reader.has::<Firms>(&firm)?
        {
            return Ok(Decision::unchanged(Err(Refusal::UnknownFirm)));
        }
        if company.firm == self.firm {
            return Ok(Decision::unchanged(Ok(company)));
        }
        let mut changes = Changes::new();
        self.record(&mut changes, &company);
        self.relink(&mut changes, &mut company)?;
        Ok(Decision { changes, outcome: Ok(company) })
    }
}

impl LinkCompany {
    fn relink(&self, changes: &mut Changes, company: &mut Company) -> Result<(), Fault> {
        if let Some(old) = company.firm {
            changes.delete::<FirmCompanies>(&(old, company.id));
        }
        if let Some(new) = self.firm {
            changes.put::<FirmCompanies>(&(new, company.id), &())?;
        }
        company.firm = self.firm;
        // Whom the old firm's members were is no reason to confide anything to the new one's.
        company.confided_to.clear();
        changes.put::<Companies>(&company.id, company)
    }

    /// The firm's roles count for the company from now on, or no longer: that is recorded.
    fn record(&self, changes: &mut Changes, company: &Company) {
        let event =
            |kind| Event::new(kind, self.now, self.origin).place(Place::Company(company.id));
        if let Some(old) = company.firm {
            changes.record(event(EventKind::CompanyUnlinked).cause(old.to_string()));
        }
        if let Some(new) = self.firm {
            changes.record(event(EventKind::CompanyLinked).cause(new.to_string()));
        }
    }
}

impl Ops {
    /// Gives `company` into the care of `firm`, or of nobody. A company that changes firms is
    /// confided to nobody until somebody says to whom.
    ///
    /// # Errors
    /// The company or the firm does not exist, or a person does not govern both.
    pub async fn link_company(
        &self,
        company: CompanyId,
        firm: Option<FirmId>,
        by: impl Into<By>,
    ) -> Outcome<Company, Refusal> {
        let by = by.into();
        let act = LinkCompany { company, firm, now: self.now(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::Links { company, firm }), act).await
    }
}
