//! A date that jumped by more than a year since the last start may be wrong. Then nothing old is
//! removed and no time is noted until somebody says that it is right, or until it is set right.

use crate::base::clock::Timestamp;
use crate::domain::checkup::clock;
use crate::ops::Ops;
use crate::ops::administration::installation;
use crate::store::Store;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::Row as _;
use crate::store::tables::Meta;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// The last time that was noted before the jump.
const DOUBTED: &str = "clock_doubted";

/// At a start: begins to doubt a date that jumped, and doubts one no more that was set right.
struct Judge {
    noted: Timestamp,
    wall: Timestamp,
}

impl Operation for Judge {
    type Outcome = bool;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<bool>, Fault> {
        let mut changes = Changes::new();
        let before = doubted_since(reader)?;
        let doubtful = clock::is_doubtful(before.unwrap_or(self.noted), self.wall);
        match (before, doubtful) {
            (None, true) => changes.put::<Meta>(DOUBTED, &self.noted.to_bytes("meta")?)?,
            (Some(_), false) => changes.delete::<Meta>(DOUBTED),
            _ => {}
        }
        Ok(Decision { changes, outcome: doubtful })
    }
}

struct Accept;

impl Operation for Accept {
    type Outcome = ();

    fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
        let mut changes = Changes::new();
        changes.delete::<Meta>(DOUBTED);
        Ok(Decision { changes, outcome: () })
    }
}

fn doubted_since(reader: &Reader<'_>) -> Result<Option<Timestamp>, Fault> {
    let row = reader.get::<Meta>(DOUBTED)?;
    row.map(|bytes| Timestamp::from_bytes("meta", &bytes)).transpose()
}

/// To be called at each start, with the last time that was noted. Answers whether the date is doubted.
///
/// # Errors
/// The store failed.
pub fn judge_clock(store: &Store, noted: Timestamp, wall: Timestamp) -> Result<bool, Fault> {
    let doubted = store.read(doubted_since)?.is_some();
    if !doubted && !clock::is_doubtful(noted, wall) {
        return Ok(false);
    }
    store.submit_blocking(Judge { noted, wall })
}

impl Ops {
    /// The last time noted before the date jumped, while that is doubted.
    ///
    /// # Errors
    /// The store failed.
    pub fn clock_doubted_since(&self) -> Result<Option<Timestamp>, Fault> {
        self.store.read(doubted_since)
    }

    /// The last time that was noted.
    ///
    /// # Errors
    /// The store failed.
    pub fn last_noted(&self) -> Result<Timestamp, Fault> {
        Ok(installation::recorded(&self.store)?.map_or(Timestamp::EPOCH, |all| all.last_seen_at))
    }

    /// The date is right: what is old is removed again.
    ///
    /// # Errors
    /// The store failed.
    pub async fn accept_clock(&self) -> Result<(), Fault> {
        self.store.submit(Accept).await?;
        self.note_time().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const THEN: Timestamp = Timestamp::from_seconds(1_790_000_000);

    #[test]
    fn a_date_that_jumped_is_doubted_over_restarts_until_it_is_set_right() {
        let store = Store::in_memory().unwrap();
        let late = THEN.plus(Duration::from_secs(400 * 86_400));
        assert!(!judge_clock(&store, THEN, THEN).unwrap());
        assert!(judge_clock(&store, THEN, late).unwrap());
        // What was written meanwhile carries the doubtful date.
        assert!(judge_clock(&store, late, late).unwrap());
        assert!(!judge_clock(&store, late, THEN.plus(Duration::from_secs(86_400))).unwrap());
        assert!(!judge_clock(&store, THEN, THEN).unwrap());
    }

    #[test]
    fn a_date_that_was_accepted_is_doubted_no_more() {
        let store = Store::in_memory().unwrap();
        let late = THEN.plus(Duration::from_secs(400 * 86_400));
        assert!(judge_clock(&store, THEN, late).unwrap());
        store.submit_blocking(Accept).unwrap();
        assert!(!judge_clock(&store, late, late).unwrap());
    }
}
