//! Making a company confidential towards its firm, or open to it again.

use crate::base::clock::Timestamp;
use crate::base::id::CompanyId;
use crate::base::id::UserId;
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
use crate::ops::people;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Companies;
use crate::store::tables::Users;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The act on the writer.
struct ConfideCompany {
    company: CompanyId,
    confidential: bool,
    confided_to: Vec<UserId>,
    /// Who; none: the operator at the machine.
    by: Option<UserId>,
    now: Timestamp,
    origin: Origin,
}

impl Operation for ConfideCompany {
    type Outcome = Result<Company, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Some(mut company) = reader.get::<Companies>(&self.company)? else {
            return Ok(Decision::unchanged(Err(Refusal::UnknownCompany)));
        };
        for user in &self.confided_to {
            if !self.may_confide(reader, &company, *user)? {
                return Ok(Decision::unchanged(Err(Refusal::UnknownUser)));
            }
        }
        company.confidential = self.confidential;
        company.confided_to = if self.confidential { self.confided_to } else { Vec::new() };
        let mut changes = Changes::new();
        changes.put::<Companies>(&company.id, &company)?;
        changes.record(event(&company, self.now, self.origin));
        Ok(Decision { changes, outcome: Ok(company) })
    }
}

impl ConfideCompany {
    /// A person confides a company to members of its firm alone: nobody else is known to them, and
    /// whoever joins the firm later is not listed before. At the machine anybody can be listed.
    fn may_confide(
        &self,
        reader: &Reader<'_>,
        company: &Company,
        user: UserId,
    ) -> Result<bool, Fault> {
        match (self.by, company.firm) {
            (None, _) => reader.has::<Users>(&user),
            (Some(_), Some(firm)) => {
                Ok(people::membership(reader, user, Place::Firm(firm))?.is_some())
            }
            (Some(_), None) => Ok(false),
        }
    }
}

/// What changes is which roles in the firm count for the company, so that is what is recorded.
fn event(company: &Company, now: Timestamp, origin: Origin) -> Event {
    let (kind, cause) = if company.confidential {
        let members: Vec<String> = company.confided_to.iter().map(UserId::to_string).collect();
        (EventKind::CompanyConfided, members.join(" "))
    } else {
        (EventKind::CompanyOpened, String::new())
    };
    let event = Event::new(kind, now, origin).place(Place::Company(company.id));
    if cause.is_empty() { event } else { event.cause(cause) }
}

impl Ops {
    /// Sets whether `company` is confidential towards its firm, and for which of the firm's
    /// members it is not. Takes effect at the next use of every token.
    ///
    /// # Errors
    /// The company or one of the people does not exist; for a person, also somebody who is no
    /// member of its firm, or a company that they do not govern.
    pub async fn set_confidential(
        &self,
        company: CompanyId,
        confidential: bool,
        mut confided_to: Vec<UserId>,
        by: impl Into<By>,
    ) -> Outcome<Company, Refusal> {
        let by = by.into();
        let (now, origin, who) = (self.now(), by.origin(), by.user());
        confided_to.sort_unstable();
        confided_to.dedup();
        let act = ConfideCompany { company, confidential, confided_to, by: who, now, origin };
        let needs = Needs::confirmed(Authority::Governs(Place::Company(company)));
        self.administer(by, needs, act).await
    }
}
