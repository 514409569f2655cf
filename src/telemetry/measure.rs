//! What numbers are made of: counters, gauges, histograms, and families of them by a word.
//!
//! Counting takes no lock and never waits: atomics alone. The words of a family are bounded, whatever
//! is counted: beyond the bound they are counted together as `other`.

use std::hash::BuildHasher as _;
use std::hash::BuildHasherDefault;
use std::hash::DefaultHasher;
use std::sync::LazyLock;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Zero.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// One more.
    pub fn count(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there were.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that comes and goes; not shown until it was set.
#[derive(Debug)]
pub struct Gauge(AtomicU64);

impl Default for Gauge {
    fn default() -> Self {
        Self::new()
    }
}

impl Gauge {
    /// Not known yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(f64::NAN.to_bits()))
    }

    /// Sets it.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Its value, if it was ever set.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        let value = f64::from_bits(self.0.load(Ordering::Relaxed));
        (!value.is_nan()).then_some(value)
    }
}

/// How many stand at once: each holds a [`Held`].
#[derive(Debug, Default)]
pub struct Level(AtomicU64);

/// One of those that a [`Level`] counts, until it is dropped.
#[derive(Debug)]
pub struct Held(&'static Level);

impl Level {
    /// None.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// One more stands.
    #[must_use]
    pub fn hold(&'static self) -> Held {
        self.0.fetch_add(1, Ordering::Relaxed);
        Held(self)
    }

    /// How many stand now.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// As many bounds as a histogram may have, and one for what lies above them.
const BUCKETS: usize = 16;

/// Bounds of times, in microseconds.
pub const TIMES: &[u64] = &[
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

/// How values are distributed.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// A bound or the sum, divided by this, is what is shown.
    unit: f64,
    buckets: [AtomicU64; BUCKETS],
    sum: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::of_times()
    }
}

impl Histogram {
    /// Of times.
    #[must_use]
    pub const fn of_times() -> Self {
        Self::new(TIMES, 1e6)
    }

    /// Of whole numbers; at most fifteen bounds, growing.
    #[must_use]
    pub const fn of_numbers(bounds: &'static [u64]) -> Self {
        Self::new(bounds, 1.0)
    }

    const fn new(bounds: &'static [u64], unit: f64) -> Self {
        Self {
            bounds,
            unit,
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            sum: AtomicU64::new(0),
        }
    }

    /// Counts what took this long.
    pub fn took(&self, time: Duration) {
        self.note(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts a value.
    pub fn note(&self, value: u64) {
        let at = self.bounds.iter().position(|bound| value <= *bound);
        if let Some(bucket) = self.buckets.get(at.unwrap_or(self.bounds.len())) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// What was counted, as Prometheus has it: how many were at most each bound, the last without one;
    /// and the sum.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "shown, never reckoned with")]
    pub fn shown(&self) -> (Vec<(Option<f64>, u64)>, f64) {
        let bounds = self.bounds.iter().map(|bound| Some(*bound as f64 / self.unit));
        let mut below = 0;
        let counted = bounds.chain([None]).zip(&self.buckets).map(|(bound, bucket)| {
            below += bucket.load(Ordering::Relaxed);
            (bound, below)
        });
        (counted.collect(), self.sum.load(Ordering::Relaxed) as f64 / self.unit)
    }
}

/// Since when something goes on, for a [`Histogram`] of times. It decides nothing about anybody.
#[derive(Clone, Copy, Debug)]
pub struct Since(Instant);

impl Since {
    /// From now on.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "measures; decides nothing about anybody")]
    pub fn now() -> Self {
        Self(Instant::now())
    }

    /// How long it has taken.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Different words of a family.
const WORDS: usize = 256;

type Slot<V> = OnceLock<(Box<str>, V)>;

/// One of something for each word. Words are of the program, never of a client; and there are never
/// more than `WORDS` of them.
#[derive(Debug)]
pub struct Family<V: 'static> {
    /// Made with the first word: as a constant they would fill the program's file.
    words: LazyLock<Box<[Slot<V>]>>,
    other: LazyLock<V>,
}

impl<V: Default> Default for Family<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V: Default> Family<V> {
    /// Without any word yet.
    #[must_use]
    pub const fn new() -> Self {
        let none = || (0..WORDS).map(|_| OnceLock::new()).collect();
        Self { words: LazyLock::new(none), other: LazyLock::new(V::default) }
    }

    /// What belongs to `word`.
    #[must_use]
    pub fn of(&self, word: &str) -> &V {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(word);
        let first = usize::try_from(hash % WORDS as u64).unwrap_or(0);
        let (before, after) = self.words.split_at(first);
        for slot in after.iter().chain(before) {
            let (known, value) = slot.get_or_init(|| (word.into(), V::default()));
            if &**known == word {
                return value;
            }
        }
        &self.other
    }

    /// Every word with what belongs to it, in the order of the words.
    #[must_use]
    pub fn all(&self) -> Vec<(&str, &V)> {
        let known = self.words.iter().filter_map(OnceLock::get);
        let mut all: Vec<_> = known.map(|(word, value)| (&**word, value)).collect();
        all.sort_by_key(|(word, _)| *word);
        all.push(("other", &self.other));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_what_is_at_most_each_bound() {
        let times = Histogram::of_times();
        for micros in [400, 500, 501, 60_000_000] {
            times.took(Duration::from_micros(micros));
        }
        let (counted, sum) = times.shown();
        assert_eq!(counted[0], (Some(0.0005), 2));
        assert_eq!(counted[1], (Some(0.001), 3));
        assert_eq!(counted.last(), Some(&(None, 4)));
        assert!((sum - 60.001_401).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn a_gauge_is_not_shown_before_it_is_set() {
        let gauge = Gauge::new();
        assert_eq!(gauge.value(), None);
        gauge.set(3.5);
        assert_eq!(gauge.value(), Some(3.5));
    }

    #[test]
    fn a_family_never_has_more_words_than_its_bound() {
        let family = Family::<Counter>::new();
        for n in 0..1000 {
            family.of(&format!("word {n}")).count();
        }
        let all = family.all();
        assert_eq!(all.len(), WORDS + 1);
        assert_eq!(all.iter().map(|(_, counter)| counter.value()).sum::<u64>(), 1000);
        assert_eq!(all.last().unwrap().1.value(), 1000 - WORDS as u64);
    }

    #[test]
    fn words_that_are_counted_at_once_are_all_counted() {
        let family = Family::<Counter>::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..4000).for_each(|n| family.of(&(n % 40).to_string()).count()));
            }
        });
        let all = family.all();
        assert_eq!(all.len(), 41);
        assert!(all[..40].iter().all(|(_, counter)| counter.value() == 400), "{all:?}");
    }
}
