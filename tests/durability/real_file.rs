//! The same on a real file, with its real locks.

use std::io;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign::store::Store;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::medium::DataFile;
use countersign::store::medium::Medium;
use countersign::store::redb::RedbEngine;
use redb::BackendError;
use redb::StorageBackend;
use redb::backends::FileBackend;

use crate::site::Nothing;

const CACHE: usize = 1024 * 1024;

/// The data file, whose syncs fail when told to.
struct Flaky {
    file: DataFile,
    fails: Arc<AtomicBool>,
}

#[derive(Debug)]
struct FlakyFile {
    file: FileBackend,
    fails: Arc<AtomicBool>,
}

impl Medium for Flaky {
    type Backend = FlakyFile;

    fn open(&self) -> Result<FlakyFile, Fault> {
        Ok(FlakyFile { file: self.file.open()?, fails: Arc::clone(&self.fails) })
    }

    fn size(&self) -> Result<u64, Fault> {
        self.file.size()
    }

    fn name(&self) -> PathBuf {
        self.file.name()
    }
}

impl StorageBackend for FlakyFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.fails.swap(false, Ordering::SeqCst) {
            return Err(io::Error::other("I/O error"));
        }
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}

#[test]
fn a_real_file_is_opened_anew_under_its_lock_while_a_reader_still_holds_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let fails = Arc::new(AtomicBool::new(false));
    let flaky = Flaky { file: DataFile::at(&path), fails: Arc::clone(&fails) };
    let engine = RedbEngine::over(flaky, CACHE).unwrap();
    format::bring_up_to_date(&engine).unwrap();
    let store = Store::start_retrying(Arc::new(engine), Duration::from_secs(3600)).unwrap();
    let failed = store.read(|_| {
        fails.store(true, Ordering::SeqCst);
        Ok(store.submit_blocking(Nothing))
    });
    assert!(matches!(failed, Ok(Err(Fault::Engine(_)))), "{failed:?}");
    assert!(store.is_sound());
    store.submit_blocking(Nothing).unwrap();
    // It is still locked: nobody else gets it before this store is closed.
    assert!(matches!(RedbEngine::open(&path, CACHE), Err(Fault::InUse(_))));
    store.close();
    drop(store);
    RedbEngine::open(&path, CACHE).unwrap();
}
