//! A disk that fails at any one call, once or until it is mended, because it is broken (`EIO`) or full
//! (`ENOSPC`): nothing acknowledged is lost, no code is redeemed twice, nothing is granted meanwhile,
//! callers are told, and the store goes on by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use countersign::base::clock::ManualClock;
use countersign::base::clock::Timestamp;
use countersign::store::fault::Fault;

use crate::chance::Chance;
use crate::disk::Call;
use crate::disk::Disk;
use crate::disk::Honesty;
use crate::disk::Trouble;
use crate::disk::Why;
use crate::site;
use crate::site::Site;
use crate::site::Told;
use crate::site::template;
use crate::witness;
use crate::witness::Ledger;
use crate::witness::Witness;

/// Calls that change something, each of which fails: the first of a run.
const CHANGES: u64 = 500;
/// Far more than make so many calls.
const MOST_STEPS: usize = 200;
/// Steps that come after the failure.
const AFTER: usize = 2;
/// Reads that fail, one after the other.
const READS: u64 = 60;
/// One whose first calls are of every kind.
const SEED: u64 = 16;
const RETRY: Duration = Duration::from_millis(1);
/// Within which it is back in service once the disk works again.
const BACK_WITHIN: Duration = Duration::from_secs(5);
const BOTH: [Why; 2] = [Why::Broken, Why::Full];

struct Run {
    disk: Disk,
    ledger: Ledger,
    clock: Arc<ManualClock>,
    chance: Chance,
    told: Told,
    runtime: tokio::runtime::Runtime,
    retry: Option<Duration>,
    site: Option<Site>,
}

impl Run {
    fn new(honesty: Honesty, retry: Option<Duration>) -> Self {
        let mut chance = Chance::of(SEED);
        let disk = Disk::of(&template().image, honesty, chance.branch());
        let mut run = Self {
            disk,
            ledger: template().ledger(),
            clock: Arc::new(ManualClock::at(Timestamp::from_seconds(1_790_100_000))),
            chance,
            told: Told::default(),
            runtime: site::runtime(),
            retry,
            site: None,
        };
        run.open();
        run
    }

    fn open(&mut self) {
        let engine = Arc::new(Witness::open(&self.disk, &self.ledger).unwrap());
        let site = Site::start(engine, &self.clock, self.chance.branch(), self.retry);
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

    /// Works until the trouble came that is expected; it came while the clients were at work.
    fn work_until_it_came(&mut self) -> Result<(), String> {
        for _ in 0..MOST_STEPS {
            self.work(1)?;
            if !self.disk.is_awaiting() {
                return Ok(());
            }
        }
        Err("the call never came".to_owned())
    }

    /// Everybody is told that it fails, whatever they ask, and what is there is not shown.
    fn serve_nothing(&mut self) -> Result<(), String> {
        let before = self.told.acknowledged;
        self.work(AFTER)?;
        let site = self.site.as_ref().unwrap();
        self.runtime.block_on(site.grants_nothing(&mut self.told, &mut self.chance))?;
        if self.told.acknowledged != before {
            return Err("something was acknowledged while nothing can be written".to_owned());
        }
        match (site.store.is_sound(), site.store.read(|_| Ok(()))) {
            (false, Err(Fault::Unsound)) => Ok(()),
            other => Err(format!("in service on a disk that takes nothing: {other:?}")),
        }
    }

    fn wait_until_sound(&self) -> Result<Duration, String> {
        let begun = Instant::now();
        while !self.site().store.is_sound() || self.site().store.read(|_| Ok(())).is_err() {
            if begun.elapsed() > BACK_WITHIN {
                return Err("the store did not become sound again".to_owned());
            }
            std::thread::yield_now();
        }
        Ok(begun.elapsed())
    }

    /// Works until what is expected came and a little longer, and is judged.
    fn survive(mut self) -> Result<(u64, Judged), String> {
        self.work_until_it_came()?;
        self.work(AFTER)?;
        let faults = self.told.faults;
        self.judge().map(|judged| (faults, judged))
    }

    /// All is as it was told, and stays so if power fails now.
    fn judge(&mut self) -> Result<Judged, String> {
        let back = self.wait_until_sound()?;
        self.site().check_chain()?;
        self.check()?;
        self.work(1)?;
        self.site.take().unwrap().stop();
        self.disk.restart();
        self.open();
        witness::broken(&self.ledger).map_or(Ok(()), Err)?;
        self.check()?;
        let site = self.site.as_ref().unwrap();
        let codes = self.runtime.block_on(site.check_codes(&mut self.told))?;
        site.check_chain()?;
        Ok(Judged { back, codes })
    }

    fn check(&mut self) -> Result<(), String> {
        let site = self.site.as_ref().unwrap();
        self.runtime.block_on(site.check(&mut self.told, &mut self.chance))
    }
}

/// What a run came to, when it was judged.
struct Judged {
    /// How long it took until it was in service again.
    back: Duration,
    /// Codes that were redeemed, and were refused afterwards.
    codes: u64,
}

/// What runs came to.
#[derive(Default)]
struct Seen {
    runs: u64,
    faults: u64,
    codes: u64,
    back: Duration,
}

impl Seen {
    fn add(&mut self, faults: u64, judged: &Judged) {
        self.runs += 1;
        self.faults += faults;
        self.codes += judged.codes;
        self.back = self.back.max(judged.back);
    }

    fn tell(&self, what: &str) {
        let Self { runs, faults, codes, back } = self;
        println!(
            "{what}: {runs} runs, {faults} acts were told so, {codes} used codes refused, back \
             within {back:?}"
        );
    }
}

/// How many calls of each kind the work makes, when nothing fails, until there are enough that change
/// something.
fn calls() -> BTreeMap<Call, u64> {
    let mut run = Run::new(Honesty::Honest, Some(RETRY));
    let kinds = [Call::Read, Call::Write, Call::SetLen, Call::Sync];
    let count = |run: &Run| kinds.map(|kind| (kind, run.disk.calls(kind)));
    let before = count(&run);
    for _ in 0..MOST_STEPS {
        run.work(1).unwrap();
        let made: BTreeMap<Call, u64> = count(&run)
            .into_iter()
            .zip(before)
            .map(|(now, then)| (now.0, now.1 - then.1))
            .collect();
        if made.iter().filter(|(kind, _)| **kind != Call::Read).map(|(_, made)| made).sum::<u64>()
            >= CHANGES
        {
            return made;
        }
    }
    panic!("{MOST_STEPS} steps make fewer calls");
}

fn fails_once(expect: impl Fn(&Disk, Trouble), why: Why) -> Result<(u64, Judged), String> {
    let run = Run::new(Honesty::Honest, Some(RETRY));
    expect(&run.disk, Trouble::FailsOnce(why));
    run.survive()
}

fn fails_until_mended(
    call: u64,
    why: Why,
    retry: Option<Duration>,
) -> Result<(u64, Judged), String> {
    let mut run = Run::new(Honesty::Honest, retry);
    run.disk.expect_at_change(call, Trouble::FailsFromNowOn(why));
    run.work_until_it_came()?;
    if !run.disk.is_failing() {
        return Err("it does not fail".to_owned());
    }
    run.serve_nothing()?;
    let faults = run.told.faults;
    run.disk.mend();
    run.judge().map(|judged| (faults, judged))
}

/// Has `run` happen at each of some calls with each of some errors, on all processors.
fn at_each(
    calls: impl Iterator<Item = u64>,
    run: impl Fn(u64, Why) -> Option<Result<(u64, Judged), String>> + Sync,
) -> Seen {
    let all: Vec<(u64, Why)> =
        calls.flat_map(|call| BOTH.into_iter().map(move |why| (call, why))).collect();
    let (next, seen) = (AtomicUsize::new(0), Mutex::new(Seen::default()));
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((call, why)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Some(done) = run(*call, *why) else { continue };
                    let (faults, judged) =
                        done.unwrap_or_else(|what| panic!("{why:?} at call {call}: {what}"));
                    seen.lock().unwrap().add(faults, &judged);
                }
            });
        }
    });
    seen.into_inner().unwrap()
}

/// Whether each call is to fail in each way, rather than a sample where two ways are much alike.
fn thorough() -> bool {
    std::env::var_os("COUNTERSIGN_THOROUGH").is_some()
}

#[test]
fn eio_or_enospc_at_any_of_the_first_500_writes_and_syncs_costs_no_more_than_a_fault() {
    let seen = at_each(1..=CHANGES, |call, why| {
        Some(fails_once(|disk, trouble| disk.expect_at_change(call, trouble), why))
    });
    seen.tell("once at each of the first 500 calls");
    assert_eq!(seen.runs, 2 * CHANGES);
    assert!(seen.faults >= seen.runs / 4, "{} told", seen.faults);
    assert!(seen.codes >= seen.runs / 4, "{} codes", seen.codes);
}

#[test]
fn a_disk_that_fails_from_any_of_these_calls_on_is_waited_for_and_grants_nothing_meanwhile() {
    let all = thorough();
    let seen = at_each(1..=CHANGES, |call, why| {
        let turn = if call % 2 == 0 { Why::Broken } else { Why::Full };
        (all || why == turn).then(|| fails_until_mended(call, why, Some(RETRY)))
    });
    seen.tell("from each of the first 500 calls on, until mended");
    assert_eq!(seen.runs, if all { 2 * CHANGES } else { CHANGES });
}

/// As often as in service: nobody waits long for a disk that works again.
#[test]
fn a_disk_that_works_again_is_in_service_within_five_seconds() {
    let seen = at_each([7, 250].into_iter(), |call, why| Some(fails_until_mended(call, why, None)));
    seen.tell("retried as in service");
    assert_eq!(seen.runs, 4);
}

#[test]
fn the_first_500_writes_and_syncs_are_of_every_kind() {
    let calls = calls();
    println!("{calls:?}");
    for (kind, least) in [(Call::Write, 200), (Call::Sync, 50), (Call::SetLen, 10)] {
        assert!(calls[&kind] >= least, "{calls:?}");
    }
}

/// What is in memory is not read again before the file is opened anew, which is when a read can fail.
#[test]
fn a_read_that_fails_while_the_file_is_opened_anew_is_waited_for() {
    let seen = at_each(1..=READS, |read, why| {
        let expect = |disk: &Disk, trouble| {
            disk.expect_at_change(CHANGES / 2, trouble);
            disk.expect_then_at_read(read, trouble);
        };
        (why == Why::Broken).then(|| fails_once(expect, why))
    });
    seen.tell("a read, once");
    assert_eq!(seen.runs, READS);
}

/// Dropping the cache when opening anew is a second line: a commit's pages are synced before the
/// header names them, and opening writes the header again. Where a compaction moves pages redb does
/// both in one sync, so there the first line is the only one.
#[test]
fn what_a_failed_sync_left_in_the_cache_does_no_harm_even_where_it_cannot_be_dropped() {
    let syncs = calls()[&Call::Sync];
    let seen = at_each(1..=syncs, |sync, why| {
        let mut run = Run::new(Honesty::KeepsCache, Some(RETRY));
        run.told.never_compacts = true;
        run.disk.expect(Some(Call::Sync), sync, Trouble::FailsOnce(why));
        let disk = run.disk.clone();
        let survived = || match run.survive() {
            Ok(_) if disk.lies() == 0 => Err("no sync failed".to_owned()),
            survived => survived,
        };
        (why == Why::Broken).then(survived)
    });
    seen.tell("a sync, once, behind a cache that stays");
    assert_eq!(seen.runs, syncs);
}
