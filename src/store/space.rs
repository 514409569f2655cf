//! How much of the data file is in use, about: from the number of rows and a few of each table.
//! Walking all pages would tell exactly, and read the whole file.

use crate::store::engine::Read;
use crate::store::fault::Fault;
use crate::store::table::TableId;

/// Rows of a table that stand for all.
const SAMPLE: usize = 64;
/// What a row takes beside its key and value.
const BESIDE: usize = 8;
/// Pages are between half full and full.
const SLACK: u64 = 2;

/// About how many bytes the rows take; rather more than less.
///
/// # Errors
/// The engine failed.
pub fn used(state: &dyn Read) -> Result<u64, Fault> {
    TableId::ALL.iter().try_fold(0_u64, |sum, table| Ok(sum.saturating_add(rows(state, *table)?)))
}

fn rows(state: &dyn Read, table: TableId) -> Result<u64, Fault> {
    let sample = state.range(table, &[], None, SAMPLE)?;
    let bytes: usize = sample.iter().map(|(key, value)| key.len() + value.len() + BESIDE).sum();
    let mean = bytes.checked_div(sample.len()).unwrap_or(0);
    let mean = u64::try_from(mean).unwrap_or(u64::MAX);
    Ok(state.count(table)?.saturating_mul(mean).saturating_mul(SLACK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::engine::Engine as _;
    use crate::store::redb::RedbEngine;

    #[test]
    fn what_is_used_is_estimated_from_rows_and_not_from_holes() {
        let engine = RedbEngine::in_memory().unwrap();
        let key = |n: u32| n.to_be_bytes();
        engine
            .write(&mut |to| (0..5000).try_for_each(|n| to.put(TableId::Codes, &key(n), &[7; 88])))
            .unwrap();
        let used_now = || used(engine.snapshot().unwrap().as_ref()).unwrap();
        assert_eq!(used_now(), 5000 * 100 * 2);
        engine
            .write(&mut |to| to.delete_below(TableId::Codes, &key(4000), 5000).map(|_| ()))
            .unwrap();
        assert_eq!(used_now(), 1000 * 100 * 2);
    }
}
