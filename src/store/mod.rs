//! Floor 3: the store. Typed tables above, bytes below; one writer, many readers.
//!
//! Promises: nothing is answered before it is durable; an operation is applied whole or not at
//! all; the audit entry is in the same commit as its effect; readers see a snapshot and never
//! wait. The format is described in `docs/storage-format.md`.

pub mod bytes;
pub mod chain;
pub mod changes;
pub mod engine;
pub mod fault;
pub mod format;
pub mod reader;
pub mod redb;
pub mod rows;
pub mod sweep;
pub mod table;
pub mod tables;
pub mod writer;

use std::path::Path;
use std::sync::Arc;

use crate::store::engine::Engine;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::writer::Operation;
use crate::store::writer::Writer;

/// The store: hand out clones freely.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    writer: Arc<Writer>,
}

impl Store {
    /// Starts the writer over an engine whose format was checked.
    ///
    /// # Errors
    /// The writer's thread could not be started.
    pub fn start(engine: Arc<dyn Engine>) -> Result<Self, Fault> {
        let writer = Arc::new(Writer::start(Arc::clone(&engine))?);
        Ok(Self { engine, writer })
    }

    /// Opens the data file, bringing an older format up to date.
    ///
    /// # Errors
    /// Each in one plain sentence: see [`Fault`].
    pub fn open(file: &Path, cache_bytes: usize) -> Result<Self, Fault> {
        let engine = redb::RedbEngine::open(file, cache_bytes)?;
        format::bring_up_to_date(&engine)?;
        Self::start(Arc::new(engine))
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
        let snapshot = self.engine.snapshot()?;
        look(&Reader::new(snapshot.as_ref()))
    }

    /// Has the writer decide and apply `operation`; returns once its outcome is durable.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full; otherwise the engine failed and nothing of the
    /// operation was kept.
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

    /// Whether the store takes work: false once the engine has failed.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.writer.is_sound()
    }

    /// Lets the writer finish what it has taken, and stops it.
    pub fn close(&self) {
        self.writer.close();
    }
}
