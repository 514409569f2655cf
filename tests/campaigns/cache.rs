//! The cache has the size that is configured, and the file may be far larger.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use countersign::app::installation::Kind;
use countersign::app::installation::Options;
use countersign::config;
use countersign::config::Flag;
use countersign::config::Sources;
use countersign::store::engine::Engine as _;
use countersign::store::fault::Fault;
use countersign::store::medium::Medium;
use countersign::store::redb::RedbEngine;
use countersign::store::table::TableId;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;

const MIB: usize = 1024 * 1024;
/// With what is in them, twenty MiB.
const ROWS: u64 = 20_000;
const WIDTH: usize = 1024;
const AT_ONCE: usize = 2000;
/// Rows that are looked at in one pass.
const LOOKED_AT: u64 = 5000;

/// Memory that counts how often it is read.
#[derive(Clone, Debug, Default)]
struct Counted {
    bytes: Arc<InMemoryBackend>,
    reads: Arc<AtomicU64>,
}

impl Medium for Counted {
    type Backend = Self;

    fn open(&self) -> Result<Self, Fault> {
        Ok(self.clone())
    }

    fn size(&self) -> Result<u64, Fault> {
        self.bytes.len().map_err(Fault::engine)
    }

    fn name(&self) -> PathBuf {
        PathBuf::from("counted")
    }
}

impl StorageBackend for Counted {
    fn len(&self) -> io::Result<u64> {
        self.bytes.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.bytes.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.bytes.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.bytes.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.bytes.write(offset, data)
    }
}

/// A row's value: its number, over and over.
fn value(row: u64) -> Vec<u8> {
    row.to_be_bytes().repeat(WIDTH / 8)
}

/// A store of twenty MiB, and what counts its reads.
fn filled(cache: usize) -> (RedbEngine, Arc<AtomicU64>) {
    let medium = Counted::default();
    let engine = RedbEngine::over(medium.clone(), cache).unwrap();
    for first in (0..ROWS).step_by(AT_ONCE) {
        engine
            .write(&mut |to| {
                (first..first + AT_ONCE as u64)
                    .try_for_each(|row| to.put(TableId::Codes, &row.to_be_bytes(), &value(row)))
            })
            .unwrap();
    }
    assert!(engine.size().unwrap() > 20 * MIB as u64);
    (engine, medium.reads)
}

/// Looks at rows all over the table, each of which must be right.
fn look(engine: &RedbEngine) {
    let state = engine.snapshot().unwrap();
    for n in 0..LOOKED_AT {
        let row = n * 7919 % ROWS;
        let found = state.get(TableId::Codes, &row.to_be_bytes()).unwrap();
        assert!(found == Some(value(row)), "row {row}");
    }
}

/// Reads of the medium in a second pass over the same rows.
fn reads_of_a_second_pass(cache: usize) -> u64 {
    let (engine, reads) = filled(cache);
    look(&engine);
    let before = reads.load(Ordering::Relaxed);
    look(&engine);
    reads.load(Ordering::Relaxed) - before
}

#[test]
fn a_store_that_is_larger_than_its_cache_reads_every_row_right() {
    let reads = reads_of_a_second_pass(MIB);
    assert!(reads > LOOKED_AT / 2, "{reads}: what does not fit into the cache is read again");
}

#[test]
fn a_cache_that_holds_everything_reads_nothing_twice() {
    assert_eq!(reads_of_a_second_pass(64 * MIB), 0);
}

#[test]
fn the_cache_has_the_size_that_is_configured() {
    let given = |mib: &str| {
        let flag = Flag {
            name: "test".to_owned(),
            key: "data.cache_mib".to_owned(),
            value: mib.to_owned(),
        };
        let sources = Sources { flags: vec![flag], ..Sources::default() };
        Options::of(&config::load(&sources).unwrap().settings, Kind::Real).cache_bytes
    };
    assert_eq!([given("64"), given("100")], [64 * MIB, 100 * MIB]);
}
