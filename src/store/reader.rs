//! Typed reading of one consistent state.

use crate::store::engine::Read;
use crate::store::fault::Fault;
use crate::store::table::Key;
use crate::store::table::Row;
use crate::store::table::Table;

/// Reads rows of typed tables from a snapshot, or from what the writer has applied so far.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    state: &'a dyn Read,
}

/// Rows with their keys' bytes.
pub type Rows<T> = Vec<(Vec<u8>, <T as Table>::Row)>;

/// As many rows as a listing takes at once.
pub const PAGE: usize = 1000;

impl<'a> Reader<'a> {
    /// Reads from `state`.
    #[must_use]
    pub const fn new(state: &'a dyn Read) -> Self {
        Self { state }
    }

    /// The row of `key`.
    ///
    /// # Errors
    /// The engine failed, or the row cannot be read; so for each method here.
    pub fn get<T: Table>(&self, key: &T::Key) -> Result<Option<T::Row>, Fault> {
        self.state
            .get(T::ID, &key.key_bytes())?
            .map(|bytes| T::Row::from_bytes(T::ID.name(), &bytes))
            .transpose()
    }

    /// Whether `key` has a row.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn has<T: Table>(&self, key: &T::Key) -> Result<bool, Fault> {
        Ok(self.state.get(T::ID, &key.key_bytes())?.is_some())
    }

    /// All rows, with their keys' bytes. For tables that people look at, not for bulk ones.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn all<T: Table>(&self) -> Result<Rows<T>, Fault> {
        self.below::<T>(&[])
    }

    /// All rows whose key starts with `prefix`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn under<T: Table>(&self, prefix: &dyn Key) -> Result<Rows<T>, Fault> {
        self.below::<T>(&prefix.key_bytes())
    }

    fn below<T: Table>(&self, prefix: &[u8]) -> Result<Rows<T>, Fault> {
        let mut rows = Vec::new();
        let mut from = prefix.to_vec();
        let end = after(prefix);
        loop {
            let page = self.state.range(T::ID, &from, end.as_deref(), PAGE)?;
            let full = page.len() == PAGE;
            for (key, value) in page {
                from.clone_from(&key);
                rows.push((key, T::Row::from_bytes(T::ID.name(), &value)?));
            }
            if !full {
                return Ok(rows);
            }
            from.push(0);
        }
    }

    /// The untyped state, for the chain and the sweeper.
    #[must_use]
    pub const fn state(&self) -> &'a dyn Read {
        self.state
    }
}

/// The lowest key above everything that starts with `prefix`.
fn after(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}
