//! Password hashing off the request path: a few at a time, a bounded queue before them.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use crate::base::secret::Secret;
use crate::crypto::password::HashingFailed;
use crate::crypto::password::Passwords;
use crate::store::fault::Fault;

/// A place in the queue for hashing.
#[derive(Debug)]
pub struct Place(#[expect(dead_code, reason = "held, never read")] OwnedSemaphorePermit);

/// Hashes passwords on threads of their own.
pub struct Hashing {
    passwords: Arc<Passwords>,
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
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
        }
    }

    /// A place in the queue: taken before anything is charged for a guess, so that a guess that is
    /// never evaluated costs nothing.
    ///
    /// # Errors
    /// [`Fault::Busy`] when too many wait.
    pub fn place(&self) -> Result<Place, Fault> {
        let waiting = Arc::clone(&self.waiting);
        waiting.try_acquire_owned().map(Place).map_err(|_| Fault::Busy)
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
        let hashing = tokio::task::spawn_blocking(move || {
            let _kept = (place, turn);
            step_back();
            work(&passwords)
        });
        hashing.await.map_err(|_| Fault::Stopped)
    }
}

/// How much this thread gives way (in steps of nice): a storm of sign-ins takes a tenth of a processor
/// that requests could use.
const STEPS_BACK: i32 = 10;

/// Lets all other threads go first, from here on. The threads that hash do nothing else.
fn step_back() {
    // Linux sets this for the calling thread alone. Where it is refused, sign-ins only compete.
    let _ = rustix::process::setpriority_process(None, STEPS_BACK);
}
