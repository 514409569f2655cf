//! What backups promise, over an engine in memory.

use std::io::Cursor;

use super::*;
use crate::crypto::keyring::MasterKey;
use crate::domain::audit::Event;
use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::store::backup::fill;
use crate::store::backup::read::Backup;
use crate::store::backup::read::Part;
use crate::store::backup::write;
use crate::store::backup::write::About;
use crate::store::chain;
use crate::store::engine::Engine as _;
use crate::store::format;
use crate::store::redb::RedbEngine;
use crate::store::table::TableId;

/// Rows of several tables, one of them longer than a frame, and a chain.
fn engine() -> RedbEngine {
    let engine = RedbEngine::in_memory().unwrap();
    format::bring_up_to_date(&engine).unwrap();
    engine
        .write(&mut |to| {
            for n in 0..3000_u32 {
                to.put(TableId::Codes, &n.to_be_bytes(), &[7; 200])?;
            }
            to.put(TableId::AppLogos, b"logo", &vec![9; 300_000])?;
            for n in 0..40 {
                let at = Timestamp::from_millis(n);
                chain::append(to, &Event::new(EventKind::SignedIn, at, Origin::default()))?;
            }
            Ok(())
        })
        .unwrap();
    engine
}

fn about() -> About {
    About { created_at: Timestamp::from_millis(5), installation: "ours".to_owned() }
}

fn backup(of: &RedbEngine, passphrase: Option<&str>, key: Option<&MasterKey>) -> Vec<u8> {
    let passphrase = passphrase.map(Secret::from);
    let sealing =
        passphrase.as_ref().map(|passphrase| Sealing { passphrase, cost: CHEAP, salt: [3; 32] });
    let mut bytes = Vec::new();
    let state = of.snapshot().unwrap();
    let with = (sealing.as_ref(), key);
    write::write(state.as_ref(), about(), with, &mut bytes, &mut |_| Ok(())).unwrap();
    bytes
}

/// For tests alone: no backup is sealed so in service.
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };

fn verdict(bytes: &[u8], passphrase: Option<&str>) -> Result<Header, Unreadable> {
    let passphrase = passphrase.map(Secret::from);
    let mut backup = Backup::open(Cursor::new(bytes), passphrase.as_ref())?;
    backup.verify()?;
    Ok(backup.header().clone())
}

/// Every row of every table.
fn rows(engine: &RedbEngine) -> Vec<(TableId, Vec<(Vec<u8>, Vec<u8>)>)> {
    let state = engine.snapshot().unwrap();
    let of = |table: &TableId| (*table, state.range(*table, &[], None, usize::MAX).unwrap());
    TableId::ALL.iter().map(of).collect()
}

#[test]
fn every_row_comes_back_as_it_was_sealed_or_not() {
    let engine = engine();
    let master = MasterKey::new([4; 32]);
    for passphrase in [None, Some("a passphrase")] {
        let bytes = backup(&engine, passphrase, Some(&master));
        let restored = RedbEngine::in_memory().unwrap();
        let secret = passphrase.map(Secret::from);
        let mut read = Backup::open(Cursor::new(&bytes), secret.as_ref()).unwrap();
        let filled = fill::fill(&mut read, &restored, &[], &mut |_| {}).unwrap();
        format::bring_up_to_date(&restored).unwrap();
        assert_eq!(rows(&restored), rows(&engine));
        let key = filled.key.map(|key| *key.expose());
        assert_eq!(key, passphrase.map(|_| [4; 32]), "the key leaves under a passphrase alone");
        assert_eq!((read.header().entries, read.is_sealed()), (40, passphrase.is_some()));
    }
}

#[test]
fn what_is_left_out_is_counted_and_not_there() {
    let engine = engine();
    let bytes = backup(&engine, None, None);
    let restored = RedbEngine::in_memory().unwrap();
    let mut read = Backup::open(Cursor::new(&bytes), None).unwrap();
    let filled = fill::fill(&mut read, &restored, &[TableId::Codes], &mut |_| {}).unwrap();
    let left: u64 = filled.left_out.iter().map(|(_, rows)| rows).sum();
    assert_eq!(left, 3000);
    assert_eq!(restored.snapshot().unwrap().count(TableId::Codes).unwrap(), 0);
}

#[test]
fn every_cut_is_noticed_and_named() {
    let bytes = backup(&engine(), None, None);
    let step = bytes.len() / 150 + 1;
    for length in (0..bytes.len()).step_by(step).chain([bytes.len() - 1]) {
        match verdict(&bytes[..length], None).unwrap_err() {
            Unreadable::NotOne => assert!(length < 19, "{length}"),
            Unreadable::CutShort(frame) => assert_eq!(frame == 0, length < 53, "{length}"),
            other => panic!("{length}: {other}"),
        }
    }
}

#[test]
fn every_changed_byte_is_noticed_and_never_read_as_something_else() {
    for passphrase in [None, Some("a passphrase")] {
        let bytes = backup(&engine(), passphrase, None);
        let step = bytes.len() / 300 + 1;
        for at in (0..bytes.len()).step_by(step).chain(0..200) {
            for change in [1, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                let told = verdict(&changed, passphrase).unwrap_err();
                let named = match told {
                    Unreadable::NotOne => at < 19,
                    Unreadable::Newer => at == 19,
                    Unreadable::Damaged { .. } | Unreadable::CutShort(_) => true,
                    _ => false,
                };
                assert!(named, "{at} ^ {change}: {told}");
            }
        }
    }
}

#[test]
fn frames_that_were_left_out_swapped_or_taken_from_another_backup_are_noticed() {
    for passphrase in [None, Some("a passphrase")] {
        let bytes = backup(&engine(), passphrase, None);
        let (head, frames) = split(&bytes);
        let join = |frames: &[Vec<u8>]| [head.clone(), frames.concat()].concat();
        assert!(verdict(&join(&frames), passphrase).is_ok());
        for at in 0..frames.len() {
            let mut fewer = frames.clone();
            fewer.remove(at);
            assert!(verdict(&join(&fewer), passphrase).is_err(), "without {at}");
        }
        for at in 1..frames.len() {
            let mut swapped = frames.clone();
            swapped.swap(at - 1, at);
            assert!(verdict(&join(&swapped), passphrase).is_err(), "swapped {at}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(verdict(&longer, passphrase).is_err(), "something behind it");
    }
}

/// The head and the frames.
fn split(bytes: &[u8]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let head = if bytes[20] == 0 { 21 + 32 } else { 21 + 8 + 32 + 16 + 32 };
    let mut frames = Vec::new();
    let mut at = head;
    while at < bytes.len() {
        let length = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        frames.push(bytes[at..at + 5 + length].to_vec());
        at += 5 + length;
    }
    (bytes[..head].to_vec(), frames)
}

#[test]
fn a_sealed_backup_opens_with_its_passphrase_alone_and_tells_nothing() {
    let bytes = backup(&engine(), Some("a passphrase"), None);
    assert!(verdict(&bytes, Some("a passphrase")).is_ok());
    assert!(matches!(verdict(&bytes, None), Err(Unreadable::NeedsPassphrase)));
    for wrong in ["", "a passphras", "a passphrase ", "A passphrase"] {
        assert!(
            matches!(verdict(&bytes, Some(wrong)), Err(Unreadable::WrongPassphrase)),
            "{wrong}"
        );
    }
    let found = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(!found(b"ours") && !found(b"signed_in") && !found(b"codes") && !found(&[7; 16]));
    assert_eq!(split(&bytes).1.len(), split(&backup(&engine(), None, None)).1.len());
}

#[test]
fn a_chain_that_was_changed_before_the_backup_is_told_from_damage() {
    let engine = engine();
    engine.write(&mut |to| to.delete(TableId::Audit, &7_u64.to_be_bytes())).unwrap();
    let told = verdict(&backup(&engine, None, None), None).unwrap_err();
    assert_eq!(
        told.to_string(),
        "the audit trail in it does not verify: entry 7 is missing: the next one has number 8"
    );
}

#[test]
fn data_of_a_newer_format_is_refused() {
    let engine = engine();
    let newer = (format::FORMAT + 1).to_be_bytes();
    engine.write(&mut |to| to.put(TableId::Meta, b"format", &newer)).unwrap();
    let told = verdict(&backup(&engine, None, None), None).unwrap_err();
    assert!(matches!(told, Unreadable::Newer), "{told}");
}

#[test]
fn whoever_is_told_of_progress_can_stop_it() {
    let engine = engine();
    let state = engine.snapshot().unwrap();
    let stopped = write::write(state.as_ref(), about(), (None, None), &mut Vec::new(), &mut |_| {
        Err(Fault::Unsound)
    });
    assert!(matches!(stopped, Err(Unwritten::Data(Fault::Unsound))));
}

#[test]
fn parts_end_where_the_backup_does() {
    let bytes = backup(&engine(), None, None);
    let mut read = Backup::open(Cursor::new(&bytes), None).unwrap();
    let mut rows = 0;
    while let Some(part) = read.next_part().unwrap() {
        if let Part::Rows(_, some) = part {
            rows += some.len() as u64;
        }
    }
    assert_eq!(rows, read.rows());
    assert!(read.next_part().unwrap().is_none());
}

proptest::proptest! {
    /// A parser of what comes from anywhere: it says what is wrong, and takes no more memory than
    /// there is input.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        proptest::prop_assert!(verdict(&bytes, None).is_err());
        let begun = [&backup_head()[..], &bytes].concat();
        proptest::prop_assert!(verdict(&begun, None).is_err());
    }
}

fn backup_head() -> Vec<u8> {
    let (bytes, _) = preamble::begin(None).unwrap();
    bytes
}
