//! The engine: redb. Durable at every commit, with quick-repair, so that opening after a crash is
//! quick however large the file is.

mod doubted;

use std::cell::OnceCell;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::RwLock;

use redb::CompactionError;
use redb::Database;
use redb::DatabaseError;
use redb::Durability;
use redb::ReadTransaction;
use redb::ReadableDatabase as _;
use redb::ReadableTable as _;
use redb::ReadableTableMetadata as _;
use redb::Table;
use redb::TableDefinition;
use redb::TableError;
use redb::WriteTransaction;

use crate::store::engine::Engine;
use crate::store::engine::Read;
use crate::store::engine::Row;
use crate::store::engine::Write;
use crate::store::fault::Fault;
use crate::store::medium::DataFile;
use crate::store::medium::Medium;
use crate::store::medium::Memory;
use crate::store::table::TableId;

/// Far more than what is ever kept in memory only.
const CACHE_IN_MEMORY: usize = 64 * 1024 * 1024;

type Bytes = &'static [u8];
type ReadTable = redb::ReadOnlyTable<Bytes, Bytes>;

const fn definition(table: TableId) -> TableDefinition<'static, Bytes, Bytes> {
    TableDefinition::new(table.name())
}

/// A redb database on some medium.
///
/// redb refuses further work once its file has failed, and rightly: what a failed sync left in the
/// system's cache may look written and not be. Only what is read back after opening anew counts.
pub struct RedbEngine {
    /// None while nobody knows what the file holds.
    opened: RwLock<Option<Opened>>,
    open: Box<dyn Fn() -> Result<Database, Fault> + Send + Sync>,
    size: Box<dyn Fn() -> Result<u64, Fault> + Send + Sync>,
}

/// The database while it is open.
struct Opened {
    database: Database,
    /// What was committed last, as soon as somebody has asked for it: until the next commit all
    /// readers share it, and the tables that one of them opened.
    latest: Mutex<Option<Arc<Snapshot>>>,
}

impl Opened {
    fn new(database: Database) -> Self {
        Self { database, latest: Mutex::default() }
    }

    fn latest(&self) -> Result<Arc<Snapshot>, Fault> {
        // Held until the snapshot is in its place: a commit that comes meanwhile takes it out after
        // that, so none stays that is older than the last commit.
        let mut latest = self.latest.lock().map_err(|_| Fault::Stopped)?;
        if let Some(snapshot) = latest.as_ref() {
            return Ok(Arc::clone(snapshot));
        }
        let transaction = self.database.begin_read().map_err(Fault::engine)?;
        let begun =
            Arc::new(Snapshot { transaction, tables: std::array::from_fn(|_| OnceLock::new()) });
        Ok(Arc::clone(latest.insert(begun)))
    }

    /// The snapshot that readers share is no longer the latest.
    fn outdate(&self) {
        self.latest.lock().map(|mut latest| latest.take()).ok();
    }
}

impl RedbEngine {
    /// Opens or makes the file, readable by its owner only.
    ///
    /// # Errors
    /// Another process has it, or it cannot be opened.
    pub fn open(file: &Path, cache_bytes: usize) -> Result<Self, Fault> {
        Self::over(DataFile::at(file), cache_bytes)
    }

    /// A database in memory. Once failed it has nothing to be opened from anew.
    ///
    /// # Errors
    /// Never, short of a defect in redb.
    pub fn in_memory() -> Result<Self, Fault> {
        Self::over(Memory::default(), CACHE_IN_MEMORY)
    }

    /// A database on `medium`.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn over(medium: impl Medium, cache_bytes: usize) -> Result<Self, Fault> {
        let medium = Arc::new(medium);
        let measured = Arc::clone(&medium);
        let open = move || {
            let mut builder = Database::builder();
            let opened = builder.set_cache_size(cache_bytes).create_with_backend(medium.open()?);
            opened.map_err(|error| explain(medium.name(), error))
        };
        let opened = RwLock::new(Some(Opened::new(open()?)));
        Ok(Self { opened, open: Box::new(open), size: Box::new(move || measured.size()) })
    }

    /// Does something with the database, as long as it is open.
    fn with<T>(&self, act: impl FnOnce(&Opened) -> Result<T, Fault>) -> Result<T, Fault> {
        let opened = self.opened.read().map_err(|_| Fault::Stopped)?;
        act(opened.as_ref().ok_or(Fault::Unsound)?)
    }

    fn begin(&self) -> Result<WriteTransaction, Fault> {
        let begun = self.with(|opened| opened.database.begin_write().map_err(Fault::engine));
        let mut transaction = begun?;
        transaction.set_durability(Durability::Immediate).map_err(Fault::engine)?;
        transaction.set_quick_repair(true);
        Ok(transaction)
    }

    /// Closes the database if this fault says that it failed: nothing is read or written before it
    /// was opened anew.
    fn fail_closed<T>(&self, done: Result<T, Fault>) -> Result<T, Fault> {
        if let Err(Fault::Engine(_)) = &done {
            let failed = self.opened.write().map_err(|_| Fault::Stopped)?.take();
            // It says no more than that it failed, which is known.
            drop(failed);
        }
        done
    }
}

fn explain(file: PathBuf, error: DatabaseError) -> Fault {
    match error {
        DatabaseError::DatabaseAlreadyOpen => Fault::InUse(file),
        other => Fault::Unopenable { file, why: other.to_string().into() },
    }
}

fn run(
    transaction: WriteTransaction,
    work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let worked = work(&mut Batch {
        transaction: &transaction,
        tables: std::array::from_fn(|_| OnceCell::new()),
    });
    match worked {
        Ok(()) => transaction.commit().map_err(Fault::engine),
        Err(fault) => {
            // What the abort itself says adds nothing: the first fault is the one to tell.
            let _ = transaction.abort();
            Err(fault)
        }
    }
}

impl Engine for RedbEngine {
    fn snapshot(&self) -> Result<Arc<dyn Read>, Fault> {
        Ok(self.with(Opened::latest)?)
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let written = self.begin().and_then(|transaction| run(transaction, work));
        self.fail_closed(written)?;
        self.with(|opened| {
            opened.outdate();
            Ok(())
        })
    }

    fn reopen(&self) -> Result<(), Fault> {
        // A transaction can only begin while no read and no write has failed.
        let tried = self.begin().and_then(|begun| begun.abort().map_err(Fault::engine));
        if self.fail_closed(tried).is_ok() {
            return Ok(());
        }
        let opened = Opened::new((self.open)()?);
        *self.opened.write().map_err(|_| Fault::Stopped)? = Some(opened);
        Ok(())
    }

    fn compact(&self) -> Result<(), Fault> {
        let mut held = self.opened.write().map_err(|_| Fault::Stopped)?;
        let opened = held.as_mut().ok_or(Fault::Unsound)?;
        opened.outdate();
        let compacted = opened.database.compact();
        drop(held);
        let compacted = compacted.map(|_| ()).map_err(|error| match error {
            CompactionError::TransactionInProgress => Fault::Busy,
            other => Fault::engine(other),
        });
        // Compacting leaves no state for quick-repair; the next commit does.
        self.fail_closed(compacted)?;
        self.write(&mut |_| Ok(()))
    }

    fn size(&self) -> Result<u64, Fault> {
        (self.size)()
    }
}

/// One committed state; its tables are opened when first touched.
struct Snapshot {
    transaction: ReadTransaction,
    tables: [OnceLock<Option<ReadTable>>; TableId::ALL.len()],
}

impl Snapshot {
    /// The table; none while nothing was ever written to it.
    fn table(&self, table: TableId) -> Result<Option<&ReadTable>, Fault> {
        let slot = self.tables.get(table.index()).ok_or(Fault::Stopped)?;
        if slot.get().is_none() {
            let opened = match self.transaction.open_table(definition(table)) {
                Ok(opened) => Some(opened),
                Err(TableError::TableDoesNotExist(_)) => None,
                Err(error) => return Err(Fault::engine(error)),
            };
            // Whoever else opened it meanwhile opened the same.
            let _ = slot.set(opened);
        }
        Ok(slot.get().and_then(Option::as_ref))
    }
}

impl Read for Snapshot {
    fn look(
        &self,
        table: TableId,
        key: &[u8],
        found: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, Fault> {
        self.table(table)?.map_or(Ok(false), |table| look(table, key, found))
    }

    fn range(
        &self,
        table: TableId,
        from: &[u8],
        to: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        self.table(table)?.map_or_else(|| Ok(Vec::new()), |table| range(table, from, to, limit))
    }

    fn range_back(
        &self,
        table: TableId,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        self.table(table)?
            .map_or_else(|| Ok(Vec::new()), |table| range_back(table, from, to, limit))
    }

    fn count_below(&self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault> {
        self.table(table)?.map_or(Ok(0), |table| count_below(table, to, limit))
    }

    fn last(&self, table: TableId) -> Result<Option<Row>, Fault> {
        self.table(table)?.map_or(Ok(None), last)
    }

    fn count(&self, table: TableId) -> Result<u64, Fault> {
        self.table(table)?.map_or(Ok(0), |table| table.len().map_err(Fault::engine))
    }
}

/// What a transaction has changed so far.
struct Batch<'txn> {
    transaction: &'txn WriteTransaction,
    tables: [OnceCell<Table<'txn, Bytes, Bytes>>; TableId::ALL.len()],
}

impl<'txn> Batch<'txn> {
    fn table(&self, table: TableId) -> Result<&Table<'txn, Bytes, Bytes>, Fault> {
        let slot = self.tables.get(table.index()).ok_or(Fault::Stopped)?;
        if slot.get().is_none() {
            let opened = self.transaction.open_table(definition(table)).map_err(Fault::engine)?;
            // The slot was empty and nothing else has this batch.
            let _ = slot.set(opened);
        }
        slot.get().ok_or(Fault::Stopped)
    }

    fn table_mut(&mut self, table: TableId) -> Result<&mut Table<'txn, Bytes, Bytes>, Fault> {
        self.table(table)?;
        self.tables.get_mut(table.index()).and_then(OnceCell::get_mut).ok_or(Fault::Stopped)
    }
}

impl Read for Batch<'_> {
    fn look(
        &self,
        table: TableId,
        key: &[u8],
        found: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, Fault> {
        look(self.table(table)?, key, found)
    }

    fn range(
        &self,
        table: TableId,
        from: &[u8],
        to: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        range(self.table(table)?, from, to, limit)
    }

    fn range_back(
        &self,
        table: TableId,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        range_back(self.table(table)?, from, to, limit)
    }

    fn count_below(&self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault> {
        count_below(self.table(table)?, to, limit)
    }

    fn last(&self, table: TableId) -> Result<Option<Row>, Fault> {
        last(self.table(table)?)
    }

    fn count(&self, table: TableId) -> Result<u64, Fault> {
        self.table(table)?.len().map_err(Fault::engine)
    }
}

impl Write for Batch<'_> {
    fn put(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.table_mut(table)?.insert(key, value).map_err(Fault::engine)?;
        Ok(())
    }

    fn delete(&mut self, table: TableId, key: &[u8]) -> Result<(), Fault> {
        self.table_mut(table)?.remove(key).map_err(Fault::engine)?;
        Ok(())
    }

    fn delete_below(&mut self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault> {
        let table = self.table_mut(table)?;
        let boundary = table
            .range::<&[u8]>(..to)
            .map_err(Fault::engine)?
            .nth(limit)
            .transpose()
            .map_err(Fault::engine)?
            .map(|(key, _)| key.value().to_vec());
        let before = table.len().map_err(Fault::engine)?;
        let end = boundary.as_deref().unwrap_or(to);
        table.retain_in::<&[u8], _>(..end, |_, _| false).map_err(Fault::engine)?;
        let after = table.len().map_err(Fault::engine)?;
        Ok(usize::try_from(before.saturating_sub(after)).unwrap_or(usize::MAX))
    }
}

fn look(
    table: &impl redb::ReadableTable<Bytes, Bytes>,
    key: &[u8],
    found: &mut dyn FnMut(&[u8]),
) -> Result<bool, Fault> {
    let value = table.get(key).map_err(Fault::engine)?;
    Ok(value.map(|value| found(value.value())).is_some())
}

fn range(
    table: &impl redb::ReadableTable<Bytes, Bytes>,
    from: &[u8],
    to: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Row>, Fault> {
    let rows = match to {
        Some(to) if to <= from => return Ok(Vec::new()),
        Some(to) => table.range::<&[u8]>(from..to),
        None => table.range::<&[u8]>(from..),
    };
    rows.map_err(Fault::engine)?.take(limit).map(owned).collect()
}

fn range_back(
    table: &impl redb::ReadableTable<Bytes, Bytes>,
    from: &[u8],
    to: &[u8],
    limit: usize,
) -> Result<Vec<Row>, Fault> {
    if to <= from {
        return Ok(Vec::new());
    }
    let rows = table.range::<&[u8]>(from..to).map_err(Fault::engine)?;
    rows.rev().take(limit).map(owned).collect()
}

fn owned(
    row: Result<(redb::AccessGuard<'_, Bytes>, redb::AccessGuard<'_, Bytes>), redb::StorageError>,
) -> Result<Row, Fault> {
    let (key, value) = row.map_err(Fault::engine)?;
    Ok((key.value().to_vec(), value.value().to_vec()))
}

fn count_below(
    table: &impl redb::ReadableTable<Bytes, Bytes>,
    to: &[u8],
    limit: usize,
) -> Result<usize, Fault> {
    let rows = table.range::<&[u8]>(..to).map_err(Fault::engine)?;
    rows.take(limit).try_fold(0, |count, row| row.map(|_| count + 1)).map_err(Fault::engine)
}

fn last(table: &impl redb::ReadableTable<Bytes, Bytes>) -> Result<Option<Row>, Fault> {
    let found = table.last().map_err(Fault::engine)?;
    Ok(found.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())))
}
