//! Making an accounting firm.

use crate::base::id::FirmId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Environment;
use crate::domain::company::Firm;
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
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What a firm is made of.
#[derive(Clone, Debug)]
pub struct NewFirm {
    /// As people read it.
    pub name: String,
    /// Its name in URLs; none: made from the name.
    pub slug: Option<Slug>,
    /// Its tokens reach its companies of this environment.
    pub environment: Environment,
}

/// The act on the writer.
struct CreateFirm {
    firm: Firm,
    /// Who; none: the operator at the machine.
    by: Option<UserId>,
    origin: Origin,
}

impl Operation for CreateFirm {
    type Outcome = Result<Firm, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { firm, by, origin } = self;
        if let Err(refusal) = records::slug_is_free(reader, &firm.slug)? {
            return Ok(Decision::unchanged(Err(refusal)));
        }
        let mut changes = Changes::new();
        records::add_firm(&mut changes, &firm)?;
        let event = Event::new(EventKind::FirmCreated, firm.created_at, origin);
        let place = Place::Firm(firm.id);
        changes.record(event.place(place));
        if let Some(user) = by {
            grant_role::put_owner(&mut changes, user, place, firm.created_at, origin)?;
        }
        Ok(Decision { changes, outcome: Ok(firm) })
    }
}

impl Ops {
    /// Makes a firm. A person who makes it owns it, so that somebody can invite others.
    ///
    /// # Errors
    /// The slug is taken, the name is none, or a person does not administer the installation.
    pub async fn create_firm(&self, new: NewFirm, by: impl Into<By>) -> Outcome<Firm, Refusal> {
        let by = by.into();
        let now = self.now();
        let name = names::checked(&new.name).map_err(Failure::Refused)?;
        let slug = records::slug_or_from_name(new.slug, &name).map_err(Failure::Refused)?;
        let id = FirmId::make(now, self.entropy.as_ref());
        let firm = Firm { id, slug, name, environment: new.environment, created_at: now };
        let act = CreateFirm { firm, by: by.user(), origin: by.origin() };
        self.administer(by, Needs::confirmed(Authority::Operator), act).await
    }
}
