//! The activity as it leaves the house: a few entries at a time, so that whoever takes long to read it
//! holds nothing, and with the bytes that the hashes cover.

use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::activity;
use crate::ops::activity::ActivityFilter;
use crate::ops::activity::Told;
use crate::ops::failure::Outcome;
use crate::ops::failure::flatten;
use crate::ops::sessions;
use crate::ops::sessions::LiveSession;
use crate::store::activity::Seek;
use crate::store::chain;
pub use crate::store::chain::Sealed;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Entries of one piece.
pub const PIECE: usize = 256;

/// A part of an export.
#[derive(Debug)]
pub struct Piece {
    /// The entries, oldest first.
    pub entries: Vec<(Told, Sealed)>,
    /// Where the next piece begins; none if there is none.
    pub after: Option<u64>,
}

/// The person may not export this, or not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotExported;

/// The act on the writer.
struct NoteExport {
    ops: Ops,
    live: LiveSession,
    place: Place,
    everywhere: bool,
    event: Event,
}

impl Operation for NoteExport {
    type Outcome = Result<(), NotExported>;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault> {
        let Self { ops, live, place, everywhere, event } = self;
        let user = live.user.id;
        let still = sessions::still(reader, live.id(), &ops, live.level())?.is_some();
        if !still || activity::view(reader, &ops, user, place, everywhere)?.is_none() {
            return Ok(Decision::unchanged(Err(NotExported)));
        }
        let mut changes = Changes::new();
        changes.record(event);
        changes.attribute(user);
        Ok(Decision { changes, outcome: Ok(()) })
    }
}

/// What of the trail leaves, in the words of the address that asked for it.
fn range(filter: &ActivityFilter, form: &str) -> String {
    let mut words = vec!["activity".to_owned(), form.to_owned()];
    words.extend(filter.from.map(|from| format!("from {}", from.rfc3339())));
    words.extend(filter.until.map(|until| format!("until {}", until.rfc3339())));
    words.extend(filter.app.map(|app| format!("app {app}")));
    words.extend(filter.person.map(|person| format!("person {person}")));
    words.extend(filter.kind.map(|kind| format!("what {}", kind.word())));
    let outcome = filter.refused.map(|refused| if refused { "refused" } else { "done" });
    words.extend(outcome.map(|outcome| format!("outcome {outcome}")));
    words.join(" ")
}

impl Ops {
    /// Writes down that the trail is about to leave as `form`, and what of it. Nothing leaves before this
    /// is on disk.
    ///
    /// # Errors
    /// [`NotExported`].
    pub async fn begin_activity_export(
        &self,
        live: &LiveSession,
        place: Place,
        filter: &ActivityFilter,
        form: &str,
        origin: Origin,
    ) -> Outcome<(), NotExported> {
        let event = self.event(EventKind::DataExported, origin).cause(range(filter, form));
        let everywhere = filter.everywhere;
        let event = if everywhere { event } else { event.place(place) };
        let (ops, live) = (self.frozen(), live.clone());
        flatten(self.store.submit(NoteExport { ops, live, place, everywhere, event }).await)
    }

    /// The next entries of an export, those behind number `after`. Whoever was signed out or lost their
    /// role meanwhile gets no further.
    ///
    /// # Errors
    /// [`NotExported`].
    pub fn export_activity(
        &self,
        live: &LiveSession,
        place: Place,
        filter: &ActivityFilter,
        after: u64,
    ) -> Outcome<Piece, NotExported> {
        flatten(self.store.read(|reader| {
            if sessions::still(reader, live.id(), self, live.level())?.is_none() {
                return Ok(Err(NotExported));
            }
            let Some(owner) = activity::view(reader, self, live.user.id, place, filter.everywhere)?
            else {
                return Ok(Err(NotExported));
            };
            let found = activity::find(reader, owner, filter, Seek::Above(after), PIECE)?;
            let full = found.entries.len() == PIECE;
            let last = found.entries.last().map(|entry| entry.sequence);
            let mut entries = Vec::with_capacity(found.entries.len());
            for entry in found.entries {
                let sealed = chain::sealed(reader.state(), entry.sequence)?;
                let told = activity::told(reader, Some(entry.sequence), entry.event)?;
                entries.extend(sealed.map(|sealed| (told, sealed)));
            }
            let after = found.stopped.or(last.filter(|_| full));
            Ok(Ok(Piece { entries, after }))
        }))
    }
}
