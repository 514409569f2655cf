//! The real engine, which fails or waits when a test tells it to.

use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use countersign::store::Store;
use countersign::store::engine::Engine;
use countersign::store::engine::Read;
use countersign::store::engine::Write;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::redb::RedbEngine;

use crate::harness::House;

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
        let house = House::over(Store::start(engine.clone()).unwrap(), &[]);
        (house.seeded().await, engine)
    }

    /// Nothing can be read, or everything again.
    pub fn set_readable(&self, readable: bool) {
        self.unreadable.store(!readable, Ordering::SeqCst);
    }

    /// From now on nothing can be committed.
    pub fn fill_disk(&self) {
        self.full.store(true, Ordering::SeqCst);
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
    fn snapshot(&self) -> Result<Box<dyn Read + '_>, Fault> {
        if self.unreadable.load(Ordering::SeqCst) {
            return Err(Fault::engine("input/output error"));
        }
        self.engine.snapshot()
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let held = self.held.lock().unwrap();
        drop(self.released.wait_while(held, |held| *held).unwrap());
        let full = self.full.load(Ordering::SeqCst);
        self.engine.write(&mut |to| {
            work(to)?;
            if full { Err(Fault::engine("no space left on device")) } else { Ok(()) }
        })
    }
}
