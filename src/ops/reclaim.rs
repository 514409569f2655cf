//! Giving space back: rows that were swept leave holes in the data file, which new rows fill. Only
//! when most of the file is holes is it worth making it smaller.
//!
//! Requests wait while it is made smaller. By itself the server does so only in quiet hours and only
//! if little has to be moved; beyond that, the operator chooses the moment.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::ops::Ops;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::store::fault::Fault;
use crate::store::space;

const MIB: u64 = 1024 * 1024;
/// Less than this is not worth the trouble.
const LEAST_FREE: u64 = 64 * MIB;
/// More than this would keep requests waiting for more than about a second.
const MOST_USED: u64 = 64 * MIB;
/// Operations between two looks, a minute apart, of a server that has little to do.
const FEW: u64 = 30;
/// Looks in a row that must have found little to do.
const LOOKS: u32 = 5;

/// How long the operator's wish waits for its turn.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// Why the data file was not made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody read or wrote all the time.
    #[error(
        "somebody read or wrote without a pause for {} seconds (requests, or a backup or an export that is being made), so the data file was left as it is; try again when that is over or in a quieter hour, or stop the server first (systemctl stop countersign.socket countersign.service)",
        PATIENCE.as_secs()
    )]
    AlwaysBusy,
}

/// How large the data file was and is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes before.
    pub before: u64,
    /// Bytes after.
    pub after: u64,
}

/// What is remembered between two looks.
#[derive(Debug, Default)]
pub struct Quiet(Mutex<Looks>);

#[derive(Debug, Default)]
struct Looks {
    committed: u64,
    quiet: u32,
    /// The file's size when it was last found not to be worth it: not asked again before it has grown.
    settled: u64,
}

impl Looks {
    /// Whether there was little to do for a while.
    fn look(&mut self, committed: u64) -> bool {
        let few = committed.saturating_sub(self.committed) <= FEW;
        self.committed = committed;
        self.quiet = if few { self.quiet.saturating_add(1) } else { 0 };
        self.quiet >= LOOKS
    }

    /// Whether a file of this size may hold enough that is free, judged by its size alone.
    const fn may_be_worth_it(&self, size: u64) -> bool {
        size > LEAST_FREE && size / 3 * 2 > self.settled
    }
}

/// What to do about a file of `size`, of which about `used` are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Leave,
    Compact,
    Tell,
}

const fn verdict(size: u64, used: u64) -> Verdict {
    let free = size.saturating_sub(used);
    if free < LEAST_FREE || free <= size / 2 {
        Verdict::Leave
    } else if used > MOST_USED {
        Verdict::Tell
    } else {
        Verdict::Compact
    }
}

impl Ops {
    /// Makes the data file as small as it can be. Requests wait meanwhile. A moment in which nobody
    /// reads or waits to write is waited for, at most for [`PATIENCE`].
    ///
    /// # Errors
    /// [`Refusal::AlwaysBusy`] if there was none; otherwise the store failed.
    pub async fn compact(&self) -> Outcome<Compacted, Refusal> {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.compacted().await {
                Err(Fault::Busy) if Instant::now() < until => tokio::time::sleep(PAUSE).await,
                Err(Fault::Busy) => return Err(Failure::Refused(Refusal::AlwaysBusy)),
                done => return Ok(done?),
            }
        }
    }

    async fn compacted(&self) -> Result<Compacted, Fault> {
        let before = self.store.size()?;
        self.store.compact().await?;
        Ok(Compacted { before, after: self.store.size()? })
    }

    /// To be called every minute: makes the data file smaller if that is worth it and disturbs
    /// nobody.
    ///
    /// # Errors
    /// The store failed.
    pub async fn reclaim(&self) -> Result<(), Fault> {
        let size = self.store.size()?;
        if !self.looks(|looks| looks.look(self.store.committed()) && looks.may_be_worth_it(size)) {
            return Ok(());
        }
        let used = self.store.read(|reader| space::used(reader.state()))?;
        match verdict(size, used) {
            Verdict::Leave => self.settle(size),
            Verdict::Tell => {
                let (size_mib, used_mib) = (size / MIB, used / MIB);
                tracing::warn!(
                    size_mib,
                    used_mib,
                    "most of the data file is free; `countersign compact` gives it back",
                );
                self.settle(size);
            }
            Verdict::Compact => match self.compacted().await {
                Ok(Compacted { before, after }) => {
                    let (before_mib, after_mib) = (before / MIB, after / MIB);
                    tracing::info!(before_mib, after_mib, "the data file was made smaller");
                    self.settle(after);
                }
                // Somebody came: the next look finds whether it is still quiet.
                Err(Fault::Busy) => {}
                Err(fault) => return Err(fault),
            },
        }
        Ok(())
    }

    fn looks<T: Default>(&self, with: impl FnOnce(&mut Looks) -> T) -> T {
        self.quiet.0.lock().map(|mut looks| with(&mut looks)).unwrap_or_default()
    }

    fn settle(&self, size: u64) {
        self.looks(|looks| looks.settled = size);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_made_smaller_only_if_more_than_half_of_it_and_more_than_64_mib_are_free() {
        assert_eq!(verdict(100 * MIB, 40 * MIB), Verdict::Leave);
        assert_eq!(verdict(130 * MIB, 65 * MIB), Verdict::Leave);
        assert_eq!(verdict(130 * MIB, 60 * MIB), Verdict::Compact);
        assert_eq!(verdict(130 * MIB, 200 * MIB), Verdict::Leave);
    }

    #[test]
    fn a_file_in_which_much_would_have_to_be_moved_is_left_to_the_operator() {
        assert_eq!(verdict(1000 * MIB, 64 * MIB), Verdict::Compact);
        assert_eq!(verdict(1000 * MIB, 65 * MIB), Verdict::Tell);
    }

    #[test]
    fn it_is_quiet_once_five_minutes_in_a_row_had_little_to_do() {
        let mut looks = Looks::default();
        let quiet: Vec<bool> = [0, 30, 31, 32, 33].iter().map(|n| looks.look(*n)).collect();
        assert_eq!(quiet, [false, false, false, false, true]);
        assert!(!looks.look(33 + FEW + 1));
        assert!(!looks.look(33 + FEW + 1));
    }

    #[test]
    fn a_file_that_was_settled_is_left_alone_until_it_has_grown_by_half() {
        let mut looks = Looks::default();
        assert!(!looks.may_be_worth_it(64 * MIB));
        assert!(looks.may_be_worth_it(65 * MIB));
        looks.settled = 200 * MIB;
        assert!(!looks.may_be_worth_it(300 * MIB));
        assert!(looks.may_be_worth_it(301 * MIB));
    }
}
