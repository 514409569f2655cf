//! Password hashing off the request path: a few at a time, a bounded queue before them.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::base::secret::Secret;
use crate::crypto::password::HashingFailed;
use crate::crypto::password::Passwords;
use crate::store::fault::Fault;

/// A password that is nobody's, hashed at start: guesses at unknown addresses cost the same time.
const NOBODY: &str = "nobody has this password";

/// Hashes passwords on threads of their own.
pub struct Hashing {
    passwords: Arc<Passwords>,
    running: Semaphore,
    waiting: Semaphore,
    dummy: String,
}

impl Hashing {
    /// At most `parallel` at once and `queue` waiting.
    ///
    /// # Errors
    /// The cost cannot be met.
    pub fn new(passwords: Passwords, parallel: usize, queue: usize) -> Result<Self, HashingFailed> {
        let dummy = passwords.hash(&NOBODY.into(), [0; 16])?;
        Ok(Self {
            passwords: Arc::new(passwords),
            running: Semaphore::new(parallel),
            waiting: Semaphore::new(parallel + queue),
            dummy,
        })
    }

    /// Whether `password` is the one behind `phc`; without one, the same work for nothing.
    ///
    /// # Errors
    /// [`Fault::Busy`] when too many wait.
    pub async fn verify(&self, password: Secret, phc: Option<String>) -> Result<bool, Fault> {
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.dummy.clone());
        let right = self.run(move |passwords| passwords.verify(&password, &phc)).await?;
        Ok(right && known)
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`Fault::Busy`] when too many wait, or memory ran out.
    pub async fn hash(&self, password: Secret, salt: [u8; 16]) -> Result<String, Fault> {
        self.run(move |passwords| passwords.hash(&password, salt)).await?.map_err(Fault::engine)
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

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Passwords) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let _place = self.waiting.try_acquire().map_err(|_| Fault::Busy)?;
        let _turn = self.running.acquire().await.map_err(|_| Fault::Stopped)?;
        let passwords = Arc::clone(&self.passwords);
        tokio::task::spawn_blocking(move || work(&passwords)).await.map_err(|_| Fault::Stopped)
    }
}
