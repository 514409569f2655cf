//! The real engine, which fails or waits when a test tells it to.

use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign::store::Store;
use countersign::store::engine::Engine;
use countersign::store::engine::Read;
use countersign::store::engine::Write;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::redb::RedbEngine;
use http::StatusCode;

use crate::harness::House;

const RETRY: Duration = Duration::from_millis(2);

pub struct Obstructed {
    engine: RedbEngine,
    unreadable: AtomicBool,
    full: AtomicBool,
    held: Mutex<bool>,
    released: Condvar,
}

impl Obstructed {
    /// A house over such an engine.
    pub async fn house() -> (House, Arc<Self>) {
        let engine = RedbEngine::in_memory().unwrap();
        format::bring_up_to_date(&engine).unwrap();
        let engine = Arc::new(Self {
            engine,
            unreadable: AtomicBool::new(false),
            full: AtomicBool::new(false),
            held: Mutex::new(false),
            released: Condvar::new(),
        });
        let house = House::over(Store::start_retrying(engine.clone(), RETRY).unwrap(), &[]);
        (house.seeded().await, engine)
    }

    /// From now on nothing can be read.
    pub fn break_disk(&self) {
        self.unreadable.store(true, Ordering::SeqCst);
    }

    /// From now on nothing can be committed.
    pub fn fill_disk(&self) {
        self.full.store(true, Ordering::SeqCst);
    }

    /// Everything works again; returns once the house has noticed.
    pub async fn mend(&self, house: &House) {
        self.full.store(false, Ordering::SeqCst);
        self.unreadable.store(false, Ordering::SeqCst);
        while house.get("/readyz").await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    }

    fn is_readable(&self) -> Result<(), Fault> {
        if self.unreadable.load(Ordering::SeqCst) {
            return Err(Fault::engine("input/output error"));
        }
        Ok(())
    }

    fn works(&self) -> Result<(), Fault> {
        self.is_readable()?;
        if self.full.load(Ordering::SeqCst) {
            return Err(Fault::engine("no space left on device"));
        }
        Ok(())
    }

    /// Nothing is committed until [`Self::release`].
    pub fn hold(&self) {
        *self.held.lock().unwrap() = true;
    }

    pub fn release(&self) {
        *self.held.lock().unwrap() = false;
        self.released.notify_all();
    }
}

impl Engine for Obstructed {
    fn snapshot(&self) -> Result<Arc<dyn Read>, Fault> {
        self.is_readable()?;
        self.engine.snapshot()
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let held = self.held.lock().unwrap();
        drop(self.released.wait_while(held, |held| *held).unwrap());
        self.works()?;
        self.engine.write(work)
    }

    fn reopen(&self) -> Result<(), Fault> {
        self.works()
    }

    fn compact(&self) -> Result<(), Fault> {
        self.engine.compact()
    }

    fn size(&self) -> Result<u64, Fault> {
        self.engine.size()
    }
}
