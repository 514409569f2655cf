//! A disk that fails at any one call, once or until it is mended: nothing acknowledged is lost,
//! callers are told, and the store goes on by itself.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use countersign::base::clock::ManualClock;
use countersign::base::clock::Timestamp;
use countersign::store::fault::Fault;

use crate::chance::Chance;
use crate::disk::Disk;
use crate::disk::Honesty;
use crate::disk::Trouble;
use crate::site;
use crate::site::Site;
use crate::site::Told;
use crate::site::template;
use crate::witness;
use crate::witness::Ledger;
use crate::witness::Witness;

const STEPS: usize = 14;
const RETRY: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(20);

struct Run {
    disk: Disk,
    ledger: Ledger,
    clock: Arc<ManualClock>,
    chance: Chance,
    told: Told,
    runtime: tokio::runtime::Runtime,
    site: Option<Site>,
}

impl Run {
    fn new(seed: u64, honesty: Honesty) -> Self {
        let mut chance = Chance::of(seed);
        let disk = Disk::of(&template().image, honesty, chance.branch());
        let mut run = Self {
            disk,
            ledger: template().ledger(),
            clock: Arc::new(ManualClock::at(Timestamp::from_seconds(1_790_100_000))),
            chance,
            told: Told::default(),
            runtime: site::runtime(),
            site: None,
        };
        run.open();
        run
    }

    fn open(&mut self) {
        let engine = Arc::new(Witness::open(&self.disk, &self.ledger).unwrap());
        let site = Site::start(engine, &self.clock, self.chance.branch(), RETRY);
        self.site = Some(site.unwrap());
    }

    fn site(&self) -> &Site {
        self.site.as_ref().unwrap()
    }

    fn work(&mut self, steps: usize) -> Result<(), String> {
        for _ in 0..steps {
            let site = self.site.as_ref().unwrap();
            self.runtime.block_on(site.step(&mut self.told, &mut self.chance))?;
            witness::broken(&self.ledger).map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    fn wait_until_sound(&self) -> Result<(), String> {
        let begun = Instant::now();
        while !self.site().store.is_sound() || self.site().store.read(|_| Ok(())).is_err() {
            if begun.elapsed() > PATIENCE {
                return Err("the store did not become sound again".to_owned());
            }
            std::thread::yield_now();
        }
        Ok(())
    }

    /// All is as it was told, and stays so if power fails now.
    fn judge(&mut self) -> Result<(), String> {
        self.wait_until_sound()?;
        self.check()?;
        self.work(2)?;
        self.site.take().unwrap().stop();
        self.disk.restart();
        self.open();
        witness::broken(&self.ledger).map_or(Ok(()), Err)?;
        self.check()
    }

    fn check(&mut self) -> Result<(), String> {
        let site = self.site.as_ref().unwrap();
        self.runtime.block_on(site.check(&mut self.told, &mut self.chance))
    }
}

/// How many calls the work makes when nothing fails.
fn calls(seed: u64) -> u64 {
    let mut run = Run::new(seed, Honesty::Honest);
    let before = run.disk.calls();
    run.work(STEPS).unwrap();
    run.disk.calls() - before
}

fn fails_once(seed: u64, call: u64, honesty: Honesty) -> Result<u64, String> {
    let mut run = Run::new(seed, honesty);
    run.disk.expect(None, call, Trouble::FailsOnce);
    run.work(STEPS)?;
    run.disk.mend();
    let faults = run.told.faults;
    run.judge().map(|()| faults)
}

fn fails_until_mended(seed: u64, call: u64) -> Result<(), String> {
    let mut run = Run::new(seed, Honesty::Honest);
    run.disk.expect(None, call, Trouble::FailsFromNowOn);
    run.work(STEPS)?;
    // Whatever comes now is written or refused, and what is refused says so.
    let written = run.runtime.block_on(run.site().store.submit(site::Nothing));
    match written {
        Err(fault) if fault.will_pass() => {}
        other => return Err(format!("a disk that takes nothing: {other:?}")),
    }
    if !run.site().store.is_sound() {
        match run.site().store.read(|_| Ok(())) {
            Err(Fault::Unsound) => {}
            other => return Err(format!("read while nobody knows what is there: {other:?}")),
        }
    }
    run.disk.mend();
    run.judge()
}

/// Has `run` happen for every call that some work makes, on all processors; the sum of its answers.
fn at_each_call(run: impl Fn(u64, u64) -> Result<u64, String> + Sync) -> (u64, u64) {
    let runs: Vec<(u64, u64)> =
        (1..=2).flat_map(|seed| (1..=calls(seed)).map(move |call| (seed, call))).collect();
    let (next, sum) = (AtomicUsize::new(0), AtomicU64::new(0));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((seed, call)) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let done = run(*seed, *call);
                    let done = done
                        .unwrap_or_else(|why| panic!("seed {seed}, failure at call {call}: {why}"));
                    sum.fetch_add(done, Ordering::Relaxed);
                }
            });
        }
    });
    (runs.len() as u64, sum.into_inner())
}

#[test]
fn a_disk_that_fails_once_at_any_call_costs_no_more_than_a_fault() {
    let (calls, faults) = at_each_call(|seed, call| fails_once(seed, call, Honesty::Honest));
    println!("each of {calls} calls failed once; {faults} acts were told so");
    assert!(faults >= calls / 4, "{faults}");
}

#[test]
fn a_disk_that_fails_from_any_call_on_is_waited_for_and_nothing_is_lost() {
    let (calls, _) = at_each_call(|seed, call| fails_until_mended(seed, call).map(|()| 0));
    println!("everything failed from each of {calls} calls on");
}

/// Dropping the cache when opening anew is a second line: a commit's pages are synced before the
/// header names them, and opening writes the header again.
#[test]
fn what_a_failed_sync_left_in_the_cache_does_no_harm_even_where_it_cannot_be_dropped() {
    at_each_call(|seed, call| fails_once(seed, call, Honesty::KeepsCache));
}
