//! Typed reading of one consistent state.

use std::sync::Arc;

use crate::store::engine::Read;
use crate::store::familiar::Familiar;
use crate::store::familiar::Kept;
use crate::store::fault::Fault;
use crate::store::table::Key;
use crate::store::table::Row;
use crate::store::table::Table;

/// Reads rows of typed tables from a snapshot, or from what the writer has applied so far.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    state: &'a dyn Read,
    kept: &'a Kept,
}

/// Rows with their keys' bytes.
pub type Rows<T> = Vec<(Vec<u8>, <T as Table>::Row)>;

/// As many rows as a listing takes at once.
pub const PAGE: usize = 1000;

impl<'a> Reader<'a> {
    /// Reads from `state`; rows that were parsed before are among `kept`.
    #[must_use]
    pub const fn new(state: &'a dyn Read, kept: &'a Kept) -> Self {
        Self { state, kept }
    }

    /// The row of `key`.
    ///
    /// # Errors
    /// The engine failed, or the row cannot be read; so for each method here.
    pub fn get<T: Table>(&self, key: &T::Key) -> Result<Option<T::Row>, Fault> {
        let mut row = None;
        self.state.look(T::ID, &key.key_bytes(), &mut |bytes| {
            row = Some(T::Row::from_bytes(T::ID.name(), bytes));
        })?;
        row.transpose()
    }

    /// The row of `key` in a table whose rows are kept parsed.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn shared<T: Familiar>(&self, key: &T::Key) -> Result<Option<Arc<T::Row>>, Fault> {
        let (key, mut row) = (key.key_bytes(), None);
        self.state.look(T::ID, &key, &mut |bytes| {
            row = Some(T::shelf(self.kept).row(T::ID.name(), &key, bytes));
        })?;
        row.transpose()
    }

    /// Whether `key` has a row.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn has<T: Table>(&self, key: &T::Key) -> Result<bool, Fault> {
        self.state.look(T::ID, &key.key_bytes(), &mut |_| {})
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

    /// At most `limit` rows whose key starts with `prefix` and comes after the key `after`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn under_after<T: Table>(
        &self,
        prefix: &dyn Key,
        after_key: Option<&T::Key>,
        limit: usize,
    ) -> Result<Rows<T>, Fault>
    where
        T::Key: Sized,
    {
        self.page_after::<T>(&prefix.key_bytes(), after_key, limit)
    }

    /// At most `limit` rows whose key comes after the key `after`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn after<T: Table>(
        &self,
        after_key: Option<&T::Key>,
        limit: usize,
    ) -> Result<Rows<T>, Fault>
    where
        T::Key: Sized,
    {
        self.page_after::<T>(&[], after_key, limit)
    }

    fn page_after<T: Table>(
        &self,
        prefix: &[u8],
        after_key: Option<&T::Key>,
        limit: usize,
    ) -> Result<Rows<T>, Fault>
    where
        T::Key: Sized,
    {
        let mut from = after_key.map_or_else(|| prefix.to_vec(), Key::key_bytes);
        if after_key.is_some() {
            from.push(0);
        }
        let page = self.state.range(T::ID, &from, after(prefix).as_deref(), limit)?;
        let read = |(key, value): (Vec<u8>, _)| {
            let value: Vec<u8> = value;
            Ok((key, T::Row::from_bytes(T::ID.name(), &value)?))
        };
        page.into_iter().map(read).collect()
    }

    /// At most `limit` rows whose key starts with `prefix`, the last one first: where keys end with
    /// identifiers, the newest.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn newest_under<T: Table>(&self, prefix: &dyn Key, limit: usize) -> Result<Rows<T>, Fault> {
        let prefix = prefix.key_bytes();
        let end = after(&prefix).unwrap_or_else(|| vec![0xff; 64]);
        let page = self.state.range_back(T::ID, &prefix, &end, limit)?;
        let read =
            |(key, value): (Vec<u8>, Vec<u8>)| Ok((key, T::Row::from_bytes(T::ID.name(), &value)?));
        page.into_iter().map(read).collect()
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
