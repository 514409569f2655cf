//! A disk that is full, broken or slow when a test says so, under the real engine and store.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign::store::Store;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::medium::Medium;
use countersign::store::redb::RedbEngine;
use http::StatusCode;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;

use crate::harness::House;

/// What a disk says that is broken: for the log alone.
pub const CAUSE: &str = "CANARY-CAUSE input/output error";

/// Whoever reads goes to the disk.
const NO_CACHE: usize = 0;
const RETRY: Duration = Duration::from_millis(2);

#[derive(Clone, Default)]
pub struct Disk {
    bytes: Arc<InMemoryBackend>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    full: AtomicBool,
    broken: AtomicBool,
    held: Mutex<bool>,
    released: Condvar,
}

impl Disk {
    /// The sandbox's house on such a disk.
    pub async fn house() -> (House, Self) {
        Self::house_with(&[]).await
    }

    /// As [`Self::house`], with other settings than the defaults.
    pub async fn house_with(settings: &[(&str, &str)]) -> (House, Self) {
        let disk = Self::default();
        let engine = RedbEngine::over(disk.clone(), NO_CACHE).unwrap();
        format::bring_up_to_date(&engine).unwrap();
        let store = Store::start_retrying(Arc::new(engine), RETRY).unwrap();
        (House::over(store, settings).seeded().await, disk)
    }

    /// From now on it takes nothing.
    pub fn fill(&self) {
        self.state.full.store(true, Ordering::SeqCst);
    }

    /// From now on nothing can be read either.
    pub fn break_down(&self) {
        self.state.broken.store(true, Ordering::SeqCst);
    }

    /// Works again; returns once the house does too: it says so as soon as it has noticed a failure
    /// and opened the file anew, and reads as soon as no failure is left unnoticed.
    pub async fn mend(&self, house: &House) {
        self.state.full.store(false, Ordering::SeqCst);
        self.state.broken.store(false, Ordering::SeqCst);
        while house.ops.users().is_err() || house.get("/readyz").await.status != StatusCode::OK {
            tokio::task::yield_now().await;
        }
    }

    /// Nothing is committed until [`Self::release`].
    pub fn hold(&self) {
        *self.state.held.lock().unwrap() = true;
    }

    pub fn release(&self) {
        *self.state.held.lock().unwrap() = false;
        self.state.released.notify_all();
    }

    fn is_readable(&self) -> io::Result<()> {
        if self.state.broken.load(Ordering::SeqCst) {
            return Err(io::Error::other(CAUSE));
        }
        Ok(())
    }

    fn has_room(&self) -> io::Result<()> {
        self.is_readable()?;
        if self.state.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a disk")
    }
}

impl Medium for Disk {
    type Backend = Self;

    fn open(&self) -> Result<Self, Fault> {
        self.has_room().map_err(Fault::engine)?;
        Ok(self.clone())
    }

    fn size(&self) -> Result<u64, Fault> {
        self.bytes.len().map_err(Fault::engine)
    }

    fn name(&self) -> PathBuf {
        PathBuf::from("disk")
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        self.is_readable()?;
        self.bytes.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.is_readable()?;
        self.bytes.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.has_room()?;
        self.bytes.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        let held = self.state.held.lock().unwrap();
        drop(self.state.released.wait_while(held, |held| *held).unwrap());
        self.has_room()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.has_room()?;
        self.bytes.write(offset, data)
    }
}
