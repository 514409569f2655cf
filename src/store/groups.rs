//! The writer's thread: it takes whatever operations are waiting, lets each decide, applies its
//! changes, commits them all at once, and only then answers them.
//!
//! When the engine fails, nobody knows whether the last group is in the file. So nothing is read or
//! written until the file was opened anew, has the right format, and has taken a commit. Only then is
//! the group answered, with a fault: whoever asks next sees it whole or not at all, and that no
//! longer changes. If opening fails, the group is answered all the same, what comes is refused, and
//! opening is tried again every second.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::store::engine::Engine;
use crate::store::familiar::Kept;
use crate::store::fault::Fault;
use crate::store::format;
use crate::store::queue::Next;
use crate::store::queue::Queue;
use crate::store::writer;
use crate::store::writer::Job;
use crate::store::writer::Order;
use crate::store::writer::Standing;
use crate::telemetry::measure::Since;
use crate::telemetry::measures;

/// Operations that one commit takes at most, so that none waits long for its neighbours.
const GROUP: usize = 512;
/// How often the log is told that it still fails.
const TELL: Duration = Duration::from_secs(60);

/// The thread's work.
pub(in crate::store) struct Groups {
    engine: Arc<dyn Engine>,
    kept: Arc<Kept>,
    orders: Arc<Queue>,
    standing: Arc<Standing>,
    /// How long to wait after opening anew has failed.
    retry: Duration,
    /// When opening anew last failed.
    tried: Option<Instant>,
    /// When the log was last told of a failure.
    told: Option<Instant>,
    /// Whether the log says that the file has failed.
    announced: bool,
}

/// However the thread ends, the store is then no longer sound: a panic must not leave a server that
/// says it is ready and writes nothing.
struct Ending<'a>(&'a Standing, &'a Queue);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.sound.store(false, Ordering::Release);
        self.0.ended.store(true, Ordering::Release);
        self.1.abandon();
    }
}

impl Groups {
    pub(in crate::store) fn new(
        engine: Arc<dyn Engine>,
        kept: Arc<Kept>,
        orders: Arc<Queue>,
        standing: Arc<Standing>,
        retry: Duration,
    ) -> Self {
        Self { engine, kept, orders, standing, retry, tried: None, told: None, announced: false }
    }

    /// Works until nobody can send orders any more and all are done.
    pub(in crate::store) fn run(mut self) {
        let (standing, orders) = (Arc::clone(&self.standing), Arc::clone(&self.orders));
        let _ending = Ending(&standing, &orders);
        loop {
            match self.next() {
                Next::Order(order) => self.take(order),
                Next::Late => self.recover(),
                Next::Closed => return,
            }
        }
    }

    /// The next order; none when it is time to try opening anew.
    fn next(&self) -> Next {
        match self.tried.filter(|_| !self.is_sound()) {
            Some(tried) => self.orders.next(Some(self.retry.saturating_sub(tried.elapsed()))),
            None => self.orders.next(None),
        }
    }

    fn is_sound(&self) -> bool {
        self.standing.sound.load(Ordering::Acquire)
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Act(job) => self.commit(job),
            Order::Inspect => self.recover(),
            Order::Compact(reply) => match self.orders.try_next() {
                Some(next) => {
                    let _ = reply.send(Err(Fault::Busy));
                    self.take(next);
                }
                None => {
                    let done = self.attempt(|engine| engine.compact());
                    // Nobody waits any more if the caller went away.
                    let _ = reply.send(done);
                }
            },
        }
    }

    /// One group: `first` and what waits behind it.
    fn commit(&mut self, first: Box<dyn Job>) {
        let mut group = vec![first];
        let mut inspect = false;
        while group.len() < GROUP {
            match self.orders.try_next() {
                Some(Order::Act(job)) => group.push(job),
                Some(Order::Inspect) => inspect = true,
                Some(Order::Compact(reply)) => {
                    let _ = reply.send(Err(Fault::Busy));
                }
                None => break,
            }
        }
        if inspect {
            self.recover();
        }
        let kept = Arc::clone(&self.kept);
        let since = Since::now();
        let committed = self.attempt(|engine| {
            engine.write(&mut |to| group.iter_mut().try_for_each(|job| job.run(to, &kept)))
        });
        if committed.is_ok() {
            let taken = u64::try_from(group.len()).unwrap_or(u64::MAX);
            self.standing.committed.fetch_add(taken, Ordering::Relaxed);
            measures::WRITER_COMMIT.took(since.elapsed());
            measures::WRITER_GROUP.note(taken);
            measures::WRITER_OPERATIONS.add(taken);
        }
        writer::answer(group, committed);
    }

    /// Lets the engine do something; recovers if it fails at that.
    fn attempt(&mut self, act: impl FnOnce(&dyn Engine) -> Result<(), Fault>) -> Result<(), Fault> {
        if !self.is_sound() {
            return Err(Fault::Unsound);
        }
        let done = act(self.engine.as_ref());
        match &done {
            Err(fault @ (Fault::Engine(_) | Fault::Unsound)) => {
                self.standing.sound.store(false, Ordering::Release);
                measures::WRITER_FAILURES.count();
                self.tell("the data file failed; opening it anew", fault);
                self.recover();
            }
            Err(Fault::Busy) | Ok(()) => {}
            Err(fault) => tracing::error!(%fault, "a group of changes was not committed"),
        }
        done
    }

    /// Makes the store sound if it can be, at most once in a while if it cannot.
    fn recover(&mut self) {
        let failing = !self.is_sound();
        if failing && self.tried.is_some_and(|tried| tried.elapsed() < self.retry) {
            return;
        }
        let recovered = self
            .engine
            .reopen()
            .and_then(|()| if failing { format::confirm(self.engine.as_ref()) } else { Ok(()) });
        self.standing.sound.store(recovered.is_ok(), Ordering::Release);
        match recovered {
            Ok(()) => {
                self.tried = None;
                if std::mem::take(&mut self.announced) {
                    tracing::warn!("the data file was opened anew and takes changes");
                }
            }
            Err(fault) => {
                self.tried = Some(now());
                self.tell("the data file cannot be opened anew; trying every second", &fault);
            }
        }
    }

    /// Tells the log, once in a while: a full disk fails a hundred times a second.
    fn tell(&mut self, what: &str, fault: &Fault) {
        if self.told.is_none_or(|told| told.elapsed() >= TELL) {
            self.told = Some(now());
            self.announced = true;
            tracing::error!(%fault, "{what}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "spaces attempts; decides nothing about anybody")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
