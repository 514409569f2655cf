//! How the installation stands, in numbers.

use crate::ops::Ops;

/// How it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vitals {
    /// Whether the store can be used.
    pub sound: bool,
    /// Operations that wait for the writer.
    pub queue: usize,
    /// Bytes of the data file, if it can be asked.
    pub size: Option<u64>,
    /// Passwords being hashed.
    pub hashing: usize,
    /// Sign-ins that wait for a hash.
    pub waiting: usize,
}

impl Ops {
    /// How it stands now.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        let (hashing, waiting) = self.hashing.standing();
        Vitals {
            sound: self.store.is_sound(),
            queue: self.store.queue_length(),
            size: self.store.size().ok(),
            hashing,
            waiting,
        }
    }
}
