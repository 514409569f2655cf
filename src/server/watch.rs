//! Tells when a connection is to be closed or cut.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::server::connection::Shared;
use crate::server::exchange::Exchanges;
use crate::server::limits::Limits;
use crate::server::shutdown::Shutdown;

/// Once the server stops, how long a connection may still take to ask for the first time.
pub(super) const FIRST_WORD: Duration = Duration::from_secs(2);
/// How often a connection is looked at then.
const EVERY_WHILE_STOPPING: Duration = Duration::from_millis(250);

/// What is to be done with a connection that has not ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// The server stops: finish what is in flight, then close.
    Close,
    /// No request for too long.
    Idle,
    /// The client takes nothing, or did not go when it was told to.
    Cut,
}

/// Looks at a connection's exchanges from time to time.
pub(super) struct Watch<'a> {
    limits: Limits,
    shutdown: &'a Shutdown,
    exchanges: Arc<Exchanges>,
    every: Duration,
    told: bool,
    deadline: Option<Instant>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(shared: &'a Shared, exchanges: &Arc<Exchanges>) -> Self {
        let limits = shared.limits;
        Self {
            limits,
            shutdown: &shared.shutdown,
            exchanges: Arc::clone(exchanges),
            every: limits.write_stall.min(limits.header_read).min(limits.idle) / 4,
            told: false,
            deadline: None,
        }
    }

    /// Whether it has a deadline to close by.
    pub(super) const fn closing(&self) -> bool {
        self.deadline.is_some()
    }

    /// From here on it has `time` to close by itself.
    pub(super) fn close_within(&mut self, time: Duration) {
        self.deadline = Some(Instant::now() + time);
    }

    /// Resolves when something is to be done.
    pub(super) async fn next(&mut self) -> Next {
        loop {
            tokio::select! {
                biased;
                () = self.shutdown.begun(), if !self.told => {
                    self.told = true;
                    self.every = self.every.min(EVERY_WHILE_STOPPING);
                    return Next::Close;
                }
                () = tokio::time::sleep(self.every) => {
                    if let Some(next) = self.look() {
                        return next;
                    }
                }
            }
        }
    }

    fn look(&self) -> Option<Next> {
        let late = self.deadline.is_some_and(|deadline| deadline <= Instant::now());
        let silent = self.told && self.exchanges.idle(FIRST_WORD, FIRST_WORD);
        if late || silent || self.exchanges.stalled(self.limits.write_stall) {
            return Some(Next::Cut);
        }
        self.exchanges.idle(self.limits.header_read, self.limits.idle).then_some(Next::Idle)
    }
}
