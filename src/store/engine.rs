//! What the store asks of an engine: ordered bytes, snapshots, and a commit that is durable.
//!
//! Small on purpose, so that another engine can take redb's place without touching a rule.

use std::sync::Arc;

use crate::store::fault::Fault;
use crate::store::table::TableId;

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Reads a consistent state.
pub trait Read {
    /// Shows the value of `key` to `found`, where it lies; says whether there is one.
    ///
    /// # Errors
    /// The engine failed.
    fn look(&self, table: TableId, key: &[u8], found: &mut dyn FnMut(&[u8]))
    -> Result<bool, Fault>;

    /// The value of `key`.
    ///
    /// # Errors
    /// The engine failed.
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let mut value = None;
        self.look(table, key, &mut |bytes| value = Some(bytes.to_vec()))?;
        Ok(value)
    }

    /// Rows with `from <= key`, and `key < to` if given, in order, at most `limit`.
    ///
    /// # Errors
    /// The engine failed.
    fn range(
        &self,
        table: TableId,
        from: &[u8],
        to: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault>;

    /// Rows with `from <= key < to`, the last one first, at most `limit`.
    ///
    /// # Errors
    /// The engine failed.
    fn range_back(
        &self,
        table: TableId,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Row>, Fault>;

    /// How many rows have `key < to`, counted up to `limit`.
    ///
    /// # Errors
    /// The engine failed.
    fn count_below(&self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault>;

    /// The row with the highest key.
    ///
    /// # Errors
    /// The engine failed.
    fn last(&self, table: TableId) -> Result<Option<Row>, Fault>;

    /// How many rows there are.
    ///
    /// # Errors
    /// The engine failed.
    fn count(&self, table: TableId) -> Result<u64, Fault>;
}

/// Changes a state that becomes visible and durable as a whole.
pub trait Write: Read {
    /// Sets the value of `key`.
    ///
    /// # Errors
    /// The engine failed.
    fn put(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), Fault>;

    /// Removes `key`.
    ///
    /// # Errors
    /// The engine failed.
    fn delete(&mut self, table: TableId, key: &[u8]) -> Result<(), Fault>;

    /// Removes the rows with `key < to`, at most `limit` of them; returns how many.
    ///
    /// # Errors
    /// The engine failed.
    fn delete_below(&mut self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault>;
}

/// A place that keeps ordered bytes.
///
/// After [`Fault::Engine`] nobody knows what the place holds, so it is closed: `snapshot` and `write`
/// refuse with [`Fault::Unsound`] until [`Engine::reopen`] has looked.
pub trait Engine: Send + Sync {
    /// The last committed state.
    ///
    /// # Errors
    /// The engine failed, or is closed.
    fn snapshot(&self) -> Result<Arc<dyn Read>, Fault>;

    /// Runs `work` and commits what it wrote, durably, before returning. If `work` fails, nothing of
    /// it is kept. If the commit fails, all of it is kept or nothing: reopening shows which.
    ///
    /// # Errors
    /// What `work` said; or the engine failed, or is closed.
    fn write(&self, work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>)
    -> Result<(), Fault>;

    /// Opens the place anew if it has failed; does nothing if it has not. It is closed until this
    /// has succeeded. Never while a write runs.
    ///
    /// # Errors
    /// It still cannot be used.
    fn reopen(&self) -> Result<(), Fault>;

    /// Gives back space that nothing uses any more. Snapshots wait until it is done. Never while a
    /// write runs.
    ///
    /// # Errors
    /// [`Fault::Busy`] while somebody reads; otherwise the engine failed, or is closed.
    fn compact(&self) -> Result<(), Fault>;

    /// How many bytes the place takes.
    ///
    /// # Errors
    /// It cannot be asked.
    fn size(&self) -> Result<u64, Fault>;
}
