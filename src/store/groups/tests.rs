use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;

use super::*;
use crate::store::Store;
use crate::store::engine::Read;
use crate::store::engine::Write;
use crate::store::redb::RedbEngine;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Fails when it is told to, and remembers what it was asked.
struct Fragile {
    engine: RedbEngine,
    /// How many of the next things it is asked fail.
    fails: AtomicUsize,
    closed: AtomicBool,
    asked: Mutex<Vec<&'static str>>,
}

impl Fragile {
    fn store() -> (Arc<Self>, Store) {
        let engine = RedbEngine::in_memory().unwrap();
        format::bring_up_to_date(&engine).unwrap();
        let fragile = Arc::new(Self {
            engine,
            fails: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            asked: Mutex::default(),
        });
        let store = Store::start_retrying(fragile.clone(), Duration::from_millis(5)).unwrap();
        (fragile, store)
    }

    fn answer(&self, asked: &'static str) -> Result<(), Fault> {
        self.asked.lock().unwrap().push(asked);
        let left = self.fails.load(Ordering::SeqCst);
        if left == 0 {
            return Ok(());
        }
        self.fails.store(left - 1, Ordering::SeqCst);
        self.closed.store(true, Ordering::SeqCst);
        Err(Fault::engine("broken"))
    }

    fn breaks(&self) {
        self.fails.store(usize::MAX, Ordering::SeqCst);
    }

    fn is_mended(&self) {
        self.fails.store(0, Ordering::SeqCst);
    }
}

impl Engine for Fragile {
    fn snapshot(&self) -> Result<Arc<dyn Read>, Fault> {
        self.engine.snapshot()
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(Fault::Unsound);
        }
        self.answer("write")?;
        self.engine.write(work)
    }

    fn reopen(&self) -> Result<(), Fault> {
        self.answer("reopen")?;
        self.closed.store(false, Ordering::SeqCst);
        Ok(())
    }

    fn compact(&self) -> Result<(), Fault> {
        self.answer("compact")?;
        self.engine.compact()
    }

    fn size(&self) -> Result<u64, Fault> {
        Ok(0)
    }
}

struct Act;

impl Operation for Act {
    type Outcome = ();

    fn decide(self, _reader: &crate::store::reader::Reader<'_>) -> Result<Decision<()>, Fault> {
        Ok(Decision::unchanged(()))
    }
}

fn wait_until(holds: impl Fn() -> bool) {
    while !holds() {
        std::thread::yield_now();
    }
}

#[test]
fn a_group_that_failed_is_answered_only_once_it_is_known_what_is_there() {
    let (fragile, store) = Fragile::store();
    fragile.fails.store(1, Ordering::SeqCst);
    let answer = store.submit_blocking(Act);
    assert!(matches!(answer, Err(Fault::Engine(_))));
    // The failed write; then the file was opened anew and took a commit.
    assert_eq!(*fragile.asked.lock().unwrap(), ["write", "reopen", "write"]);
    store.read(|_| Ok(())).unwrap();
    store.submit_blocking(Act).unwrap();
}

#[test]
fn while_the_file_cannot_be_opened_everything_is_refused_and_nothing_reaches_it() {
    let (fragile, store) = Fragile::store();
    fragile.breaks();
    assert!(matches!(store.submit_blocking(Act), Err(Fault::Engine(_))));
    assert!(!store.is_sound());
    assert!(matches!(store.submit_blocking(Act), Err(Fault::Unsound)));
    assert!(matches!(store.read(|_| Ok(())), Err(Fault::Unsound)));
    assert!(!store.has_ended());
    let asked = fragile.asked.lock().unwrap();
    assert!(asked[1..].iter().all(|asked| *asked == "reopen"), "{asked:?}");
}

#[test]
fn a_file_that_can_be_opened_again_is_found_without_anybody_asking() {
    let (fragile, store) = Fragile::store();
    fragile.breaks();
    assert!(store.submit_blocking(Act).is_err());
    assert!(!store.is_sound());
    fragile.is_mended();
    wait_until(|| store.is_sound());
    store.submit_blocking(Act).unwrap();
}

#[test]
fn a_store_whose_file_fails_still_closes() {
    let (fragile, store) = Fragile::store();
    fragile.breaks();
    assert!(store.submit_blocking(Act).is_err());
    store.close();
    assert!(store.has_ended());
}

#[test]
fn compacting_is_put_off_while_somebody_reads_and_loses_nothing() {
    let engine = RedbEngine::in_memory().unwrap();
    format::bring_up_to_date(&engine).unwrap();
    let rows = |engine: &RedbEngine| {
        let table = crate::store::table::TableId::Meta;
        engine.snapshot().unwrap().range(table, &[], None, 10).unwrap()
    };
    let before = rows(&engine);
    let snapshot = engine.snapshot().unwrap();
    assert!(matches!(engine.compact(), Err(Fault::Busy)));
    drop(snapshot);
    engine.compact().unwrap();
    assert_eq!(rows(&engine), before);
}
