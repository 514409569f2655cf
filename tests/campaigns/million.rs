//! Tokens are issued, expire and are swept, again and again: the file grows no further, and what it
//! no longer uses is given back.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use countersign::ops::sweeping;
use countersign::store::sweep::SWEEP_AT_ONCE;
use countersign::store::table::TableId;

use crate::site;
use crate::site::Site;

/// Tokens of a round, unless the script asks for others.
const USUALLY: u64 = 50_000;
/// Tokens that live while the others are swept.
const LIVE: u64 = 1000;
/// So many that a file which only grew would show, whatever it was rounded up to.
const ROUNDS: usize = 5;
/// Reads and writes before each sweep, to compare with.
const QUIET: usize = 200;
const MIB: u64 = 1024 * 1024;
/// More than the sweeper waits beyond a lifetime.
const MARGIN: Duration = Duration::from_secs(61);

fn tokens() -> u64 {
    std::env::var("COUNTERSIGN_TOKENS").map_or(USUALLY, |count| count.parse().unwrap())
}

fn mib(bytes: u64) -> String {
    let tenths = bytes * 10 / MIB;
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

/// The size of the file, told with how long it took to become that.
fn tell(site: &Site, what: &str, begun: Instant) -> u64 {
    let size = site.store.size().unwrap();
    println!("{what:<22} {:>10}  {:>8.2} s", mib(size), begun.elapsed().as_secs_f64());
    size
}

/// How long reads and writes took, one after the other.
#[derive(Clone, Default)]
struct Met {
    reads: Vec<Duration>,
    writes: Vec<Duration>,
}

/// What so many in a thousand did not take longer than.
fn within(of: &[Duration], thousandth: usize) -> Duration {
    let mut all = of.to_vec();
    all.sort_unstable();
    all.get((all.len() * thousandth / 1000).min(all.len() - 1)).copied().unwrap_or_default()
}

impl Met {
    fn add(&mut self, other: Self) {
        self.reads.extend(other.reads);
        self.writes.extend(other.writes);
    }

    fn tell(&self, when: &str) {
        for (what, all) in [("reads", &self.reads), ("writes", &self.writes)] {
            println!(
                "  {} {what} {when}: half within {:?}, 99 % within {:?}, the longest {:?}",
                all.len(),
                within(all, 500),
                within(all, 990),
                within(all, 1000),
            );
        }
    }

    /// By how much the slowest hundredth is slower than with `quiet`: of reads, of writes.
    fn delayed(&self, quiet: &Self) -> [Duration; 2] {
        [(&self.reads, &quiet.reads), (&self.writes, &quiet.writes)]
            .map(|(busy, quiet)| within(busy, 990).saturating_sub(within(quiet, 990)))
    }
}

/// Reads live tokens and writes a little, one after the other, for as long as `goes_on` says.
fn ask(site: &Site, live: &[String], mut goes_on: impl FnMut() -> bool) -> Met {
    let (runtime, mut met) = (site::runtime(), Met::default());
    for text in live.iter().cycle() {
        let begun = Instant::now();
        assert!(site.ops.live_token(text).is_ok(), "a token that lives was swept");
        let read = begun.elapsed();
        runtime.block_on(site.ops.note_time()).unwrap();
        met.reads.push(read);
        met.writes.push(begun.elapsed().saturating_sub(read));
        if !goes_on() {
            break;
        }
    }
    met
}

/// Sweeps as housekeeping does, while others ask.
fn sweep(site: &Site, live: &[String]) -> Met {
    let sweeping = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(site, live, || sweeping.load(Ordering::Acquire)));
        let swept = site::runtime().block_on(site.ops.sweep());
        sweeping.store(false, Ordering::Release);
        swept.unwrap();
        asking.join().unwrap()
    })
}

/// What a round came to.
struct Round {
    /// The largest that the file was, in bytes.
    largest: u64,
    /// The bytes in use after the sweep.
    used: u64,
    /// Tokens that were to live on.
    live: Vec<String>,
    /// What others met before the sweep.
    quiet: Met,
    /// What they met during it.
    busy: Met,
}

/// Writes so many tokens, lets them expire, and sweeps them while others live.
fn round(site: &Site, count: u64) -> Round {
    let begun = Instant::now();
    site.write(count);
    tell(site, "full", begun);
    assert!(site.rows(TableId::ClientAccessTokens) >= count);
    site.clock.advance(site.ops.settings().lifetimes.client_access + MARGIN);
    let live = site.grant(LIVE);
    let mut left = QUIET;
    let quiet = ask(site, &live, || {
        left -= 1;
        left > 0
    });
    let committed = site.store.committed();
    site.engine.take_longest();
    let begun = Instant::now();
    let busy = sweep(site, &live);
    tell(site, "swept", begun);
    let used = site.used();
    println!("  of which {} are used", mib(used));
    println!("  longest commit {:?}", site.engine.take_longest());
    assert_eq!(site.rows(TableId::ClientAccessTokens), LIVE, "no more and no less than live");
    let pieces = site.store.committed() - committed - busy.writes.len() as u64;
    let tables = sweeping::swept(&site.ops.settings().lifetimes).len() as u64;
    let needed = count / SWEEP_AT_ONCE as u64;
    assert!((needed..=needed + tables + 1).contains(&pieces), "{pieces} pieces");
    Round { largest: site.engine.take_largest(), used, live, quiet, busy }
}

/// How much the sweeper delays others: told, and held to a limit only where one is given, since it is
/// a measurement of the machine too.
fn judge_delay(rounds: &[Round]) {
    let (mut quiet, mut busy) = (Met::default(), Met::default());
    for round in rounds {
        quiet.add(round.quiet.clone());
        busy.add(round.busy.clone());
    }
    quiet.tell("without a sweep");
    busy.tell("during one");
    let delayed = busy.delayed(&quiet);
    println!("  the 99th percentile is delayed by {delayed:?} (reads, writes)");
    if let Ok(limit) = std::env::var("COUNTERSIGN_P99") {
        let limit = Duration::from_millis(limit.parse().unwrap());
        assert!(delayed.iter().all(|delay| *delay <= limit), "{delayed:?} is over {limit:?}");
    }
}

#[test]
fn the_space_of_tokens_that_expired_is_used_again_and_given_back() {
    let (count, site) = (tokens(), Site::new());
    let others = site.other_rows();
    println!("{count} tokens a round, {LIVE} that live");
    site.engine.take_largest();
    let before = tell(&site, "before", Instant::now());
    let unused = site.used();
    let rounds: Vec<Round> = (0..ROUNDS).map(|_| round(&site, count)).collect();
    // redb doubles a file that must grow, and a sweep cuts it anywhere: so what all rounds need alike
    // may take up to twice as much in one as in another, but never adds up.
    let least = rounds.iter().map(|round| round.largest).min().unwrap();
    for round in &rounds {
        assert!(round.largest <= 2 * least, "{} after {}", mib(round.largest), mib(least));
        assert!(round.used <= unused + MIB, "{} became {}", mib(unused), mib(round.used));
    }
    judge_delay(&rounds);
    let begun = Instant::now();
    site::runtime().block_on(site.store.compact()).unwrap();
    let after = tell(&site, "compacted", begun);
    assert!(after <= before + MIB, "{} became {}", mib(before), mib(after));
    let last = rounds.last().unwrap();
    assert!(last.live.iter().all(|text| site.ops.live_token(text).is_ok()));
    assert_eq!(site.other_rows(), others, "nothing else came or went");
}
