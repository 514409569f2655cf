//! Power cuts while a data file is brought up to date: it is as it was, or as it is meant to be.

use countersign::store::engine::Engine as _;
use countersign::store::engine::Write;
use countersign::store::fault::Fault;
use countersign::store::format;
use countersign::store::format::Known;
use countersign::store::redb::RedbEngine;
use countersign::store::table::TableId;

use crate::chance::Chance;
use crate::disk::Disk;
use crate::disk::Honesty;
use crate::disk::Trouble;

const CACHE: usize = 1024 * 1024;
const ROWS: u32 = 300;
/// Different losses at the same moment.
const LOSSES: u64 = 4;

/// A later version: it writes every row of one table anew, and makes another one of it.
const LATER: Known<'_> = Known { oldest: format::FORMAT, steps: &[rewrite, index] };

fn rewrite(to: &mut dyn Write) -> Result<(), Fault> {
    (0..ROWS).try_for_each(|number| {
        let key = number.to_be_bytes();
        let mut row = to.get(TableId::Slugs, &key)?.unwrap_or_default();
        row.extend_from_slice(b", anew");
        to.put(TableId::Slugs, &key, &row)
    })
}

fn index(to: &mut dyn Write) -> Result<(), Fault> {
    (0..ROWS).try_for_each(|number| to.put(TableId::Emails, &number.to_be_bytes(), &[]))
}

/// A disk with a data file of this version's format.
fn image() -> Vec<u8> {
    let disk = Disk::of(&[], Honesty::Honest, Chance::of(1));
    let engine = RedbEngine::over(disk.clone(), CACHE).unwrap();
    format::bring_up_to_date(&engine).unwrap();
    let row = |number: u32| format!("row {number} of many bytes {}", "x".repeat(200));
    engine
        .write(&mut |to| {
            (0..ROWS).try_for_each(|number| {
                to.put(TableId::Slugs, &number.to_be_bytes(), row(number).as_bytes())
            })
        })
        .unwrap();
    drop(engine);
    disk.image()
}

/// The format, how many rows were written anew, and how many the other table has.
fn found(engine: &RedbEngine) -> (u32, usize, usize) {
    let state = engine.snapshot().unwrap();
    let rows = state.range(TableId::Slugs, &[], None, usize::MAX).unwrap();
    assert_eq!(rows.len(), usize::try_from(ROWS).unwrap());
    let anew = rows.iter().filter(|(_, row)| row.ends_with(b", anew")).count();
    let listed = state.range(TableId::Emails, &[], None, usize::MAX).unwrap().len();
    (format::of(state.as_ref()).unwrap(), anew, listed)
}

fn migrate(engine: &RedbEngine) -> Result<(), Fault> {
    format::migrate(engine, &LATER, &mut |_, _| Ok(()))
}

#[test]
fn a_migration_that_is_cut_off_at_any_call_leaves_the_old_file_or_the_new_one() {
    let all = usize::try_from(ROWS).unwrap();
    let (old, new) = ((format::FORMAT, 0, 0), (format::FORMAT + 2, all, all));
    let image = image();
    let (mut cut, mut kept_old, mut kept_new) = (1, 0, 0);
    loop {
        let mut reached = true;
        for loss in 0..LOSSES {
            let disk = Disk::of(&image, Honesty::Honest, Chance::of(cut * LOSSES + loss));
            disk.expect(None, cut, Trouble::PowerCut);
            // Cut while it is opened, while it is migrated, or while it is closed.
            let migrated =
                RedbEngine::over(disk.clone(), CACHE).and_then(|engine| migrate(&engine));
            reached = !disk.is_powered();
            disk.restart();
            let engine = RedbEngine::over(disk.clone(), CACHE).unwrap();
            let left = found(&engine);
            assert!(left == old || left == new, "cut {cut}, loss {loss}: {left:?}");
            assert!(
                migrated.is_err() || left == new,
                "cut {cut}, loss {loss}: it was said to be done"
            );
            (kept_old, kept_new) =
                (kept_old + u32::from(left == old), kept_new + u32::from(left == new));
            migrate(&engine).unwrap();
            assert_eq!(found(&engine), new, "cut {cut}, loss {loss}: the next start finishes it");
        }
        if !reached {
            break;
        }
        cut += 1;
    }
    assert!(cut > 20 && kept_old > 20, "only {cut} calls, {kept_old} times the old file");
    assert!(kept_new > 0);
}
