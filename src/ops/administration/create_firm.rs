//! Making an accounting firm.

use crate::base::id::FirmId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Environment;
use crate::domain::company::Firm;
use crate::domain::company::Place;
use crate::domain::company::Slug;
use crate::ops::Ops;
use crate::ops::administration::names;
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
    origin: Origin,
}

impl Operation for CreateFirm {
    type Outcome = Result<Firm, Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { firm, origin } = self;
        if let Err(refusal) = records::slug_is_free(reader, &firm.slug)? {
            return Ok(Decision::unchanged(Err(refusal)));
        }
        let mut changes = Changes::new();
        records::add_firm(&mut changes, &firm)?;
        let event = Event::new(EventKind::FirmCreated, firm.created_at, origin);
        changes.record(event.place(Place::Firm(firm.id)));
        Ok(Decision { changes, outcome: Ok(firm) })
    }
}

impl Ops {
    /// Makes a firm.
    ///
    /// # Errors
    /// The slug is taken, or the name is none.
    pub async fn create_firm(&self, new: NewFirm, origin: Origin) -> Outcome<Firm, Refusal> {
        let now = self.now();
        let name = names::checked(&new.name).map_err(Failure::Refused)?;
        let slug = records::slug_or_from_name(new.slug, &name).map_err(Failure::Refused)?;
        let id = FirmId::make(now, self.entropy.as_ref());
        let firm = Firm { id, slug, name, environment: new.environment, created_at: now };
        flatten(self.store.submit(CreateFirm { firm, origin }).await)
    }
}
