//! The audit chain: every entry carries the hash of the one before it.
//!
//! Key: the sequence number, big-endian. Value: `SHA-256(previous hash ‖ sequence ‖ JSON) ‖ JSON`.
//! The JSON bytes are stored and hashed as they are, so verifying needs no parser to agree.

use serde::Serialize;

use crate::base::encoding;
use crate::crypto::digest;
use crate::domain::audit::Event;
use crate::store::engine::Read;
use crate::store::engine::Write;
use crate::store::fault::Fault;
use crate::store::reader::PAGE;
use crate::store::table::TableId;

const TABLE: TableId = TableId::Audit;
const HASH: usize = 32;

/// An entry as it stands in the chain.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its number; the first is 1.
    pub sequence: u64,
    /// The hash that binds it to all before it, in hex.
    pub hash: String,
    /// What happened.
    pub event: Event,
}

/// The chain does not verify.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing: an entry was removed.
    #[error("entry {expected} is missing: the next one has number {found}")]
    Missing {
        /// Expected next.
        expected: u64,
        /// Found instead.
        found: u64,
    },
    /// An entry or one before it was changed.
    #[error("entry {0} does not follow from the one before it: it was changed, moved or forged")]
    Changed(u64),
}

/// Adds `event` to the end of the chain.
pub(in crate::store) fn append(to: &mut dyn Write, event: &Event) -> Result<(), Fault> {
    let (number, previous) = match to.last(TABLE)? {
        Some((key, value)) => (number_of(&key).saturating_add(1), hash_of(&value).to_vec()),
        None => (1, vec![0; HASH]),
    };
    let json = serde_json::to_vec(event).map_err(|error| Fault::row(TABLE.name(), error))?;
    let mut value = link(&previous, number, &json).to_vec();
    value.extend_from_slice(&json);
    to.put(TABLE, &number.to_be_bytes(), &value)
}

/// The newest entries, newest first, at most `limit`, before number `before` if given.
///
/// # Errors
/// The engine failed, or an entry cannot be read.
pub fn newest(state: &dyn Read, before: Option<u64>, limit: usize) -> Result<Vec<Entry>, Fault> {
    let end = match before {
        Some(number) => number,
        None => state.last(TABLE)?.map_or(1, |(key, _)| number_of(&key).saturating_add(1)),
    };
    let start = end.saturating_sub(limit as u64).max(1);
    let rows = state.range(TABLE, &start.to_be_bytes(), Some(&end.to_be_bytes()), limit)?;
    rows.iter().rev().map(|(key, value)| entry(key, value)).collect()
}

/// Walks the whole chain. `Ok(Ok(n))`: `n` entries, all good.
///
/// # Errors
/// The engine failed.
pub fn verify(state: &dyn Read) -> Result<Result<u64, Broken>, Fault> {
    let mut expected = 1_u64;
    let mut previous = vec![0; HASH];
    loop {
        let page = state.range(TABLE, &expected.to_be_bytes(), None, PAGE)?;
        if page.is_empty() {
            return Ok(Ok(expected - 1));
        }
        for (key, value) in page {
            let found = number_of(&key);
            if found != expected {
                return Ok(Err(Broken::Missing { expected, found }));
            }
            let json = value.get(HASH..).unwrap_or_default();
            let hash = link(&previous, found, json);
            if hash != hash_of(&value) {
                return Ok(Err(Broken::Changed(found)));
            }
            previous = hash.to_vec();
            expected = expected.saturating_add(1);
        }
    }
}

fn link(previous: &[u8], number: u64, json: &[u8]) -> [u8; HASH] {
    let mut bytes = Vec::with_capacity(HASH + 8 + json.len());
    bytes.extend_from_slice(previous);
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.extend_from_slice(json);
    digest::sha256(&bytes)
}

fn number_of(key: &[u8]) -> u64 {
    key.try_into().map_or(0, u64::from_be_bytes)
}

fn hash_of(value: &[u8]) -> &[u8] {
    value.get(..HASH).unwrap_or_default()
}

fn entry(key: &[u8], value: &[u8]) -> Result<Entry, Fault> {
    let json = value.get(HASH..).unwrap_or_default();
    let event = serde_json::from_slice(json)
        .map_err(|error| Fault::Row { table: TABLE.name(), why: error.to_string().into() })?;
    Ok(Entry { sequence: number_of(key), hash: encoding::hex(hash_of(value)), event })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::domain::audit::EventKind;
    use crate::domain::audit::Origin;
    use crate::store::engine::Engine as _;
    use crate::store::redb::RedbEngine;

    fn chain_of(length: u64) -> RedbEngine {
        let engine = RedbEngine::in_memory().unwrap();
        engine
            .write(&mut |to| {
                (0..length).try_for_each(|n| {
                    let at = Timestamp::from_millis(n);
                    append(to, &Event::new(EventKind::SignedIn, at, Origin::default()))
                })
            })
            .unwrap();
        engine
    }

    fn verdict(engine: &RedbEngine) -> Result<u64, Broken> {
        verify(engine.snapshot().unwrap().as_ref()).unwrap()
    }

    #[test]
    fn an_untouched_chain_verifies() {
        assert_eq!(verdict(&chain_of(2500)), Ok(2500));
        assert_eq!(verdict(&chain_of(0)), Ok(0));
    }

    #[test]
    fn a_changed_removed_or_swapped_entry_is_found() {
        let engine = chain_of(9);
        let row =
            |n: u64| engine.snapshot().unwrap().get(TABLE, &n.to_be_bytes()).unwrap().unwrap();
        let (fourth, fifth) = (row(4), row(5));
        let put = |n: u64, value: &[u8]| {
            engine.write(&mut |to| to.put(TABLE, &n.to_be_bytes(), value)).unwrap();
        };
        let mut changed = fourth.clone();
        *changed.last_mut().unwrap() ^= 1;
        put(4, &changed);
        assert_eq!(verdict(&engine), Err(Broken::Changed(4)));
        put(4, &fifth);
        put(5, &fourth);
        assert_eq!(verdict(&engine), Err(Broken::Changed(4)));
        put(4, &fourth);
        put(5, &fifth);
        assert_eq!(verdict(&engine), Ok(9));
        engine.write(&mut |to| to.delete(TABLE, &4_u64.to_be_bytes())).unwrap();
        assert_eq!(verdict(&engine), Err(Broken::Missing { expected: 4, found: 5 }));
    }
}
