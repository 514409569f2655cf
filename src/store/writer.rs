//! The one writer: operations as values, and the queue on which they wait for its thread.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::store::changes::Changes;
use crate::store::engine::Engine;
use crate::store::engine::Read;
use crate::store::engine::Row;
use crate::store::engine::Write;
use crate::store::familiar::Kept;
use crate::store::fault::Fault;
use crate::store::groups::Groups;
use crate::store::queue::Queue;
use crate::store::reader::Reader;
use crate::store::table::TableId;

/// What an operation decided: what to change and what to answer. A refusal is an outcome like any
/// other, and may change something ("refuse and end the family").
pub struct Decision<T> {
    /// What to write.
    pub changes: Changes,
    /// What to answer once that is durable.
    pub outcome: T,
}

impl<T> Decision<T> {
    /// An outcome that changes nothing.
    #[must_use]
    pub fn unchanged(outcome: T) -> Self {
        Self { changes: Changes::new(), outcome }
    }
}

/// A business act as a value. `decide` is pure: its time and its random bytes were drawn before it
/// was queued, and it writes nothing itself.
pub trait Operation: Send + 'static {
    /// What it answers.
    type Outcome: Send + 'static;

    /// Decides, seeing everything that operations before it in the group have changed.
    ///
    /// # Errors
    /// A row could not be read: nothing of this operation is kept. The engine failed: nothing of the
    /// whole group is.
    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault>;
}

/// An operation in the queue, without its types.
pub(in crate::store) trait Job: Send {
    /// Decides and applies.
    fn run(&mut self, to: &mut dyn Write, kept: &Kept) -> Result<(), Fault>;
    /// Answers: the outcome if the commit held, otherwise the fault.
    fn answer(self: Box<Self>, committed: Result<(), Fault>);
    /// Where its caller is executed; none for one that blocks its thread.
    fn runtime(&self) -> Option<&Handle>;
}

/// Answers operations that were committed, or not, together.
///
/// Waking a task from the writer's thread costs a call into the system, and on a busy machine a
/// change of threads and back. So what wakes many is handed over, and wakes them where they run.
pub(in crate::store) fn answer(jobs: Vec<Box<dyn Job>>, committed: Result<(), Fault>) {
    let (tasks, threads): (Vec<_>, Vec<_>) =
        jobs.into_iter().partition(|job| job.runtime().is_some());
    answer_here(threads, &committed);
    match tasks.first().and_then(|job| job.runtime()).cloned() {
        Some(runtime) if tasks.len() > 1 => {
            runtime.spawn(async move { answer_here(tasks, &committed) });
        }
        _ => answer_here(tasks, &committed),
    }
}

fn answer_here(jobs: Vec<Box<dyn Job>>, committed: &Result<(), Fault>) {
    for job in jobs {
        job.answer(committed.clone());
    }
}

struct Pending<O: Operation> {
    operation: Option<O>,
    outcome: Option<Result<O::Outcome, Fault>>,
    reply: oneshot::Sender<Result<O::Outcome, Fault>>,
    runtime: Option<Handle>,
}

impl<O: Operation> Job for Pending<O> {
    fn run(&mut self, to: &mut dyn Write, kept: &Kept) -> Result<(), Fault> {
        let operation = self.operation.take().ok_or(Fault::Stopped)?;
        let decision = {
            let state = ReadView(to);
            operation.decide(&Reader::new(&state, kept))
        };
        match decision {
            Ok(decision) => {
                decision.changes.apply(to, kept)?;
                self.outcome = Some(Ok(decision.outcome));
                Ok(())
            }
            Err(fault @ Fault::Engine(_)) => Err(fault),
            // A row that this operation could not read is its own fault, not its neighbours'.
            Err(fault) => {
                self.outcome = Some(Err(fault));
                Ok(())
            }
        }
    }

    fn answer(self: Box<Self>, committed: Result<(), Fault>) {
        let Self { outcome, reply, .. } = *self;
        let answer = committed.and_then(|()| outcome.unwrap_or(Err(Fault::Stopped)));
        // Nobody waits any more if the caller went away; the effect stands all the same.
        let _ = reply.send(answer);
    }

    fn runtime(&self) -> Option<&Handle> {
        self.runtime.as_ref()
    }
}

/// A batch seen as something to read from only.
struct ReadView<'a>(&'a dyn Write);

impl Read for ReadView<'_> {
    fn look(
        &self,
        table: TableId,
        key: &[u8],
        found: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, Fault> {
        self.0.look(table, key, found)
    }

    fn range(
        &self,
        table: TableId,
        from: &[u8],
        to: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        self.0.range(table, from, to, limit)
    }

    fn range_back(
        &self,
        table: TableId,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        self.0.range_back(table, from, to, limit)
    }

    fn count_below(&self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault> {
        self.0.count_below(table, to, limit)
    }

    fn last(&self, table: TableId) -> Result<Option<Row>, Fault> {
        self.0.last(table)
    }

    fn count(&self, table: TableId) -> Result<u64, Fault> {
        self.0.count(table)
    }
}

/// What the writer's thread is asked to do.
pub(in crate::store) enum Order {
    /// Decide, apply, commit, answer.
    Act(Box<dyn Job>),
    /// Somebody who read was told that the engine failed: see whether it must be opened anew.
    Inspect,
    /// Give unused space back, if nothing else waits.
    Compact(oneshot::Sender<Result<(), Fault>>),
}

/// What the thread lets others see.
#[derive(Default)]
pub(in crate::store) struct Standing {
    /// Whether it is known what the engine holds, and the engine took the last commit.
    pub(in crate::store) sound: AtomicBool,
    /// Whether the thread has ended.
    pub(in crate::store) ended: AtomicBool,
    /// Operations that were committed since the start.
    pub(in crate::store) committed: AtomicU64,
}

/// A handle on the writer's thread.
pub struct Writer {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
    standing: Arc<Standing>,
}

impl Writer {
    /// Starts the thread.
    pub(in crate::store) fn start(
        engine: Arc<dyn Engine>,
        kept: Arc<Kept>,
        retry: Duration,
    ) -> Result<Self, Fault> {
        let queue = Arc::new(Queue::default());
        let standing = Arc::new(Standing { sound: AtomicBool::new(true), ..Standing::default() });
        let work = Groups::new(engine, kept, Arc::clone(&queue), Arc::clone(&standing), retry);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || work.run())
            .map_err(Fault::engine)?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)), standing })
    }

    pub(in crate::store) async fn submit<O: Operation>(
        &self,
        operation: O,
    ) -> Result<O::Outcome, Fault> {
        let runtime = Handle::try_current().ok();
        self.enqueue(operation, runtime)?.await.map_err(|_| Fault::Stopped)?
    }

    pub(in crate::store) fn submit_blocking<O: Operation>(
        &self,
        operation: O,
    ) -> Result<O::Outcome, Fault> {
        self.enqueue(operation, None)?.blocking_recv().map_err(|_| Fault::Stopped)?
    }

    fn enqueue<O: Operation>(
        &self,
        operation: O,
        runtime: Option<Handle>,
    ) -> Result<oneshot::Receiver<Result<O::Outcome, Fault>>, Fault> {
        let (reply, answer) = oneshot::channel();
        let from = runtime.clone();
        let job = Box::new(Pending { operation: Some(operation), outcome: None, reply, runtime });
        self.queue.push(Order::Act(job), from.as_ref())?;
        Ok(answer)
    }

    /// Has the thread see whether the engine failed.
    pub(in crate::store) fn inspect(&self) {
        // A queue that is full holds work that will meet the failure itself.
        let _ = self.queue.push(Order::Inspect, None);
    }

    /// Has the thread give unused space back.
    pub(in crate::store) async fn compact(&self) -> Result<(), Fault> {
        let (reply, answer) = oneshot::channel();
        self.queue.push(Order::Compact(reply), None)?;
        answer.await.map_err(|_| Fault::Stopped)?
    }

    pub(in crate::store) fn queue_length(&self) -> usize {
        self.queue.length()
    }

    pub(in crate::store) fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Finishes what is queued and ends the thread.
    pub(in crate::store) fn close(&self) {
        self.queue.close();
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread {
            // A writer that panicked has answered nobody: there is nothing left to lose here.
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}
