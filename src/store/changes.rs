//! What an operation wants changed. Nothing is written until it has decided.

use crate::base::id::UserId;
use crate::domain::audit::Event;
use crate::domain::webhook::Announcement;
use crate::store::activity;
use crate::store::chain;
use crate::store::engine::Write;
use crate::store::familiar::Kept;
use crate::store::fault::Fault;
use crate::store::outbox;
use crate::store::table::Key;
use crate::store::table::Row;
use crate::store::table::Table;
use crate::store::table::TableId;

enum Change {
    Put { table: TableId, key: Vec<u8>, value: Vec<u8> },
    Delete { table: TableId, key: Vec<u8> },
    DeleteBelow { table: TableId, to: Vec<u8>, limit: usize },
}

/// Rows to put and delete, and the audit events that go with them.
#[derive(Default)]
pub struct Changes {
    rows: Vec<Change>,
    events: Vec<Event>,
    told: Vec<Announcement>,
}

impl Changes {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a row.
    ///
    /// # Errors
    /// The row has no stored form.
    pub fn put<T: Table>(&mut self, key: &T::Key, row: &T::Row) -> Result<(), Fault> {
        let value = row.to_bytes(T::ID.name())?;
        self.rows.push(Change::Put { table: T::ID, key: key.key_bytes(), value });
        Ok(())
    }

    /// Removes a row.
    pub fn delete<T: Table>(&mut self, key: &T::Key) {
        self.rows.push(Change::Delete { table: T::ID, key: key.key_bytes() });
    }

    /// Removes the row of a key as it is stored.
    pub fn delete_key(&mut self, table: TableId, key: Vec<u8>) {
        self.rows.push(Change::Delete { table, key });
    }

    /// Removes the rows of a table below a key, at most `limit`.
    pub fn delete_below(&mut self, table: TableId, to: Vec<u8>, limit: usize) {
        self.rows.push(Change::DeleteBelow { table, to, limit });
    }

    /// Adds an entry to the audit chain, in the same commit.
    pub fn record(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Tells the endpoints of a company or firm, in the same commit.
    pub fn announce(&mut self, told: Announcement) {
        self.told.push(told);
    }

    /// Adds all of `others`, after what is here.
    pub fn append(&mut self, others: Self) {
        self.rows.extend(others.rows);
        self.events.extend(others.events);
        self.told.extend(others.told);
    }

    /// Notes in every event who did it.
    pub fn attribute(&mut self, user: UserId) {
        for event in &mut self.events {
            event.by = Some(user);
        }
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.events.is_empty() && self.told.is_empty()
    }

    /// Writes all of it.
    pub(in crate::store) fn apply(self, to: &mut dyn Write, kept: &Kept) -> Result<(), Fault> {
        for change in self.rows {
            match change {
                Change::Put { table, key, value } => {
                    outbox::notice(to, table, &key, &value)?;
                    to.put(table, &key, &value)?;
                }
                Change::Delete { table, key } => to.delete(table, &key)?,
                Change::DeleteBelow { table, to: end, limit } => {
                    to.delete_below(table, &end, limit)?;
                }
            }
        }
        for event in &self.events {
            let number = chain::append(to, event)?;
            activity::note(to, kept, number, event)?;
        }
        self.told.iter().try_for_each(|told| outbox::put(to, told))
    }
}
