//! A store that fails when it is told to: the same engine as the real one, behind a switch.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use countersign::store::Store;
use countersign::store::engine::Engine;
use countersign::store::engine::Read;
use countersign::store::engine::Write;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::redb::RedbEngine;

/// What the engine says when it fails: for the log alone.
pub const CAUSE: &str = "CANARY-CAUSE the disk is gone";

/// The engine and its switches.
pub struct Failing {
    engine: RedbEngine,
    reads: AtomicBool,
    writes: AtomicBool,
}

impl Failing {
    /// An engine in memory that works until it is told to fail, with a store over it.
    pub fn new() -> (Arc<Self>, Store) {
        let engine = RedbEngine::in_memory().unwrap();
        format::bring_up_to_date(&engine).unwrap();
        let (reads, writes) = (AtomicBool::new(false), AtomicBool::new(false));
        let engine = Arc::new(Self { engine, reads, writes });
        let store = engine.store();
        (engine, store)
    }

    /// Another store over the same bytes: what a restart finds.
    pub fn store(self: &Arc<Self>) -> Store {
        let engine: Arc<dyn Engine> = Arc::clone(self) as _;
        Store::start(engine).unwrap()
    }

    /// From here on, whether reading fails.
    pub fn fail_reads(&self, fail: bool) {
        self.reads.store(fail, Ordering::SeqCst);
    }

    /// From here on every commit fails.
    pub fn fail_writes(&self) {
        self.writes.store(true, Ordering::SeqCst);
    }
}

impl Engine for Failing {
    fn snapshot(&self) -> Result<Box<dyn Read + '_>, Fault> {
        if self.reads.load(Ordering::SeqCst) {
            return Err(Fault::engine(CAUSE));
        }
        self.engine.snapshot()
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let fails = self.writes.load(Ordering::SeqCst);
        self.engine.write(&mut |to| {
            work(to)?;
            if fails { Err(Fault::engine(CAUSE)) } else { Ok(()) }
        })
    }
}
