//! The store's engine with a meter: what a commit takes, seen from outside.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign::store::engine::Engine;
use countersign::store::engine::Read;
use countersign::store::engine::Write;
use countersign::store::fault::Fault;
use tokio::time::Instant;

use super::machine;
use super::protocol::Spent;

/// Sums, in nanoseconds.
#[derive(Default)]
pub(crate) struct Meter {
    commits: AtomicU64,
    deciding: AtomicU64,
    committing: AtomicU64,
    commit_time: AtomicU64,
}

impl Meter {
    /// As it stands now.
    pub(crate) fn read(&self) -> Spent {
        let time = |sum: &AtomicU64| Duration::from_nanos(sum.load(Ordering::Relaxed));
        Spent {
            processor: machine::process_time(),
            commits: self.commits.load(Ordering::Relaxed),
            deciding: time(&self.deciding),
            committing: time(&self.committing),
            commit_time: time(&self.commit_time),
        }
    }
}

/// An engine whose commits are counted and timed.
pub(crate) struct Metered<E> {
    pub(crate) engine: E,
    pub(crate) meter: Arc<Meter>,
}

impl<E: Engine> Engine for Metered<E> {
    fn snapshot(&self) -> Result<Arc<dyn Read>, Fault> {
        self.engine.snapshot()
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let begun = machine::thread_time();
        let mut decided = (begun, begun);
        let mut commit_begun = Instant::now();
        let written = self.engine.write(&mut |to| {
            decided.0 = machine::thread_time();
            let worked = work(to);
            decided.1 = machine::thread_time();
            commit_begun = Instant::now();
            worked
        });
        let total = machine::thread_time().saturating_sub(begun);
        let deciding = decided.1.saturating_sub(decided.0);
        add(&self.meter.deciding, deciding);
        add(&self.meter.committing, total.saturating_sub(deciding));
        add(&self.meter.commit_time, commit_begun.elapsed());
        self.meter.commits.fetch_add(1, Ordering::Relaxed);
        written
    }

    fn reopen(&self) -> Result<(), Fault> {
        self.engine.reopen()
    }

    fn compact(&self) -> Result<(), Fault> {
        self.engine.compact()
    }

    fn size(&self) -> Result<u64, Fault> {
        self.engine.size()
    }
}

fn add(sum: &AtomicU64, time: Duration) {
    sum.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
}
