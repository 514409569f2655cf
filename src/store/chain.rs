//! The audit chain: every entry carries the hash of the one before it.
//!
//! Key: the sequence number, big-endian. Value: `SHA-256(previous hash ‖ sequence ‖ JSON) ‖ JSON`.
//! The JSON bytes are stored and hashed as they are, so verifying needs no parser to agree.

use std::ops::Range;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::crypto::digest;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::store::activity::Seek;
use crate::store::engine::Read;
use crate::store::engine::Write;
use crate::store::fault::Fault;
use crate::store::reader::PAGE;
use crate::store::table::TableId;

const TABLE: TableId = TableId::Audit;
const HASH: usize = 32;

/// An entry as it stands in the chain.
#[derive(Clone, Debug)]
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
    /// The end was cut off: a checkpoint says that this entry was there.
    #[error("entry {0} is missing: a checkpoint says that it was there")]
    CutShort(u64),
    /// The checkpoint in the file is none of ours.
    #[error("the checkpoint in the file was changed or forged")]
    Checkpoint,
}

impl Broken {
    /// The number of the first entry that is missing or changed; 0 if it is none of them.
    #[must_use]
    pub const fn number(&self) -> u64 {
        match self {
            Self::Missing { expected, .. } => *expected,
            Self::Changed(number) | Self::CutShort(number) => *number,
            Self::Checkpoint => 0,
        }
    }
}

/// Adds `event` to the end of the chain; answers its number.
pub(in crate::store) fn append(to: &mut dyn Write, event: &Event) -> Result<u64, Fault> {
    let (number, previous) = match to.last(TABLE)? {
        Some((key, value)) => (number_of(&key).saturating_add(1), hash_of(&value).to_vec()),
        None => (1, vec![0; HASH]),
    };
    let json = serde_json::to_vec(event).map_err(|error| Fault::row(TABLE.name(), error))?;
    let mut value = link(&previous, number, &json).to_vec();
    value.extend_from_slice(&json);
    to.put(TABLE, &number.to_be_bytes(), &value)?;
    Ok(number)
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

/// The entries from number `first` on, oldest first, at most `limit`.
///
/// # Errors
/// As [`newest`].
pub fn page(state: &dyn Read, first: u64, limit: usize) -> Result<Vec<Entry>, Fault> {
    let rows = state.range(TABLE, &first.to_be_bytes(), None, limit)?;
    rows.iter().map(|(key, value)| entry(key, value)).collect()
}

/// As [`page`], each with its line (see [`lines`]).
///
/// # Errors
/// As [`newest`].
pub fn page_with_lines(
    state: &dyn Read,
    first: u64,
    limit: usize,
) -> Result<Vec<(Entry, String)>, Fault> {
    let rows = state.range(TABLE, &first.to_be_bytes(), None, limit)?;
    rows.iter().map(|(key, value)| Ok((entry(key, value)?, line(key, value)))).collect()
}

/// The entries of these numbers, a line each as an export of the whole chain has them: the event as it was
/// sealed, not as this version would write it.
///
/// # Errors
/// The engine failed.
pub fn lines(state: &dyn Read, numbers: Range<u64>) -> Result<Vec<String>, Fault> {
    let [from, to] = [numbers.start, numbers.end].map(u64::to_be_bytes);
    let rows = state.range(TABLE, &from, Some(&to), usize::MAX)?;
    Ok(rows.iter().map(|(key, value)| line(key, value)).collect())
}

/// The numbers of entries, at most `limit`, in the order of the way that is looked.
///
/// # Errors
/// The engine failed.
pub fn numbers(state: &dyn Read, from: Seek, limit: usize) -> Result<Vec<u64>, Fault> {
    let end = state.last(TABLE)?.map_or(1, |(key, _)| number_of(&key).saturating_add(1));
    Ok(match from {
        Seek::Below(number) => (1..end.min(number)).rev().take(limit).collect(),
        Seek::Above(number) => (number.saturating_add(1)..end).take(limit).collect(),
    })
}

/// Entry number `number`.
///
/// # Errors
/// As [`newest`].
pub fn get(state: &dyn Read, number: u64) -> Result<Option<Entry>, Fault> {
    let key = number.to_be_bytes();
    let mut found = None;
    state.look(TABLE, &key, &mut |value| found = Some(entry(&key, value)))?;
    found.transpose()
}

/// The number of the first entry of a moment or later, as far as entries are in the order of time; one
/// more than the last if all are older.
///
/// # Errors
/// As [`newest`].
pub fn first_since(state: &dyn Read, at: Timestamp) -> Result<u64, Fault> {
    let mut low = 1;
    let mut high = state.last(TABLE)?.map_or(1, |(key, _)| number_of(&key).saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        // A gap is the affair of those who verify: it is taken for old.
        if get(state, middle)?.is_some_and(|entry| entry.event.at >= at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

/// An entry with all that its hash is made of: `hash = SHA-256(previous ‖ number ‖ JSON)`.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The hash of the entry before it, in hex.
    pub previous: String,
    /// Its own hash, in hex.
    pub hash: String,
    /// The event, byte for byte.
    pub json: Vec<u8>,
}

/// Entry number `number`, as it is sealed.
///
/// # Errors
/// The engine failed.
pub fn sealed(state: &dyn Read, number: u64) -> Result<Option<Sealed>, Fault> {
    let previous = state.get(TABLE, &number.saturating_sub(1).to_be_bytes())?;
    let previous = previous.as_deref().map_or([0; HASH].as_slice(), hash_of);
    Ok(state.get(TABLE, &number.to_be_bytes())?.map(|value| Sealed {
        previous: encoding::hex(previous),
        hash: encoding::hex(hash_of(&value)),
        json: value.get(HASH..).unwrap_or_default().to_vec(),
    }))
}

/// A walk through the chain, entry by entry, each held against the one before.
#[derive(Clone, Debug)]
pub struct Walk {
    expected: u64,
    previous: Vec<u8>,
    forks: Vec<u64>,
    /// Behind the key of the last row of the page before: no row is passed over, whatever its key.
    from: Vec<u8>,
}

impl Default for Walk {
    fn default() -> Self {
        Self { expected: 1, previous: vec![0; HASH], forks: Vec::new(), from: Vec::new() }
    }
}

impl Walk {
    /// How many entries were good so far.
    #[must_use]
    pub const fn good(&self) -> u64 {
        self.expected.saturating_sub(1)
    }

    /// The hash of the last one that was good, in hex; of zeros if there was none.
    #[must_use]
    pub fn head(&self) -> String {
        encoding::hex(&self.previous)
    }

    /// The entries that declare a fork: a backup was restored, so what follows takes the place of what
    /// the file had after the backup was made.
    #[must_use]
    pub fn forks(&self) -> &[u64] {
        &self.forks
    }

    /// Looks at one entry, as it is stored.
    ///
    /// # Errors
    /// It is not the next one.
    pub fn take(&mut self, key: &[u8], value: &[u8]) -> Result<(), Broken> {
        let (expected, found) = (self.expected, number_of(key));
        if found != expected {
            return Err(Broken::Missing { expected, found });
        }
        let json = value.get(HASH..).unwrap_or_default();
        let hash = link(&self.previous, found, json);
        if hash != hash_of(value) {
            return Err(Broken::Changed(found));
        }
        if declares_fork(json) {
            self.forks.push(found);
        }
        self.previous = hash.to_vec();
        self.expected = expected.saturating_add(1);
        Ok(())
    }

    /// Looks at the next entries, a page of them. `Ok(Ok(false))`: there was none.
    ///
    /// # Errors
    /// The engine failed.
    pub fn step(&mut self, state: &dyn Read) -> Result<Result<bool, Broken>, Fault> {
        let page = state.range(TABLE, &self.from, None, PAGE)?;
        let Some((last, _)) = page.last() else { return Ok(Ok(false)) };
        self.from = [last, [0].as_slice()].concat();
        Ok(page.iter().try_for_each(|(key, value)| self.take(key, value)).map(|()| true))
    }
}

/// How many entries there are, and the hash of the newest in hex; of zeros if there are none.
///
/// # Errors
/// The engine failed.
pub fn head(state: &dyn Read) -> Result<(u64, String), Fault> {
    let newest = state.last(TABLE)?;
    Ok(newest.map_or_else(
        || (0, encoding::hex(&[0; HASH])),
        |(key, value)| (number_of(&key), encoding::hex(hash_of(&value))),
    ))
}

/// Walks the whole chain. `Ok(Ok(n))`: `n` entries, all good.
///
/// # Errors
/// The engine failed.
pub fn verify(state: &dyn Read) -> Result<Result<u64, Broken>, Fault> {
    Ok(walk(state)?.map(|walk| walk.good()))
}

/// As [`verify`]; answers all that the walk saw.
///
/// # Errors
/// The engine failed.
pub fn walk(state: &dyn Read) -> Result<Result<Walk, Broken>, Fault> {
    let mut walk = Walk::default();
    loop {
        match walk.step(state)? {
            Ok(true) => {}
            Ok(false) => return Ok(Ok(walk)),
            Err(broken) => return Ok(Err(broken)),
        }
    }
}

fn declares_fork(json: &[u8]) -> bool {
    // Looking for the word first spares reading every entry.
    let word = b"\"backup_restored\"";
    json.windows(word.len()).any(|part| part == word)
        && serde_json::from_slice::<Event>(json)
            .is_ok_and(|event| event.kind == EventKind::BackupRestored)
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

fn line(key: &[u8], value: &[u8]) -> String {
    let (sequence, hash) = (number_of(key), encoding::hex(hash_of(value)));
    let event = String::from_utf8_lossy(value.get(HASH..).unwrap_or_default());
    format!("{{\"sequence\":{sequence},\"hash\":\"{hash}\",\"event\":{event}}}")
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
    use crate::domain::audit::Origin;
    use crate::store::engine::Engine as _;
    use crate::store::redb::RedbEngine;

    fn chain_of(length: u64) -> RedbEngine {
        let engine = RedbEngine::in_memory().unwrap();
        engine
            .write(&mut |to| {
                (0..length).try_for_each(|n| {
                    let at = Timestamp::from_millis(n);
                    append(to, &Event::new(EventKind::SignedIn, at, Origin::default())).map(|_| ())
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
    fn a_row_that_is_no_entry_is_found_wherever_it_lies() {
        let zero = 0_u64.to_be_bytes().to_vec();
        let behind = |number: u64| [&number.to_be_bytes()[..], &[0]].concat();
        // A thousand entries are read at a time.
        for key in [Vec::new(), vec![0; 7], zero, behind(1), behind(1000), behind(2000), vec![255]]
        {
            let engine = chain_of(2000);
            let row = engine.snapshot().unwrap().get(TABLE, &1_u64.to_be_bytes()).unwrap();
            engine.write(&mut |to| to.put(TABLE, &key, row.as_deref().unwrap())).unwrap();
            assert!(verdict(&engine).is_err(), "{key:?}");
        }
    }

    #[test]
    fn a_line_of_an_export_has_the_event_as_it_was_sealed() {
        let json = br#"{"at":1,"kind":"signed_in","by_another_version":true}"#;
        let hash = link(&[0; HASH], 1, json);
        let row = [&hash[..], json].concat();
        let engine = chain_of(0);
        engine.write(&mut |to| to.put(TABLE, &1_u64.to_be_bytes(), &row)).unwrap();
        assert_eq!(verdict(&engine), Ok(1));
        let lines = lines(engine.snapshot().unwrap().as_ref(), 1..1000).unwrap();
        let event = String::from_utf8_lossy(json);
        let hash = encoding::hex(&hash);
        let line = format!("{{\"sequence\":1,\"hash\":\"{hash}\",\"event\":{event}}}");
        assert_eq!(lines, [line]);
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
