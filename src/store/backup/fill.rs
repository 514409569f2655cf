//! Filling a new data file from a backup.

use crate::crypto::keyring::MasterKey;
use crate::store::backup::Progress;
use crate::store::backup::Unreadable;
use crate::store::backup::read::Backup;
use crate::store::backup::read::Part;
use crate::store::engine::Engine;
use crate::store::engine::Row;
use crate::store::fault::Fault;
use crate::store::table::TableId;

/// About as many bytes are put in a commit.
const AT_ONCE: usize = 16 * 1024 * 1024;
/// Rows looked up at a time.
const PAGE: usize = 256;

/// A data file could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum Unfilled {
    /// The backup cannot be used.
    #[error(transparent)]
    Backup(#[from] Unreadable),
    /// The data file failed.
    #[error(transparent)]
    Data(#[from] Fault),
}

/// What came of it.
#[derive(Default)]
pub struct Filled {
    /// The master key, if it was in it.
    pub key: Option<MasterKey>,
    /// Rows of each table that was left out.
    pub left_out: Vec<(TableId, u64)>,
    /// Why the former file could not be read, if so.
    pub unread: Option<Fault>,
}

/// Puts all rows of `backup` into `engine`, which holds nothing, but for the tables in `without`.
///
/// # Errors
/// The backup is damaged, or the file failed: `engine` holds a part then, and is worth nothing.
pub fn fill<R: std::io::Read>(
    backup: &mut Backup<R>,
    engine: &dyn Engine,
    without: &[TableId],
    tell: &mut dyn FnMut(Progress),
) -> Result<Filled, Unfilled> {
    let mut filled = Filled::default();
    let mut batch = Batch::default();
    while let Some(part) = backup.next_part()? {
        match part {
            Part::Key(key) => filled.key = Some(key),
            Part::Rows(table, rows) if without.contains(&table) => {
                filled.left_out.push((table, u64::try_from(rows.len()).unwrap_or(u64::MAX)));
            }
            Part::Rows(table, rows) => batch.add(table, rows),
        }
        if batch.bytes >= AT_ONCE {
            std::mem::take(&mut batch).write(engine)?;
        }
        tell(Progress { done: backup.rows(), all: 0 });
    }
    batch.write(engine)?;
    Ok(filled)
}

#[derive(Default)]
struct Batch {
    rows: Vec<(TableId, Vec<Row>)>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, table: TableId, rows: Vec<Row>) {
        self.bytes += rows.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
        self.rows.push((table, rows));
    }

    fn write(self, engine: &dyn Engine) -> Result<(), Fault> {
        engine.write(&mut |to| {
            let rows =
                self.rows.iter().flat_map(|(table, rows)| rows.iter().map(|row| (*table, row)));
            rows.into_iter().try_for_each(|(table, (key, value))| to.put(table, key, value))
        })
    }
}

/// Copies the rows of `tables` from one file to another, over what is there. Says why if `from` could
/// not be read to its end.
///
/// # Errors
/// `to` failed.
pub fn carry(
    from: &dyn Engine,
    to: &dyn Engine,
    tables: &[TableId],
) -> Result<Option<Fault>, Fault> {
    let state = match from.snapshot() {
        Ok(state) => state,
        Err(why) => return Ok(Some(why)),
    };
    for table in tables {
        let mut after = Vec::new();
        loop {
            let rows = match state.range(*table, &after, None, PAGE) {
                Ok(rows) => rows,
                Err(why) => return Ok(Some(why)),
            };
            let Some((last, _)) = rows.last() else { break };
            after.clone_from(last);
            after.push(0);
            to.write(&mut |to| {
                rows.iter().try_for_each(|(key, value)| to.put(*table, key, value))
            })?;
        }
    }
    Ok(None)
}
