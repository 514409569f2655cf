//! The real engine; how long its longest commit took, and how large it was at most, is remembered.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use countersign::store::engine::Engine;
use countersign::store::engine::Read;
use countersign::store::engine::Write;
use countersign::store::fault::Fault;
use countersign::store::redb::RedbEngine;

pub struct Metered {
    pub engine: RedbEngine,
    longest: Mutex<Duration>,
    largest: AtomicU64,
}

impl Metered {
    pub fn over(engine: RedbEngine) -> Self {
        Self { engine, longest: Mutex::default(), largest: AtomicU64::default() }
    }

    /// The longest commit since this was last asked, all that was decided in it included.
    pub fn take_longest(&self) -> Duration {
        std::mem::take(&mut *self.longest.lock().unwrap())
    }

    /// The most bytes that it took after a commit since this was last asked.
    pub fn take_largest(&self) -> u64 {
        self.largest.swap(0, Ordering::Relaxed)
    }
}

impl Engine for Metered {
    fn snapshot(&self) -> Result<Arc<dyn Read>, Fault> {
        self.engine.snapshot()
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let begun = Instant::now();
        let written = self.engine.write(work);
        let mut longest = self.longest.lock().unwrap();
        *longest = longest.max(begun.elapsed());
        self.largest.fetch_max(self.engine.size()?, Ordering::Relaxed);
        written
    }

    fn reopen(&self) -> Result<(), Fault> {
        self.engine.reopen()
    }

    fn compact(&self) -> Result<(), Fault> {
        self.engine.compact()
    }

    fn size(&self) -> Result<u64, Fault> {
        self.engine.size()
    }
}
