//! Password hashing off the request path: a few at a time, a bounded queue before them.

use std::sync::Arc;
use std::thread;

use thread_priority::NormalThreadSchedulePolicy;
use thread_priority::ThreadPriority;
use thread_priority::ThreadSchedulePolicy;
use thread_priority::set_thread_priority_and_policy;
use thread_priority::thread_native_id;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::sync::oneshot;

use crate::base::secret::Secret;
use crate::crypto::password::HashingFailed;
use crate::crypto::password::Passwords;
use crate::store::fault::Fault;
use crate::telemetry::measures;

/// A place in the queue for hashing.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "held, never read")] OwnedSemaphorePermit);

/// Hashes passwords on threads of their own.
pub struct Hashing {
    passwords: Arc<Passwords>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// How many may run, and how many may run and wait.
    most: (usize, usize),
    /// Stands for the hash of an account that does not exist, or has no password yet: a guess at one
    /// costs the same time.
    nobody: String,
}

impl Hashing {
    /// At most `parallel` at once and `queue` waiting.
    #[must_use]
    pub fn new(passwords: Passwords, parallel: usize, queue: usize) -> Self {
        Self {
            nobody: passwords.nobody(),
            passwords: Arc::new(passwords),
            running: Arc::new(Semaphore::new(parallel)),
            waiting: Arc::new(Semaphore::new(parallel + queue)),
            most: (parallel, parallel + queue),
        }
    }

    /// How many passwords are being hashed, and how many sign-ins wait for that.
    #[must_use]
    pub fn standing(&self) -> (usize, usize) {
        let (parallel, places) = self.most;
        let running = parallel.saturating_sub(self.running.available_permits());
        let taken = places.saturating_sub(self.waiting.available_permits());
        (running, taken.saturating_sub(running))
    }

    /// A place in the queue: taken before anything is charged for a guess, so that a guess that is
    /// never evaluated costs nothing.
    ///
    /// # Errors
    /// [`Fault::Busy`] when too many wait.
    pub fn place(&self) -> Result<Place, Fault> {
        let waiting = Arc::clone(&self.waiting);
        waiting.try_acquire_owned().map(Place).map_err(|_| busy())
    }

    /// Whether `password` is the one behind `phc`; without one, the same work for nothing.
    ///
    /// # Errors
    /// The process is ending.
    pub async fn verify(
        &self,
        place: Place,
        password: Secret,
        phc: Option<String>,
    ) -> Result<bool, Fault> {
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.nobody.clone());
        let right = self.run(place, move |passwords| passwords.verify(&password, &phc)).await?;
        Ok(right && known)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`Fault::Busy`] when too many wait, or memory ran out.
    pub async fn hash(&self, password: Secret, salt: [u8; 16]) -> Result<String, Fault> {
        let place = self.place()?;
        let hashed = self.run(place, move |passwords| passwords.hash(&password, salt)).await?;
        hashed.map_err(|_| Fault::Busy)
    }

    /// As [`Self::hash`], for callers without an executor.
    ///
    /// # Errors
    /// Memory ran out.
    pub fn hash_blocking(
        &self,
        password: &Secret,
        salt: [u8; 16],
    ) -> Result<String, HashingFailed> {
        self.passwords.hash(password, salt)
    }

    /// Whether `phc` was made with less than today's cost.
    #[must_use]
    pub fn outdated(&self, phc: &str) -> bool {
        self.passwords.outdated(phc)
    }

    /// The permits go with the work: a caller that goes away leaves it running, and it still counts.
    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&Passwords) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let running = Arc::clone(&self.running);
        let turn = running.acquire_owned().await.map_err(|_| Fault::Stopped)?;
        let passwords = Arc::clone(&self.passwords);
        let (tell, told) = oneshot::channel();
        // A thread for each: one of the runtime's would keep standing back, with whatever it did
        // afterwards. Making one takes thousandths of what a hash takes.
        let hashing = thread::Builder::new().name("hashing".to_owned()).spawn(move || {
            step_back();
            let done = work(&passwords);
            drop((place, turn));
            // Nobody may be waiting any more.
            let _ = tell.send(done);
        });
        // The system gives no more threads.
        hashing.map_err(|_| busy())?;
        told.await.map_err(|_| Fault::Stopped)
    }
}

fn busy() -> Fault {
    measures::HASHING_BUSY.count();
    Fault::Busy
}

/// From here on this thread works only while no other wants its processor (`SCHED_IDLE`): a hash takes a tenth
/// of a second at one go, and a storm of sign-ins must not make requests wait for it. Sign-ins wait while
/// requests keep every processor busy.
fn step_back() {
    let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    // Where it is refused, sign-ins only compete.
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
}

#[cfg(test)]
mod tests {
    use thread_priority::thread_schedule_policy;
    use tokio::runtime::Builder;

    use super::*;
    use crate::crypto::password::Cost;

    const IDLE: ThreadSchedulePolicy =
        ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);

    #[test]
    fn hashes_stand_back_and_leave_the_threads_of_other_work_as_they_were() {
        let runtime = Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        let hashing = Hashing::new(Passwords::new(Cost::FLOOR).unwrap(), 1, 0);
        let policy = runtime.block_on(async {
            let place = hashing.place().unwrap();
            hashing.run(place, |_| thread_schedule_policy().unwrap()).await.unwrap()
        });
        assert_eq!(policy, IDLE);
        assert_eq!(hashing.standing(), (0, 0));
        let other = runtime.block_on(runtime.spawn_blocking(thread_schedule_policy));
        assert_ne!(other.unwrap().unwrap(), IDLE);
    }
}
