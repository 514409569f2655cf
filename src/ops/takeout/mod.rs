//! What leaves the house in open formats: people, apps and connections of a company or firm or of the
//! whole installation, and what is stored about one person.
//!
//! Every field that leaves is named here one by one, so that a stored field is inside until somebody
//! decides otherwise: no secret, no hash, no sealed value and no key is ever among them. It is read a few
//! rows at a time, and who may have them is asked for each time anew.

mod fields;
pub mod person;
mod rows;

use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::administration::authority;
use crate::ops::administration::authority::Authority;
use crate::ops::administration::by::By;
use crate::ops::administration::by::Needs;
use crate::ops::administration::records;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::sessions;
use crate::ops::sessions::LiveSession;
pub use crate::ops::takeout::fields::Record;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// People, with their roles, and those who were invited.
    People,
    /// Apps of every kind.
    Apps,
    /// Connections, ended ones too.
    Connections,
}

impl Taken {
    /// All.
    pub const ALL: [Self; 3] = [Self::People, Self::Apps, Self::Connections];

    /// Its word in forms, file names and the audit trail.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Apps => "apps",
            Self::Connections => "connections",
        }
    }
}

/// A part of what is taken out.
#[derive(Debug)]
pub struct Part {
    /// Its rows.
    pub records: Vec<Record>,
    /// Where the next part begins; none if there is none.
    pub after: Option<RawId>,
}

/// The entry in the trail that says so.
struct NoteTakeout {
    event: Event,
    place: Option<Place>,
}

impl Operation for NoteTakeout {
    type Outcome = Result<(), Refusal>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        if let Some(place) = self.place
            && let Err(why) = records::place_exists(reader, place)?
        {
            return Ok(Decision::unchanged(Err(why)));
        }
        let mut changes = Changes::new();
        changes.record(self.event);
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

fn event(ops: &Ops, origin: Origin, what: &str, place: Option<Place>) -> Event {
    let event = Event::new(EventKind::DataExported, ops.now(), origin).cause(what);
    place.map_or(event.clone(), |place| event.place(place))
}

impl Ops {
    /// Writes down that `taken` of `place`, or of the whole installation, is about to leave as `form`.
    /// Nothing leaves before this is on disk.
    ///
    /// # Errors
    /// The person does not administer the place, or the installation.
    pub async fn begin_takeout(
        &self,
        taken: Taken,
        place: Option<Place>,
        form: &str,
        by: impl Into<By>,
    ) -> Outcome<(), Refusal> {
        let by = by.into();
        let event = event(self, by.origin(), &format!("{} {form}", taken.word()), place);
        let needs = Needs::only(authority_over(place));
        self.administer(by, needs, NoteTakeout { event, place }).await
    }

    /// Writes down that what is stored about a person is about to leave.
    ///
    /// # Errors
    /// The person does not administer the place, or `user` has no role there.
    pub async fn begin_person_takeout(
        &self,
        user: UserId,
        place: Place,
        by: impl Into<By>,
    ) -> Outcome<(), Refusal> {
        let by = by.into();
        let event = event(self, by.origin(), "person json", Some(place)).user(user);
        let needs = Needs::only(Authority::MemberOf { place, user });
        self.administer(by, needs, NoteTakeout { event, place: Some(place) }).await
    }

    /// The next part, behind the row `after`. Whoever was signed out or lost their role meanwhile gets
    /// no further.
    ///
    /// # Errors
    /// As [`Self::begin_takeout`]; [`Refusal::SessionOver`].
    pub fn takeout_part(
        &self,
        live: &LiveSession,
        taken: Taken,
        place: Option<Place>,
        after: Option<RawId>,
    ) -> Outcome<Part, Refusal> {
        self.looking(live, authority_over(place), |reader, _| {
            rows::part(self, reader, taken, place, after).map(Ok)
        })
    }

    /// Whether what is stored about `user` may still leave for whoever asked.
    ///
    /// # Errors
    /// As [`Self::begin_person_takeout`]; [`Refusal::SessionOver`].
    pub fn may_take_out(
        &self,
        live: &LiveSession,
        place: Place,
        user: UserId,
    ) -> Outcome<(), Refusal> {
        self.looking(live, Authority::MemberOf { place, user }, |_, _| Ok(Ok(())))
    }

    /// Looks for somebody whose session lives and who has the authority, both in the same snapshot.
    fn looking<T>(
        &self,
        live: &LiveSession,
        authority: Authority,
        look: impl FnOnce(&Reader<'_>, &LiveSession) -> Result<Result<T, Refusal>, Fault>,
    ) -> Outcome<T, Refusal> {
        flatten(self.store.read(|reader| {
            let Some(still) = sessions::still(reader, live.id(), self, live.level())? else {
                return Ok(Err(Refusal::SessionOver));
            };
            match authority::check(reader, self, &still.user, authority)? {
                Ok(()) => look(reader, &still),
                Err(why) => Ok(Err(why)),
            }
        }))
    }
}

fn authority_over(place: Option<Place>) -> Authority {
    place.map_or(Authority::Operator, Authority::Administers)
}
