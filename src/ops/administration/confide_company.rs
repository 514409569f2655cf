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
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
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
            if !reader.has::<Users>(user)? {
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

/// What changes is which roles in the firm count for the company, so that is what is recorded.
fn event(company: &Company, now: Timestamp, origin: Origin) -> Event {
    let (kind, cause) = if company.confidential {
        let members: Vec<String> = company.confided_to.iter().map(UserId::to_string).collect();
        (EventKind::RoleRemoved, format!("confidential_except {}", members.join(" ")))
    } else {
        (EventKind::RoleGranted, String::from("not_confidential"))
    };
    Event::new(kind, now, origin).place(Place::Company(company.id)).cause(cause.trim_end())
}

impl Ops {
    /// Sets whether `company` is confidential towards its firm, and for which of the firm's
    /// members it is not. Takes effect at the next use of every token.
    ///
    /// # Errors
    /// The company or one of the people does not exist.
    pub async fn set_confidential(
        &self,
        company: CompanyId,
        confidential: bool,
        confided_to: Vec<UserId>,
        origin: Origin,
    ) -> Outcome<Company, Refusal> {
        let now = self.now();
        let act = ConfideCompany { company, confidential, confided_to, now, origin };
        flatten(self.store.submit(act).await)
    }
}
