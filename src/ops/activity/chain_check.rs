//! Checking the audit chain while the server runs: a thousand entries at a time, once at a time.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::ops::Ops;
use crate::store::chain::Walk;
use crate::store::fault::Fault;

/// What a check found is told again for so long, however often it is asked for.
const FRESH: Duration = Duration::from_secs(10);

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainCheck {
    /// When.
    pub at: Timestamp,
    /// How many entries were good.
    pub entries: u64,
    /// The number of the first entry that is missing or changed.
    pub broken_at: Option<u64>,
}

/// The last check, and whether one runs.
#[derive(Default)]
pub struct ChainChecks {
    last: Mutex<Option<ChainCheck>>,
    running: tokio::sync::Mutex<()>,
}

impl ChainChecks {
    fn last(&self) -> Option<ChainCheck> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ops {
    /// What the last check found.
    #[must_use]
    pub fn last_chain_check(&self) -> Option<ChainCheck> {
        self.chain_checks.last()
    }

    /// Walks the whole audit chain. Who asks while that is done gets the same answer.
    ///
    /// # Errors
    /// The store failed.
    pub async fn check_chain(&self) -> Result<ChainCheck, Fault> {
        let _running = self.chain_checks.running.lock().await;
        let fresh = |check: &ChainCheck| self.now().since(check.at) < FRESH;
        if let Some(check) = self.chain_checks.last().filter(fresh) {
            return Ok(check);
        }
        let mut walk = Walk::default();
        let walked = loop {
            let stepped = self.store.read(|reader| walk.step(reader.state()))?;
            match stepped {
                Ok(true) => tokio::task::yield_now().await,
                Ok(false) => break self.store.read(|reader| self.reaches_checkpoint(reader))?,
                Err(broken) => break Err(broken),
            }
        };
        let broken_at = walked.err().map(|broken| broken.number());
        let check = ChainCheck { at: self.now(), entries: walk.good(), broken_at };
        if let Some(number) = broken_at {
            tracing::error!(number, "the audit chain does not verify");
        }
        *self.chain_checks.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(check);
        Ok(check)
    }
}
