//! Which entries of the audit trail are still to be sent elsewhere. How far it has come is in the store:
//! after a restart it goes on there.

use crate::domain::audit::EventKind;
use crate::ops::Ops;
use crate::outbound::shipping::Shipped;
use crate::store::chain;
use crate::store::chain::Entry;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::tables::Meta;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

const ROW: &str = "audit_shipped";
/// Entries of one batch.
const BATCH: usize = 256;

struct NoteShipped(u64);

impl Operation for NoteShipped {
    type Outcome = ();

    fn decide(self, _: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.put::<Meta>(ROW, &self.0.to_be_bytes().to_vec())?;
        Ok(Decision { changes, outcome: () })
    }
}

fn shipped(reader: &Reader<'_>) -> Result<u64, Fault> {
    let row = reader.get::<Meta>(ROW)?;
    let number = row.and_then(|bytes| bytes.first_chunk().copied()).map(u64::from_be_bytes);
    Ok(number.unwrap_or(0))
}

fn told((entry, json): (Entry, String)) -> Shipped {
    Shipped {
        sequence: entry.sequence,
        at: entry.event.at.rfc3339(),
        kind: entry.event.kind.word(),
        refusal: EventKind::is_refusal(entry.event.kind),
        json,
    }
}

impl Ops {
    /// The next entries that were not sent yet, oldest first; a bounded number.
    ///
    /// # Errors
    /// The store failed.
    pub fn entries_to_ship(&self) -> Result<Vec<Shipped>, Fault> {
        self.store.read(|reader| {
            let first = shipped(reader)?.saturating_add(1);
            Ok(chain::page_with_lines(reader.state(), first, BATCH)?
                .into_iter()
                .map(told)
                .collect())
        })
    }

    /// How many entries are still to be sent.
    ///
    /// # Errors
    /// The store failed.
    pub fn entries_behind(&self) -> Result<u64, Fault> {
        self.store.read(|reader| {
            let newest = chain::newest(reader.state(), None, 1)?.pop();
            let newest = newest.map_or(0, |entry| entry.sequence);
            Ok(newest.saturating_sub(shipped(reader)?))
        })
    }

    /// All up to this number were handed over.
    ///
    /// # Errors
    /// The store failed: they are sent again.
    pub async fn note_shipped(&self, sequence: u64) -> Result<(), Fault> {
        self.store.submit(NoteShipped(sequence)).await
    }
}
