//! The sweeper: rows whose time is over are removed by key, oldest first, a few at a time.
//!
//! Bulk tables are keyed by time, so what is older than the table's longest lifetime lies below one
//! key. A lifetime that was shortened still covers rows made before: the longer one counts until
//! it has passed.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::store::bytes::Fields;
use crate::store::bytes::Layout;
use crate::store::changes::Changes;
use crate::store::fault::Fault;
use crate::store::reader::Reader;
use crate::store::table::TableId;
use crate::store::tables::Meta;
use crate::store::writer::Decision;
use crate::store::writer::Operation;

/// Rows removed in one operation: short enough that no request waits for it.
pub const SWEEP_AT_ONCE: usize = 2000;

/// Removes what is over from one bulk table. Answers whether there may be more.
pub struct Sweep {
    /// The table.
    pub table: TableId,
    /// The longest that a row of it may live today.
    pub lifetime: Duration,
    /// The present.
    pub now: Timestamp,
}

impl Operation for Sweep {
    type Outcome = bool;

    fn decide(self, reader: &Reader<'_>) -> Result<Decision<bool>, Fault> {
        let mut changes = Changes::new();
        let key = format!("lifetime:{}", self.table.name());
        let stored = reader.get::<Meta>(&key)?.map(|bytes| Kept::read(&bytes)).transpose()?;
        let kept = Kept::update(stored, self.lifetime, self.now);
        if Some(kept) != stored {
            changes.put::<Meta>(&key, &kept.write())?;
        }
        let end = RawId::floor(self.now.minus(kept.longest(self.now))).bytes().to_vec();
        let over = reader.state().count_below(self.table, &end, SWEEP_AT_ONCE + 1)?;
        if over > 0 {
            changes.delete_below(self.table, end, SWEEP_AT_ONCE);
        }
        Ok(Decision { changes, outcome: over > SWEEP_AT_ONCE })
    }
}

/// The longest that a row of `table` may matter at `now`, as far as was promised at the last sweep;
/// zero if it was never swept.
///
/// # Errors
/// The engine failed.
pub fn longest(reader: &Reader<'_>, table: TableId, now: Timestamp) -> Result<Duration, Fault> {
    let stored = reader.get::<Meta>(&format!("lifetime:{}", table.name()))?;
    let kept = stored.map(|bytes| Kept::read(&bytes)).transpose()?;
    Ok(kept.map_or(Duration::ZERO, |kept| kept.longest(now)))
}

/// The lifetime in force, and a longer one that still covers older rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    current: Duration,
    longer: Duration,
    longer_until: Timestamp,
}

impl Kept {
    fn update(stored: Option<Self>, current: Duration, now: Timestamp) -> Self {
        match stored {
            Some(kept) if kept.current == current => kept,
            Some(kept) => {
                let longer = kept.longest(now);
                Self { current, longer, longer_until: now.plus(longer) }
            }
            None => Self { current, longer: Duration::ZERO, longer_until: Timestamp::EPOCH },
        }
    }

    fn longest(self, now: Timestamp) -> Duration {
        if now < self.longer_until { self.current.max(self.longer) } else { self.current }
    }

    fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let mut fields = Fields::version("meta", bytes, 1)?;
        Ok(Self {
            current: Duration::from_millis(fields.u64()?),
            longer: Duration::from_millis(fields.u64()?),
            longer_until: Timestamp::from_millis(fields.u64()?),
        })
    }

    fn write(self) -> Vec<u8> {
        let millis = |span: Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Layout::version(1)
            .u64(millis(self.current))
            .u64(millis(self.longer))
            .u64(self.longer_until.millis())
            .done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::tables::AnsweredRequests;

    const HOUR: Duration = Duration::from_secs(3600);

    struct Add(Vec<RawId>);

    impl Operation for Add {
        type Outcome = ();

        fn decide(self, _reader: &Reader<'_>) -> Result<Decision<()>, Fault> {
            let mut changes = Changes::new();
            for id in &self.0 {
                changes.put::<AnsweredRequests>(id, &())?;
            }
            Ok(Decision { changes, outcome: () })
        }
    }

    fn left(store: &Store) -> u64 {
        store.read(|reader| reader.state().count(TableId::AnsweredRequests)).unwrap()
    }

    fn sweep(store: &Store, lifetime: Duration, now: Timestamp) -> bool {
        let table = TableId::AnsweredRequests;
        store.submit_blocking(Sweep { table, lifetime, now }).unwrap()
    }

    fn made_at(at: Timestamp) -> RawId {
        RawId::floor(at)
    }

    #[test]
    fn rows_older_than_the_lifetime_go_and_the_others_stay() {
        let store = Store::in_memory().unwrap();
        let now = Timestamp::from_seconds(1_000_000);
        let old = made_at(now.minus(HOUR * 2));
        store.submit_blocking(Add(vec![old, made_at(now)])).unwrap();
        assert!(!sweep(&store, HOUR, now));
        assert_eq!(left(&store), 1);
    }

    #[test]
    fn a_shortened_lifetime_takes_nothing_that_was_promised_longer() {
        let store = Store::in_memory().unwrap();
        let now = Timestamp::from_seconds(1_000_000);
        store.submit_blocking(Add(vec![made_at(now)])).unwrap();
        sweep(&store, HOUR * 10, now);
        sweep(&store, HOUR, now.plus(HOUR * 2));
        assert_eq!(left(&store), 1);
        sweep(&store, HOUR, now.plus(HOUR * 13));
        assert_eq!(left(&store), 0);
    }

    #[test]
    fn many_rows_go_a_few_at_a_time() {
        let store = Store::in_memory().unwrap();
        let ids = (0..SWEEP_AT_ONCE as u64 + 5).map(|n| made_at(Timestamp::from_millis(n)));
        store.submit_blocking(Add(ids.collect())).unwrap();
        let now = Timestamp::from_seconds(1_000_000);
        assert!(sweep(&store, HOUR, now));
        assert_eq!(left(&store), 5);
        assert!(!sweep(&store, HOUR, now));
        assert_eq!(left(&store), 0);
    }
}
