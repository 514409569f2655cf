//! Floor 3: the store. Typed tables above, bytes below; one writer, many readers.
//!
//! Promises: nothing is answered before it is durable; an operation is applied whole or not at
//! all; the audit entry is in the same commit as its effect; readers see a snapshot and wait for no
//! writer; after a failure of the file nothing is read or written before it was opened anew. The
//! format, and why this holds, are described in `docs/storage-format.md`.

pub mod activity;
pub mod backup;
pub mod bytes;
pub mod chain;
pub mod changes;
pub mod engine;
pub mod familiar;
pub mod fault;
pub mod format;
mod groups;
pub mod medium;
mod outbox;
mod queue;
pub mod reader;
pub mod redb;
pub mod rows;
pub mod space;
pub mod sweep;
pub mod table;
pub mod tables;
pub mod writer;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::store::backup::Progress;
use crate::store::backup::fill;
use crate::store::backup::fill::Filled;
use crate::store::backup::fill::Unfilled;
use crate::store::backup::read::Backup;
use crate::store::engine::Engine;
use crate::store::engine::Read;
use crate::store::familiar::Kept;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::TableId;
use crate::store::writer::Operation;
use crate::store::writer::Writer;

/// How often opening the data file anew is tried.
const RETRY: Duration = Duration::from_secs(1);

/// The store: hand out clones freely.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    writer: Arc<Writer>,
    kept: Arc<Kept>,
}

impl Store {
    /// Starts the writer over an engine whose format was checked.
    ///
    /// # Errors
    /// The writer's thread could not be started.
    pub fn start(engine: Arc<dyn Engine>) -> Result<Self, Fault> {
        Self::start_retrying(engine, RETRY)
    }

    /// As [`Self::start`]; an engine that failed and cannot be opened anew is tried again every
    /// `retry`.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_retrying(engine: Arc<dyn Engine>, retry: Duration) -> Result<Self, Fault> {
        let kept = Arc::default();
        let writer = Writer::start(Arc::clone(&engine), Arc::clone(&kept), retry)?;
        Ok(Self { engine, writer: Arc::new(writer), kept })
    }

    /// Opens the data file, bringing an older format up to date.
    ///
    /// # Errors
    /// Each in one plain sentence: see [`Fault`].
    pub fn open(file: &Path, cache_bytes: usize) -> Result<Self, Fault> {
        Self::open_after(file, cache_bytes, &mut |_, _| Ok(()))
    }

    /// As [`Self::open`]; `before` is shown what a file of an older format holds before it is brought up
    /// to date.
    ///
    /// # Errors
    /// As [`Self::open`], or what `before` said: the file is then as it was.
    pub fn open_after(
        file: &Path,
        cache_bytes: usize,
        before: &mut dyn FnMut(&dyn Read, u32) -> Result<(), Fault>,
    ) -> Result<Self, Fault> {
        let engine = redb::RedbEngine::open(file, cache_bytes)?;
        format::bring_up_to_date_after(&engine, before)?;
        activity::catch_up(&engine)?;
        Self::start(Arc::new(engine))
    }

    /// Opens a data file that another is to take the place of, and writes no row in it. Until it is
    /// dropped nobody else opens it. All of it was held against its checksums.
    ///
    /// # Errors
    /// As [`Self::open`]; or it has another format than this version's, or is damaged anywhere.
    pub fn open_former(file: &Path, cache_bytes: usize) -> Result<Self, Fault> {
        let engine = redb::RedbEngine::open_doubted(file, cache_bytes)?;
        let found = format::of(engine.snapshot()?.as_ref())?;
        if found > format::FORMAT {
            return Err(Fault::Newer { found, known: format::FORMAT });
        }
        if found < format::FORMAT {
            return Err(Fault::row("meta", "it is of an older format"));
        }
        Self::start(Arc::new(engine))
    }

    /// Makes a data file of a backup: its rows but for the tables `without`, brought up to date, then
    /// what `former` has in the tables `remembered`. `file` is empty, and worth nothing after an error.
    ///
    /// # Errors
    /// The backup cannot be used, or a file failed.
    pub fn restore<R: std::io::Read>(
        (file, cache_bytes): (&Path, usize),
        backup: &mut Backup<R>,
        without: &[TableId],
        (former, remembered): (Option<&Self>, &[TableId]),
        tell: &mut dyn FnMut(Progress),
    ) -> Result<(Self, Filled), Unfilled> {
        let engine = redb::RedbEngine::open(file, cache_bytes)?;
        let mut filled = fill::fill(backup, &engine, without, tell)?;
        format::bring_up_to_date(&engine)?;
        if let Some(former) = former {
            filled.unread = fill::carry(former.engine.as_ref(), &engine, remembered)?;
        }
        activity::catch_up(&engine)?;
        Ok((Self::start(Arc::new(engine))?, filled))
    }

    /// A store in memory, over the same engine as the real one.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn in_memory() -> Result<Self, Fault> {
        let engine = redb::RedbEngine::in_memory()?;
        format::bring_up_to_date(&engine)?;
        Self::start(Arc::new(engine))
    }

    /// Looks something up in a snapshot of what is committed now.
    ///
    /// # Errors
    /// The engine failed, or a row could not be read.
    pub fn read<T>(&self, look: impl FnOnce(&Reader<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        if !self.is_sound() {
            return Err(Fault::Unsound);
        }
        let found =
            self.engine.snapshot().and_then(|state| look(&Reader::new(state.as_ref(), &self.kept)));
        if matches!(found, Err(Fault::Engine(_))) {
            self.writer.inspect();
        }
        found
    }

    /// Has the writer decide and apply `operation`; returns once its outcome is durable.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full, [`Fault::Unsound`] while the file cannot be used:
    /// nothing was done. [`Fault::Engine`] when it failed: the operation is there whole or not at
    /// all, and a read tells which.
    pub async fn submit<O: Operation>(&self, operation: O) -> Result<O::Outcome, Fault> {
        self.writer.submit(operation).await
    }

    /// As [`Self::submit`], for callers without an executor.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub fn submit_blocking<O: Operation>(&self, operation: O) -> Result<O::Outcome, Fault> {
        self.writer.submit_blocking(operation)
    }

    /// Whether the store can be used: not between a failure of the data file and its being opened
    /// anew.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.writer.standing().sound.load(Ordering::Acquire)
    }

    /// Whether the writer has ended, and with it all work.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.writer.standing().ended.load(Ordering::Acquire)
    }

    /// How many operations were committed since the start.
    #[must_use]
    pub fn committed(&self) -> u64 {
        self.writer.standing().committed.load(Ordering::Relaxed)
    }

    /// How many operations wait for the writer.
    #[must_use]
    pub fn queue_length(&self) -> usize {
        self.writer.queue_length()
    }

    /// Gives unused space of the data file back, if nobody else wants anything. Whoever comes
    /// meanwhile waits.
    ///
    /// # Errors
    /// [`Fault::Busy`] if others read or wait to write; otherwise the engine failed.
    pub async fn compact(&self) -> Result<(), Fault> {
        self.writer.compact().await
    }

    /// How many bytes the data takes.
    ///
    /// # Errors
    /// The file cannot be asked.
    pub fn size(&self) -> Result<u64, Fault> {
        self.engine.size()
    }

    /// Lets the writer finish what it has taken, and stops it.
    pub fn close(&self) {
        self.writer.close();
    }
}
