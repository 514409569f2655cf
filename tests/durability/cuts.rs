//! Power cuts, thousands of them, at every kind of moment.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use countersign::base::clock::ManualClock;
use countersign::base::clock::Timestamp;

use crate::chance::Chance;
use crate::disk::Call;
use crate::disk::Disk;
use crate::disk::Honesty;
use crate::disk::Trouble;
use crate::site;
use crate::site::Site;
use crate::site::Step;
use crate::site::Told;
use crate::site::template;
use crate::witness;
use crate::witness::Ledger;
use crate::witness::Witness;

/// How many cuts a run makes unless told otherwise.
const CUTS: u64 = 20_000;
const SEED: u64 = 0x5eed_0001;
/// Restarts on one disk.
const SEGMENTS: usize = 12;
/// Steps to wait for a kind of call that is rare.
const PATIENCE: usize = 25;
const NEVER: Duration = Duration::from_secs(3600);

/// Where power was cut: in which call of which step, and whether something was unsynced.
type Moments = BTreeMap<(Step, Option<Call>, bool), u64>;

/// What an episode saw.
#[derive(Default)]
struct Seen {
    cuts: u64,
    moments: Moments,
    acknowledged: u64,
    committed: u64,
    kept_in_secret: u64,
    trace: u64,
}

struct Episode {
    disk: Disk,
    ledger: Ledger,
    clock: Arc<ManualClock>,
    chance: Chance,
    told: Told,
    runtime: tokio::runtime::Runtime,
    seen: Seen,
}

impl Episode {
    fn new(seed: u64, honesty: Honesty) -> Self {
        let mut chance = Chance::of(seed);
        let image = &template().image;
        Self {
            disk: Disk::of(image, honesty, chance.branch()),
            ledger: template().ledger(),
            clock: Arc::new(ManualClock::at(Timestamp::from_seconds(1_790_100_000))),
            chance,
            told: Told::default(),
            runtime: site::runtime(),
            seen: Seen::default(),
        }
    }

    /// Works, is cut, starts again and compares, a dozen times.
    fn run(mut self) -> Result<Seen, String> {
        let mut site = None;
        for _ in 0..SEGMENTS {
            let running = match site.take() {
                Some(running) => running,
                None => self.open()?,
            };
            self.work(&running)?;
            running.stop();
            self.restart();
            site = Some(self.open()?);
            let running = site.as_ref().unwrap();
            let checked = running.check(&mut self.told, &mut self.chance);
            self.runtime.block_on(checked)?;
        }
        if let Some(running) = site {
            running.stop();
        }
        self.seen.trace = self.disk.trace();
        self.seen.acknowledged = self.told.acknowledged;
        let promised = self.ledger.lock().unwrap();
        self.seen.committed = promised.committed;
        self.seen.kept_in_secret = promised.kept_in_secret;
        drop(promised);
        Ok(self.seen)
    }

    /// Works until power is cut.
    fn work(&mut self, site: &Site) -> Result<(), String> {
        let (kind, most) = match self.chance.below(10) {
            0..=2 => (Some(Call::Sync), 8),
            3 => (Some(Call::SetLen), 1),
            4 => (Some(Call::Read), 20),
            _ => (None, [20, 60, 200][self.chance.below(3)]),
        };
        self.disk.expect(kind, 1 + self.chance.below(most) as u64, Trouble::PowerCut);
        let idle = self.chance.percent(5).then(|| 1 + self.chance.below(4));
        let mut steps = 0;
        while self.disk.is_powered() {
            if idle == Some(steps) {
                self.disk.cut();
                self.count(Step::Work);
                return Ok(());
            }
            steps += 1;
            if steps % PATIENCE == 0 {
                // No such call came.
                self.disk.expect(None, 1 + self.chance.below(100) as u64, Trouble::PowerCut);
            }
            let step = site.step(&mut self.told, &mut self.chance);
            let step = self.runtime.block_on(step)?;
            if !self.disk.is_powered() {
                self.count(step);
            }
            self.judge()?;
            if self.disk.is_powered() && site.store.has_ended() {
                // Nobody calls the disk any more: the cut would never come.
                return Err("the writer ended though there was power".to_owned());
            }
        }
        Ok(())
    }

    fn count(&mut self, step: Step) {
        let (call, unsynced) = self.disk.last_call();
        self.seen.cuts += 1;
        *self.seen.moments.entry((step, call, unsynced)).or_default() += 1;
    }

    fn restart(&mut self) {
        // Now and then only the process dies, and the machine's memory goes on.
        if self.chance.percent(10) { self.disk.kill() } else { self.disk.restart() }
    }

    /// Starts anew; often enough power is cut again while it does.
    fn open(&mut self) -> Result<Site, String> {
        loop {
            if self.chance.percent(30) {
                let (kind, most) = [(None, 12), (Some(Call::Write), 12), (Some(Call::Sync), 4)]
                    [self.chance.below(3)];
                let left = 1 + self.chance.below(most) as u64;
                self.disk.expect(kind, left, Trouble::PowerCut);
            }
            let opened = Witness::open(&self.disk, &self.ledger).and_then(|engine| {
                Site::start(Arc::new(engine), &self.clock, self.chance.branch(), Some(NEVER))
            });
            self.judge()?;
            match opened {
                Ok(site) if self.disk.is_powered() => {
                    self.disk.mend();
                    return Ok(site);
                }
                Ok(site) => site.stop(),
                Err(fault) if self.disk.is_powered() => {
                    return Err(format!("it does not open: {fault}"));
                }
                Err(_) => {}
            }
            self.count(Step::Open);
            self.restart();
        }
    }

    fn judge(&self) -> Result<(), String> {
        witness::broken(&self.ledger).map_or(Ok(()), Err)
    }
}

/// Runs one episode; a panic is a failure like any other.
fn episode(seed: u64, honesty: Honesty) -> Result<Seen, String> {
    catch_unwind(AssertUnwindSafe(|| Episode::new(seed, honesty).run()))
        .unwrap_or_else(|_| Err("something panicked".to_owned()))
}

fn from_outside(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Runs episodes on as many threads as there are processors until there were so many cuts, or one
/// broke a promise.
fn campaign(seed: u64, cuts: u64, honesty: Honesty) -> Result<Seen, (u64, String)> {
    template();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let (next, made) = (AtomicU64::new(0), AtomicU64::new(0));
    let stop = AtomicBool::new(false);
    let all = Mutex::new(Ok(Seen::default()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while made.load(Ordering::Relaxed) < cuts && !stop.load(Ordering::Relaxed) {
                    let seed = Chance::of(seed ^ next.fetch_add(1, Ordering::Relaxed)).next();
                    let seen = episode(seed, honesty);
                    let mut all = all.lock().unwrap();
                    match (seen, all.as_mut()) {
                        (Ok(seen), Ok(all)) => {
                            made.fetch_add(seen.cuts, Ordering::Relaxed);
                            all.add(seen);
                        }
                        (Err(why), Ok(_)) => {
                            *all = Err((seed, why));
                            stop.store(true, Ordering::Relaxed);
                        }
                        (_, Err(_)) => {}
                    }
                }
            });
        }
    });
    all.into_inner().unwrap()
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.cuts += other.cuts;
        self.acknowledged += other.acknowledged;
        self.committed += other.committed;
        self.kept_in_secret += other.kept_in_secret;
        for (moment, count) in other.moments {
            *self.moments.entry(moment).or_default() += count;
        }
    }

    fn of(&self, fits: impl Fn(&(Step, Option<Call>, bool)) -> bool) -> u64 {
        self.moments.iter().filter(|(moment, _)| fits(moment)).map(|(_, count)| count).sum()
    }
}

#[test]
fn what_was_acknowledged_survives_twenty_thousand_power_cuts() {
    let begun = Instant::now();
    if let Some(seed) = from_outside("COUNTERSIGN_EPISODE") {
        episode(seed, Honesty::Honest).unwrap();
        return;
    }
    let seed = from_outside("COUNTERSIGN_SEED").unwrap_or(SEED);
    let cuts = from_outside("COUNTERSIGN_CUTS").unwrap_or(CUTS);
    let seen = campaign(seed, cuts, Honesty::Honest).unwrap_or_else(|(seed, why)| {
        panic!(
            "{why}\nto see it again: COUNTERSIGN_EPISODE={seed} cargo test --test durability \
             what_was_acknowledged"
        )
    });
    println!(
        "{} cuts in {:.0?}: {} acts acknowledged, {} groups committed, {} kept though never \
         acknowledged",
        seen.cuts,
        begun.elapsed(),
        seen.acknowledged,
        seen.committed,
        seen.kept_in_secret,
    );
    for (moment, count) in &seen.moments {
        println!("{count:6} {moment:?}");
    }
    // Every kind of moment was hit, and often.
    let enough = seen.cuts / 1000;
    for step in [Step::Work, Step::Sweep, Step::Compact, Step::Open] {
        for call in [Call::Write, Call::Sync] {
            let hit = seen.of(|moment| moment.0 == step && moment.1 == Some(call));
            assert!(hit >= enough, "{step:?} was cut only {hit} times in a {call:?}");
        }
    }
    assert!(seen.of(|moment| moment.1 == Some(Call::SetLen)) >= enough / 2);
    assert!(seen.of(|moment| moment.1.is_none()) >= enough, "seldom cut between groups");
    assert!(seen.kept_in_secret >= enough, "no cut came after the commit had become durable");
}

#[test]
fn an_episode_can_be_seen_again() {
    for seed in 1..4 {
        let (once, again) =
            (episode(seed, Honesty::Honest).unwrap(), episode(seed, Honesty::Honest).unwrap());
        assert_eq!((once.cuts, once.trace), (again.cuts, again.trace));
    }
}

/// A disk that breaks its promise makes the store break its own, and that is noticed: so the runs
/// above could have failed.
fn caught(honesty: Honesty) -> String {
    let (_, why) = campaign(SEED, 3000, honesty).map(|seen| seen.cuts).unwrap_err();
    println!("{honesty:?}: {why}");
    why
}

#[test]
fn a_disk_that_ignores_syncs_is_caught() {
    caught(Honesty::IgnoresSync);
}

#[test]
fn a_disk_that_lets_writes_pass_a_sync_is_caught() {
    caught(Honesty::ReordersPastSync);
}

#[test]
fn a_disk_that_goes_back_to_an_older_consistent_state_is_caught() {
    let why = caught(Honesty::SyncsOneLate);
    assert!(why.contains("rows lost"), "{why}");
}
