//! The one writer: a thread that takes whatever operations are waiting, lets each decide, applies
//! its changes, commits them all at once, and only then answers them.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::store::changes::Changes;
use crate::store::engine::Engine;
use crate::store::engine::Read;
use crate::store::engine::Row;
use crate::store::engine::Write;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::TableId;

/// Operations that may wait before further ones are told that the store is busy.
const QUEUE: usize = 4096;
/// Operations that one commit takes at most, so that none waits long for its neighbours.
const GROUP: usize = 512;

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
    /// A row could not be read: nothing of this operation is kept. The engine failed: nothing of
    /// the whole group is.
    fn decide(self, reader: &Reader<'_>) -> Result<Decision<Self::Outcome>, Fault>;
}

/// An operation in the queue, without its types.
trait Job: Send {
    /// Decides and applies.
    fn run(&mut self, to: &mut dyn Write) -> Result<(), Fault>;
    /// Answers: the outcome if the commit held, otherwise the fault.
    fn answer(self: Box<Self>, committed: Result<(), Fault>);
}

struct Pending<O: Operation> {
    operation: Option<O>,
    outcome: Option<Result<O::Outcome, Fault>>,
    reply: oneshot::Sender<Result<O::Outcome, Fault>>,
}

impl<O: Operation> Job for Pending<O> {
    fn run(&mut self, to: &mut dyn Write) -> Result<(), Fault> {
        let operation = self.operation.take().ok_or(Fault::Stopped)?;
        let decision = {
            let state = ReadView(to);
            operation.decide(&Reader::new(&state))
        };
        match decision {
            Ok(decision) => {
                decision.changes.apply(to)?;
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
}

/// A batch seen as something to read from only.
struct ReadView<'a>(&'a dyn Write);

impl Read for ReadView<'_> {
    fn get(&self, table: TableId, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        self.0.get(table, key)
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

/// A handle on the writer's thread.
pub struct Writer {
    queue: Mutex<Option<mpsc::SyncSender<Box<dyn Job>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    sound: Arc<AtomicBool>,
}

impl Writer {
    /// Starts the thread.
    pub(in crate::store) fn start(engine: Arc<dyn Engine>) -> Result<Self, Fault> {
        let (queue, jobs) = mpsc::sync_channel(QUEUE);
        let sound = Arc::new(AtomicBool::new(true));
        let flag = Arc::clone(&sound);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_groups(engine.as_ref(), &jobs, &flag))
            .map_err(Fault::engine)?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)), sound })
    }

    pub(in crate::store) async fn submit<O: Operation>(
        &self,
        operation: O,
    ) -> Result<O::Outcome, Fault> {
        self.enqueue(operation)?.await.map_err(|_| Fault::Stopped)?
    }

    pub(in crate::store) fn submit_blocking<O: Operation>(
        &self,
        operation: O,
    ) -> Result<O::Outcome, Fault> {
        self.enqueue(operation)?.blocking_recv().map_err(|_| Fault::Stopped)?
    }

    fn enqueue<O: Operation>(
        &self,
        operation: O,
    ) -> Result<oneshot::Receiver<Result<O::Outcome, Fault>>, Fault> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending { operation: Some(operation), outcome: None, reply });
        let queue = self.queue.lock().map_err(|_| Fault::Stopped)?;
        match queue.as_ref().ok_or(Fault::Stopped)?.try_send(job) {
            Ok(()) => Ok(answer),
            Err(mpsc::TrySendError::Full(_)) => Err(Fault::Busy),
            Err(mpsc::TrySendError::Disconnected(_)) => Err(Fault::Stopped),
        }
    }

    /// Whether the engine has not failed.
    pub(in crate::store) fn is_sound(&self) -> bool {
        self.sound.load(Ordering::Acquire)
    }

    /// Finishes what is queued and ends the thread.
    pub(in crate::store) fn close(&self) {
        if let Ok(mut queue) = self.queue.lock() {
            queue.take();
        }
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

struct Unsound<'a>(&'a AtomicBool);

impl Drop for Unsound<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn write_groups(engine: &dyn Engine, jobs: &mpsc::Receiver<Box<dyn Job>>, sound: &AtomicBool) {
    // However this thread ends, the store is then no longer sound: a panic must not leave a server
    // that says it is ready and writes nothing.
    let _ended = Unsound(sound);
    while let Ok(first) = jobs.recv() {
        let mut group = vec![first];
        while group.len() < GROUP {
            match jobs.try_recv() {
                Ok(next) => group.push(next),
                Err(_) => break,
            }
        }
        let committed = if sound.load(Ordering::Acquire) {
            engine.write(&mut |to| group.iter_mut().try_for_each(|job| job.run(to)))
        } else {
            Err(Fault::Stopped)
        };
        if let Err(fault) = &committed {
            fail_closed(fault, sound);
        }
        for job in group {
            job.answer(committed.clone());
        }
    }
}

/// After an engine failure nothing more is taken: the process is restarted, and opening the file
/// anew shows what is durable. A row that cannot be read stops only what needs it.
fn fail_closed(fault: &Fault, sound: &AtomicBool) {
    tracing::error!(%fault, "a group of changes was not committed");
    if matches!(fault, Fault::Engine(_)) {
        sound.store(false, Ordering::Release);
    }
}
