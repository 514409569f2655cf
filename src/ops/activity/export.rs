//! The activity as it leaves the house: a few entries at a time, so that whoever takes long to read it
//! holds nothing, and with the bytes that the hashes cover.

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

impl Ops {
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
