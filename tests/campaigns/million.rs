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

/// What others met while the sweeper worked.
#[derive(Default)]
struct Met {
    asked: u64,
    longest_read: Duration,
    longest_write: Duration,
}

/// Reads live tokens and writes a little, one after the other, for as long as `sweeping` says.
fn ask_meanwhile(site: &Site, live: &[String], sweeping: &AtomicBool) -> Met {
    let (runtime, mut met) = (site::runtime(), Met::default());
    for text in live.iter().cycle() {
        let begun = Instant::now();
        assert!(site.ops.live_token(text).is_ok(), "a token that lives was swept");
        let read = begun.elapsed();
        runtime.block_on(site.ops.note_time()).unwrap();
        met.longest_read = met.longest_read.max(read);
        met.longest_write = met.longest_write.max(begun.elapsed() - read);
        met.asked += 1;
        if !sweeping.load(Ordering::Acquire) {
            break;
        }
    }
    met
}

/// Sweeps as housekeeping does, while others ask.
fn sweep(site: &Site, live: &[String]) -> Met {
    let sweeping = AtomicBool::new(true);
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask_meanwhile(site, live, &sweeping));
        let swept = site::runtime().block_on(site.ops.sweep());
        sweeping.store(false, Ordering::Release);
        swept.unwrap();
        asking.join().unwrap()
    })
}

/// What a round came to: the largest that the file was, and tokens that live.
struct Round {
    largest: u64,
    live: Vec<String>,
}

/// Issues so many tokens, lets them expire, and sweeps them while others live.
fn round(site: &Site, count: u64) -> Round {
    let begun = Instant::now();
    site.issue(count);
    tell(site, "full", begun);
    assert!(site.rows(TableId::ClientAccessTokens) >= count);
    site.clock.advance(site.ops.settings().lifetimes.client_access + MARGIN);
    let live = site.issue(LIVE);
    let committed = site.store.committed();
    site.engine.take_longest();
    let begun = Instant::now();
    let met = sweep(site, &live);
    tell(site, "swept", begun);
    println!(
        "  longest commit {:?}; meanwhile {} reads and writes, the longest {:?} and {:?}",
        site.engine.take_longest(),
        met.asked,
        met.longest_read,
        met.longest_write,
    );
    assert_eq!(site.rows(TableId::ClientAccessTokens), LIVE, "no more and no less than live");
    let pieces = site.store.committed() - committed - met.asked;
    let tables = sweeping::swept(&site.ops.settings().lifetimes).len() as u64;
    let needed = count / SWEEP_AT_ONCE as u64;
    assert!((needed..=needed + tables + 1).contains(&pieces), "{pieces} pieces");
    Round { largest: site.engine.take_largest(), live }
}

#[test]
fn the_space_of_tokens_that_expired_is_used_again_and_given_back() {
    let (count, site) = (tokens(), Site::new());
    let others = site.other_rows();
    println!("{count} tokens a round, {LIVE} that live");
    site.engine.take_largest();
    let before = tell(&site, "before", Instant::now());
    let rounds: Vec<Round> = (0..ROUNDS).map(|_| round(&site, count)).collect();
    // redb doubles a file that must grow, and a sweep cuts it anywhere: so what all rounds need alike
    // may take up to twice as much in one as in another, but never adds up.
    let least = rounds.iter().map(|round| round.largest).min().unwrap();
    for round in &rounds {
        assert!(round.largest <= 2 * least, "{} after {}", mib(round.largest), mib(least));
    }
    let begun = Instant::now();
    site::runtime().block_on(site.store.compact()).unwrap();
    let after = tell(&site, "compacted", begun);
    assert!(after <= before + MIB, "{} became {}", mib(before), mib(after));
    let last = rounds.last().unwrap();
    assert!(last.live.iter().all(|text| site.ops.live_token(text).is_ok()));
    assert_eq!(site.other_rows(), others, "nothing else came or went");
}
