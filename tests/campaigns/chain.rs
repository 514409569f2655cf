//! Whoever changes the audit trail is found out, in the data file and in an export: thousands of changes,
//! drawn from a seed, each of which must be noticed.
//!
//! What is stored is checked as the server and `audit verify` do. An export is checked by what stands in
//! `docs/storage-format.md` and nothing else, with the checkpoints that the log has.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use countersign::base::clock::Clock as _;
use countersign::base::clock::ManualClock;
use countersign::base::clock::Timestamp;
use countersign::base::encoding;
use countersign::domain::audit::Event;
use countersign::domain::audit::EventKind;
use countersign::domain::audit::Origin;
use countersign::ops::Ops;
use countersign::ops::refusals::Record;
use countersign::store::Store;
use countersign::store::engine::Engine;
use countersign::store::engine::Read;
use countersign::store::engine::Row;
use countersign::store::engine::Write;
use countersign::store::fault::Fault;
use countersign::store::table::TableId;
use ring::digest;
use ring::signature;

use crate::site;

const CHANGES: usize = 10_000;
const SEED: u64 = 0x5eed_0007;
/// Checkpoints, and entries between them.
const CHECKPOINTS: usize = 4;
const BETWEEN: usize = 14;
/// Entries behind the last checkpoint.
const BEYOND: usize = 3;
const CHECKPOINT: &[u8] = b"audit_checkpoint";

type Rows = BTreeMap<(usize, Vec<u8>), Vec<u8>>;

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    /// One bit is turned, or a byte comes in, or one goes.
    fn damage(&mut self, bytes: &mut Vec<u8>) -> &'static str {
        let at = self.below(bytes.len());
        match self.below(4) {
            0 => {
                let byte = u8::try_from(self.below(256)).unwrap();
                bytes.insert(at, byte);
                "a byte more"
            }
            1 => {
                bytes.remove(at);
                "a byte less"
            }
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
                "a bit turned"
            }
        }
    }
}

/// Rows that a test changes behind the store's back.
#[derive(Default)]
struct Shelf(Mutex<Arc<State>>);

#[derive(Clone, Default)]
struct State(Rows);

impl Shelf {
    fn put(&self, rows: Rows) {
        *self.0.lock().unwrap() = Arc::new(State(rows));
    }
}

impl Engine for Shelf {
    fn snapshot(&self) -> Result<Arc<dyn Read>, Fault> {
        let state: Arc<State> = self.0.lock().unwrap().clone();
        Ok(state)
    }

    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut state = self.0.lock().unwrap().as_ref().clone();
        work(&mut state)?;
        self.put(state.0);
        Ok(())
    }

    fn reopen(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn compact(&self) -> Result<(), Fault> {
        Ok(())
    }

    fn size(&self) -> Result<u64, Fault> {
        Ok(0)
    }
}

impl State {
    fn of(&self, table: TableId) -> impl DoubleEndedIterator<Item = Row> {
        let at = table.index();
        let rows = self.0.range((at, Vec::new())..(at + 1, Vec::new()));
        rows.map(|((_, key), value)| (key.clone(), value.clone()))
    }
}

impl Read for State {
    fn look(
        &self,
        table: TableId,
        key: &[u8],
        found: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, Fault> {
        Ok(self.0.get(&(table.index(), key.to_vec())).map(|value| found(value)).is_some())
    }

    fn range(
        &self,
        table: TableId,
        from: &[u8],
        to: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        let within = |(key, _): &Row| &key[..] >= from && to.is_none_or(|to| &key[..] < to);
        Ok(self.of(table).filter(within).take(limit).collect())
    }

    fn range_back(
        &self,
        table: TableId,
        from: &[u8],
        to: &[u8],
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        let within = |(key, _): &Row| &key[..] >= from && &key[..] < to;
        Ok(self.of(table).rev().filter(within).take(limit).collect())
    }

    fn count_below(&self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault> {
        Ok(self.range(table, &[], Some(to), limit)?.len())
    }

    fn last(&self, table: TableId) -> Result<Option<Row>, Fault> {
        Ok(self.of(table).next_back())
    }

    fn count(&self, table: TableId) -> Result<u64, Fault> {
        Ok(self.of(table).count() as u64)
    }
}

impl Write for State {
    fn put(&mut self, table: TableId, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        self.0.insert((table.index(), key.to_vec()), value.to_vec());
        Ok(())
    }

    fn delete(&mut self, table: TableId, key: &[u8]) -> Result<(), Fault> {
        self.0.remove(&(table.index(), key.to_vec()));
        Ok(())
    }

    fn delete_below(&mut self, table: TableId, to: &[u8], limit: usize) -> Result<usize, Fault> {
        let over = self.range(table, &[], Some(to), limit)?;
        over.iter().try_for_each(|(key, _)| self.delete(table, key))?;
        Ok(over.len())
    }
}

/// A trail as a real house made it.
struct Trail {
    ops: Ops,
    shelf: Arc<Shelf>,
    entries: Vec<Row>,
    /// As the log has them, oldest first; the file has the last one.
    checkpoints: Vec<String>,
    /// The number that the last one names.
    reached: usize,
    export: String,
}

fn trail() -> Trail {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_790_000_000)));
    let (store, runtime) = (Store::in_memory().unwrap(), site::runtime());
    let ops = site::operations(store.clone(), &clock);
    let add = |count| {
        for n in 0..count {
            clock.advance(Duration::from_millis(1500));
            let event = Event::new(EventKind::CodeRefused, clock.now(), Origin::default());
            let event = event.cause(format!("for the {n}th time, \"é\" and \\"));
            store.submit_blocking(Record(vec![event])).unwrap();
        }
    };
    let mut checkpoints = Vec::new();
    for _ in 0..CHECKPOINTS {
        add(BETWEEN);
        runtime.block_on(ops.checkpoint()).unwrap();
        let written = store.read(|reader| reader.state().get(TableId::Meta, CHECKPOINT));
        checkpoints.push(String::from_utf8(written.unwrap().unwrap()).unwrap());
    }
    add(BEYOND);
    let rows = store.read(|reader| reader.state().range(TableId::Audit, &[], None, usize::MAX));
    let entries = rows.unwrap();
    let lines = ops.audit_lines(1..entries.len() as u64 + 1).unwrap();
    let shelf = Arc::new(Shelf::default());
    Trail {
        ops: site::operations(Store::start(shelf.clone()).unwrap(), &clock),
        shelf,
        reached: CHECKPOINTS * BETWEEN,
        entries,
        checkpoints,
        export: lines.iter().map(|line| format!("{line}\n")).collect(),
    }
}

impl Trail {
    fn is_found(&self, entries: &[Row], checkpoint: &[u8]) -> bool {
        let mut rows: Rows = entries
            .iter()
            .map(|(key, value)| ((TableId::Audit.index(), key.clone()), value.clone()))
            .collect();
        rows.insert((TableId::Meta.index(), CHECKPOINT.to_vec()), checkpoint.to_vec());
        self.shelf.put(rows);
        self.ops.verify_audit().unwrap().is_err()
    }

    fn last_checkpoint(&self) -> Vec<u8> {
        self.checkpoints.last().unwrap().clone().into_bytes()
    }
}

/// A number of an entry as its key has it.
fn key(number: usize) -> Vec<u8> {
    (number as u64).to_be_bytes().to_vec()
}

/// Follows from the entry before, as far as anybody can tell who has no key.
fn forge(entries: &mut [Row], from: usize) {
    for at in from..entries.len() {
        let before = at.checked_sub(1).map_or([0; 32].to_vec(), |at| entries[at].1[..32].to_vec());
        let (key, value) = &mut entries[at];
        let hash = hash(&before, key, &value[32..]);
        value.splice(..32, hash);
    }
}

fn hash(before: &[u8], number: &[u8], json: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, &[before, number, json].concat()).as_ref().to_vec()
}

/// Another checkpoint in the place of the last: forged, or pieced together.
fn other_checkpoint(chance: &mut Chance, checkpoints: &[String]) -> String {
    let parts: Vec<Vec<&str>> = checkpoints.iter().map(|text| text.split('.').collect()).collect();
    let (last, other) = (&parts[parts.len() - 1], &parts[chance.below(parts.len() - 1)]);
    match chance.below(4) {
        0 => [last[0], other[1], last[2]].join("."),
        1 => [last[0], last[1], other[2]].join("."),
        2 => {
            let claims = encoding::base64url_decode(last[1]).unwrap();
            let mut claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
            claims["sequence"] = chance.below(50).into();
            let claims = encoding::base64url(claims.to_string().as_bytes());
            [last[0], &claims, last[2]].join(".")
        }
        _ => {
            let none = encoding::base64url(br#"{"alg":"none","typ":"countersign-checkpoint"}"#);
            [&none, last[1], ""].join(".")
        }
    }
}

/// One change of what is stored; what kind it is.
fn change_rows(
    chance: &mut Chance,
    trail: &Trail,
    entries: &mut Vec<Row>,
    checkpoint: &mut Vec<u8>,
) -> &'static str {
    let many = entries.len();
    let (one, other) = (chance.below(many), chance.below(many));
    match chance.below(10) {
        0 | 1 => chance.damage(&mut entries[one].1),
        2 => {
            chance.damage(&mut entries[one].0);
            "a number changed"
        }
        3 => {
            // The last one alone would be an end that no checkpoint knows.
            entries.remove(chance.below(many - 1));
            "an entry removed"
        }
        4 => {
            let (first, second) = (entries[one].1.clone(), entries[other].1.clone());
            (entries[one].1, entries[other].1) = (second, first);
            "two swapped"
        }
        5 => {
            let again = [key(0), key(many + 1), key(chance.below(many)), vec![7]];
            let again = again[chance.below(again.len())].clone();
            entries.push((again, entries[one].1.clone()));
            "one twice"
        }
        6 => {
            entries.truncate(chance.below(trail.reached));
            "cut off past a checkpoint"
        }
        7 => {
            chance.damage(checkpoint);
            "a checkpoint changed"
        }
        8 => {
            *checkpoint = other_checkpoint(chance, &trail.checkpoints).into_bytes();
            "a checkpoint replaced"
        }
        _ => {
            let one = chance.below(trail.reached);
            let end = entries[one].1.len() - 2;
            entries[one].1[end] ^= 1;
            forge(entries, one);
            "written anew from one on"
        }
    }
}

/// As rows lie in a table: by key, the last of several that have the same.
fn in_table(rows: &[Row]) -> BTreeMap<&[u8], &[u8]> {
    rows.iter().map(|(key, value)| (&key[..], &value[..])).collect()
}

/// Draws changes until there are enough, and holds that each is found.
fn campaign(mut change: impl FnMut(&mut Chance) -> Option<(&'static str, bool)>) {
    let (mut chance, mut kinds) = (Chance(SEED), BTreeMap::<_, usize>::new());
    let mut made = 0;
    while made < CHANGES {
        // One that changes nothing is drawn again.
        let Some((kind, found)) = change(&mut chance) else { continue };
        made += 1;
        *kinds.entry(kind).or_default() += 1;
        assert!(found, "change {made}, {kind}, was not found");
    }
    println!("{made} changes, all found: {kinds:?}");
}

#[test]
fn every_one_of_ten_thousand_changes_to_the_stored_chain_is_found() {
    let trail = trail();
    assert!(!trail.is_found(&trail.entries, &trail.last_checkpoint()), "it is whole");
    campaign(|chance| {
        let (mut entries, mut checkpoint) = (trail.entries.clone(), trail.last_checkpoint());
        let kind = change_rows(chance, &trail, &mut entries, &mut checkpoint);
        let same = in_table(&entries) == in_table(&trail.entries);
        if same && checkpoint == trail.last_checkpoint() {
            return None;
        }
        Some((kind, trail.is_found(&entries, &checkpoint)))
    });
    assert!(!trail.is_found(&trail.entries, &trail.last_checkpoint()), "it is whole");
}

/// What is wrong with an export.
struct Wrong(&'static str);

impl fmt::Debug for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

fn cut<'a>(from: &mut &'a [u8], prefix: &[u8], length: usize) -> Result<&'a [u8], Wrong> {
    let rest = from.strip_prefix(prefix).ok_or(Wrong("another form"))?;
    let (part, rest) = rest.split_at_checked(length).ok_or(Wrong("a line is cut off"))?;
    *from = rest;
    Ok(part)
}

/// One line: its number, its hash and the bytes of its event.
fn read_line(mut line: &[u8]) -> Result<(u64, Vec<u8>, &[u8]), Wrong> {
    let digits = line.iter().skip(12).take_while(|byte| byte.is_ascii_digit()).count();
    let number = cut(&mut line, b"{\"sequence\":", digits)?;
    let number = std::str::from_utf8(number).ok().and_then(|text| text.parse().ok());
    let hash = cut(&mut line, b",\"hash\":\"", 64)?;
    let hash = std::str::from_utf8(hash).map_err(|_| Wrong("no hash"))?.to_owned();
    let event = line.strip_prefix(b"\",\"event\":").ok_or(Wrong("another form"))?;
    let event = event.strip_suffix(b"}").ok_or(Wrong("another form"))?;
    Ok((number.ok_or(Wrong("no number"))?, hash.into_bytes(), event))
}

/// Checks an export as anybody can who has read how it is made.
fn check_export(export: &[u8], checkpoints: &[Vec<u8>], public: &[u8]) -> Result<usize, Wrong> {
    let body = export.strip_suffix(b"\n").ok_or(Wrong("the end is missing"))?;
    let (mut before, mut hashes) = (vec![0; 32], Vec::new());
    for (at, line) in body.split(|byte| *byte == b'\n').enumerate() {
        let (number, said, event) = read_line(line)?;
        if number != at as u64 + 1 {
            return Err(Wrong("a number is missing"));
        }
        before = hash(&before, &number.to_be_bytes(), event);
        if encoding::hex(&before).into_bytes() != said {
            return Err(Wrong("it does not follow from the one before"));
        }
        hashes.push(said);
    }
    for text in checkpoints {
        check_checkpoint(text, public, &hashes)?;
    }
    Ok(hashes.len())
}

fn check_checkpoint(text: &[u8], public: &[u8], hashes: &[Vec<u8>]) -> Result<(), Wrong> {
    let text = std::str::from_utf8(text).map_err(|_| Wrong("no checkpoint"))?;
    let (signed, signature) = text.rsplit_once('.').ok_or(Wrong("no checkpoint"))?;
    let payload = signed.split_once('.').map(|(_, payload)| payload);
    let payload = payload.and_then(encoding::base64url_decode).ok_or(Wrong("no checkpoint"))?;
    let signature = encoding::base64url_decode(signature).ok_or(Wrong("no signature"))?;
    signature::UnparsedPublicKey::new(&signature::ED25519, public)
        .verify(signed.as_bytes(), &signature)
        .map_err(|_| Wrong("a checkpoint is none of theirs"))?;
    let claims: serde_json::Value =
        serde_json::from_slice(&payload).map_err(|_| Wrong("no claims"))?;
    let number = claims["sequence"].as_u64().and_then(|number| usize::try_from(number).ok());
    let there = number.and_then(|number| hashes.get(number.checked_sub(1)?));
    let named = claims["hash"].as_str().unwrap_or_default().as_bytes();
    if there.is_none_or(|there| there != named) {
        return Err(Wrong("what a checkpoint names is not there"));
    }
    Ok(())
}

/// Where the lines are, their ends included.
fn lines(export: &[u8]) -> Vec<Range<usize>> {
    let mut start = 0;
    let line = export.split_inclusive(|byte| *byte == b'\n').map(|line| {
        start += line.len();
        start - line.len()..start
    });
    line.collect()
}

/// One change of an export or of the checkpoints beside it.
fn change_export(
    chance: &mut Chance,
    trail: &Trail,
    export: &mut Vec<u8>,
    checkpoints: &mut [Vec<u8>],
) -> &'static str {
    let lines = lines(export);
    let part = |range: &Range<usize>| trail.export.as_bytes()[range.clone()].to_vec();
    let (one, other) = (chance.below(lines.len()), chance.below(lines.len()));
    match chance.below(9) {
        0..=2 => chance.damage(export),
        3 => {
            export.drain(lines[chance.below(lines.len() - 1)].clone());
            "a line removed"
        }
        4 => {
            let mut all: Vec<_> = lines.iter().map(part).collect();
            all.swap(one, other);
            *export = all.concat();
            "two lines swapped"
        }
        5 => {
            let (at, line) = (lines[other].start, part(&lines[one]));
            export.splice(at..at, line);
            "a line twice"
        }
        6 => {
            export.truncate(lines[chance.below(trail.reached)].start);
            "cut off past a checkpoint"
        }
        7 => {
            let at = chance.below(checkpoints.len());
            chance.damage(&mut checkpoints[at]);
            "a checkpoint changed"
        }
        _ => {
            let last = checkpoints.len() - 1;
            checkpoints[last] = other_checkpoint(chance, &trail.checkpoints).into_bytes();
            "a checkpoint replaced"
        }
    }
}

#[test]
fn every_one_of_ten_thousand_changes_to_an_exported_chain_is_found() {
    let trail = trail();
    let public = encoding::base64url_decode(&trail.ops.checkpoint_key()).unwrap();
    let original: Vec<Vec<u8>> =
        trail.checkpoints.iter().map(|text| text.clone().into_bytes()).collect();
    let good = check_export(trail.export.as_bytes(), &original, &public).unwrap();
    assert_eq!(good, trail.entries.len());
    campaign(|chance| {
        let (mut export, mut checkpoints) = (trail.export.clone().into_bytes(), original.clone());
        let kind = change_export(chance, &trail, &mut export, &mut checkpoints);
        if export == trail.export.as_bytes() && checkpoints == original {
            return None;
        }
        Some((kind, check_export(&export, &checkpoints, &public).is_err()))
    });
}
