//! Keeping a pushed authorization request (RFC 9126), as long as few enough wait.

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::TableId;
use crate::store::tables::PushedRequest;
use crate::store::tables::PushedRequests;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// While so many pushed requests wait, clients without a secret, or that nobody here registered, cannot
/// push another: they can always send the request by the browser instead, and so nobody can fill the
/// disk.
const WAITING_FOR_PUBLIC_CLIENTS: u64 = 1000;

/// The act on the writer; answers whether it was kept.
pub(in crate::ops) struct KeepPushed {
    /// Its key.
    pub id: RawId,
    /// Whether it is bounded by how many wait.
    pub bounded: bool,
    /// Requests made before are over.
    pub over_before: Timestamp,
    /// What is kept.
    pub row: PushedRequest,
}

impl Operation for KeepPushed {
    type Outcome = bool;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<bool>, Fault> {
        if self.bounded && self.waiting(reader)? >= WAITING_FOR_PUBLIC_CLIENTS {
            return Ok(Decision::unchanged(false));
        }
        let mut changes = Changes::new();
        changes.put::<PushedRequests>(&self.id, &self.row)?;
        Ok(Decision { changes, outcome: true })
    }
}

impl KeepPushed {
    /// Pushed requests that have not ended.
    fn waiting(&self, reader: &Reader<'_>) -> Result<u64, Fault> {
        let table = TableId::PushedRequests;
        let all = reader.state().count(table)?;
        let end = RawId::floor(self.over_before);
        let limit = usize::try_from(all).unwrap_or(usize::MAX);
        let over = reader.state().count_below(table, end.bytes(), limit)?;
        Ok(all.saturating_sub(over as u64))
    }
}
