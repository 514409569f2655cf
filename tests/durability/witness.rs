//! An engine that is watched: beside it stands what it has promised to hold, row by row, and what the
//! one group holds whose fate is open.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;

use countersign::store::engine::Engine;
use countersign::store::engine::Read;
use countersign::store::engine::Row;
use countersign::store::engine::Write;
use countersign::store::fault::Fault;
use countersign::store::redb::RedbEngine;
use countersign::store::table::TableId;

use crate::disk::Disk;

/// Little, so that most reads go to the disk.
const CACHE: usize = 256 * 1024;

type Key = (usize, Vec<u8>);
/// Every row by its table and key.
pub type Rows = BTreeMap<Key, Vec<u8>>;

enum Change {
    Put(Key, Vec<u8>),
    Delete(Key),
}

/// What must be found.
#[derive(Default)]
pub struct Promised {
    rows: Rows,
    /// What the group in flight changes: found whole or not at all once it has failed.
    open: Option<Vec<Change>>,
    /// The first thing that was not as it must be.
    broken: Option<String>,
    /// Groups that were committed, and such that failed and were found to be there all the same.
    pub committed: u64,
    pub kept_in_secret: u64,
}

impl Promised {
    fn apply(rows: &mut Rows, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Put(key, value) => rows.insert(key, value),
                Change::Delete(key) => rows.remove(&key),
            };
        }
    }

    /// Compares with what is there, and learns the fate of the open group.
    fn settle(&mut self, found: &Rows) {
        let open = self.open.take();
        if *found == self.rows {
            return;
        }
        let acknowledged = self.rows.clone();
        Self::apply(&mut self.rows, open.unwrap_or_default());
        if *found == self.rows {
            self.kept_in_secret += 1;
            return;
        }
        self.break_with(differences(&acknowledged, &self.rows, found));
    }

    fn break_with(&mut self, how: String) {
        self.broken.get_or_insert(how);
    }
}

fn differences(acknowledged: &Rows, with_open: &Rows, found: &Rows) -> String {
    let count = |expected: &Rows| {
        let lost = expected.iter().filter(|(key, value)| found.get(*key) != Some(value)).count();
        let alien = found.keys().filter(|key| !expected.contains_key(*key)).count();
        format!("{lost} rows lost or changed and {alien} that must not be there")
    };
    format!(
        "against what was acknowledged {}; with the open group {}",
        count(acknowledged),
        count(with_open)
    )
}

/// What stays while engines come and go.
pub type Ledger = Arc<Mutex<Promised>>;

/// redb on the disk, watched.
pub struct Witness {
    engine: RedbEngine,
    ledger: Ledger,
}

impl Witness {
    /// Opens the disk and compares.
    pub fn open(disk: &Disk, ledger: &Ledger) -> Result<Self, Fault> {
        let engine = RedbEngine::over(disk.clone(), CACHE)?;
        let witness = Self { engine, ledger: Arc::clone(ledger) };
        witness.compare()?;
        Ok(witness)
    }

    fn compare(&self) -> Result<(), Fault> {
        let found = all_rows(self.engine.snapshot()?.as_ref())?;
        self.ledger.lock().unwrap().settle(&found);
        Ok(())
    }
}

/// What was found broken, if anything.
pub fn broken(ledger: &Ledger) -> Option<String> {
    ledger.lock().unwrap().broken.clone()
}

/// A new ledger in which these rows are promised.
pub fn promising(rows: Rows) -> Ledger {
    Arc::new(Mutex::new(Promised { rows, ..Promised::default() }))
}

/// Everything that is there.
pub fn all_rows(state: &dyn Read) -> Result<Rows, Fault> {
    let mut rows = Rows::new();
    for table in TableId::ALL {
        for (key, value) in state.range(*table, &[], None, usize::MAX)? {
            rows.insert((table.index(), key), value);
        }
    }
    Ok(rows)
}

impl Engine for Witness {
    fn snapshot(&self) -> Result<Arc<dyn Read>, Fault> {
        self.engine.snapshot()
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut changes = Vec::new();
        let mut whole = false;
        let written = self.engine.write(&mut |to| {
            work(&mut Recorder { to, changes: &mut changes })?;
            whole = true;
            Ok(())
        });
        let mut promised = self.ledger.lock().unwrap();
        match &written {
            Ok(()) => {
                Promised::apply(&mut promised.rows, changes);
                promised.committed += 1;
            }
            // It may be there or not. What failed before its commit began is not.
            Err(_) => promised.open = whole.then_some(changes),
        }
        written
    }

    fn reopen(&self) -> Result<(), Fault> {
        self.engine.reopen()?;
        self.compare()
    }

    fn compact(&self) -> Result<(), Fault> {
        let compacted = self.engine.compact();
        if compacted.is_ok() {
            self.compare()?;
        }
        compacted
    }

    fn size(&self) -> Result<u64, Fault> {
        self.engine.size()
    }
}

struct Recorder<'a> {
    to: &'a mut dyn Write,
    changes: &'a mut Vec<Change>,
}

impl Read for Recorder<'_> {
    fn look(
        &self,
        table: TableId,
        key: &[u8],
        found: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, Fault> {
        self.to.look(table, key, found)
    }

    fn range(
        &self,
        table: TableId,
        from: &[u8],
        to: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        self.to.range(table, from, to, limit)
    }

    fn range_back(
        &self,
        table: TableId,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        self.to.range_back(table, from, to, limit)
    }

    fn count_below(&self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault> {
        self.to.count_below(table, to, limit)
    }

    fn last(&self, table: TableId) -> Result<Option<Row>, Fault> {
        self.to.last(table)
    }

    fn count(&self, table: TableId) -> Result<u64, Fault> {
        self.to.count(table)
    }
}

impl Write for Recorder<'_> {
    fn put(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.to.put(table, key, value)?;
        self.changes.push(Change::Put((table.index(), key.to_vec()), value.to_vec()));
        Ok(())
    }

    fn delete(&mut self, table: TableId, key: &[u8]) -> Result<(), Fault> {
        self.to.delete(table, key)?;
        self.changes.push(Change::Delete((table.index(), key.to_vec())));
        Ok(())
    }

    fn delete_below(&mut self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault> {
        let over = self.to.range(table, &[], Some(to), limit)?;
        let deleted = self.to.delete_below(table, to, limit)?;
        if deleted != over.len() {
            return Err(Fault::engine("swept another number of rows than there were"));
        }
        self.changes.extend(over.into_iter().map(|(key, _)| Change::Delete((table.index(), key))));
        Ok(deleted)
    }
}
