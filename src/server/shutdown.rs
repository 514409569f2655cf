//! The two ways to stop: finish what is in flight, or leave at once.

use tokio_util::sync::CancellationToken;

/// A switch that is thrown once and that everyone may watch. Clones are the same switch.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    graceful: CancellationToken,
    immediate: CancellationToken,
}

impl Shutdown {
    /// A switch that has not been thrown.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// No new work from here on; what is in flight may finish.
    pub fn begin(&self) {
        self.graceful.cancel();
    }

    /// Leave now.
    pub fn abandon(&self) {
        self.graceful.cancel();
        self.immediate.cancel();
    }

    /// Whether it has begun.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.graceful.is_cancelled()
    }

    /// Resolves once [`Self::begin`] (or [`Self::abandon`]) was called.
    pub async fn begun(&self) {
        self.graceful.cancelled().await;
    }

    /// Resolves once [`Self::abandon`] was called.
    pub async fn abandoned(&self) {
        self.immediate.cancelled().await;
    }
}
