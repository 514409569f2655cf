//! The connections of an upstream: how many there may be, and those that are unused.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::outbound::upstream::UpstreamFault;
use crate::outbound::upstream::line::Line;

/// The right to use one connection, until it is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

pub(super) struct Pool {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
    patience: Duration,
    keep: Duration,
    /// The one used last stands last and is used first, so that the others become old.
    unused: Mutex<Vec<Line>>,
}

impl Pool {
    pub(super) fn new(connections: usize, patience: Duration, keep: Duration) -> Arc<Self> {
        Arc::new(Self {
            places: Arc::new(Semaphore::new(connections)),
            waiting: AtomicUsize::new(0),
            most_waiting: connections,
            patience,
            keep,
            unused: Mutex::default(),
        })
    }

    /// A place, at once or after a while.
    pub(super) async fn place(&self) -> Result<Place, UpstreamFault> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Place { _permit: permit });
        }
        let _waiting = Waiting::begin(self).ok_or(UpstreamFault::Busy)?;
        let coming = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.patience, coming).await {
            Ok(Ok(permit)) => Ok(Place { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(UpstreamFault::Busy),
        }
    }

    /// An unused connection that is still open, as far as can be seen.
    pub(super) async fn unused(&self) -> Option<Line> {
        loop {
            let mut line = self.lines().pop()?;
            let usable = poll_fn(|cx| Poll::Ready(line.is_usable(cx))).await;
            if usable && line.unused_since.elapsed() < self.keep {
                return Some(line);
            }
        }
    }

    /// Takes a connection back.
    pub(super) fn take_back(&self, mut line: Line) {
        line.unused_since = Instant::now();
        self.lines().push(line);
    }

    /// Closes what has been unused for too long.
    pub(super) fn tidy(&self) {
        self.lines().retain(|line| line.unused_since.elapsed() < self.keep);
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for a place.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn begin(pool: &'a Pool) -> Option<Self> {
        let one = Self(&pool.waiting);
        let already = pool.waiting.fetch_add(1, Ordering::Relaxed);
        (already < pool.most_waiting).then_some(one)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
