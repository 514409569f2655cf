//! The format of the data file: a version, and the steps that bring an older file up to date.

use crate::store::engine::Engine;
use crate::store::engine::Read;
use crate::store::engine::Write;
use crate::store::fault::Fault;
use crate::store::table::TableId;

/// The format that this version writes.
pub const FORMAT: u32 = 1;

const KEY: &[u8] = b"format";

/// A step from one format to the next; its place in the list is the format that it starts from.
pub type Migration = fn(&mut dyn Write) -> Result<(), Fault>;

/// In order; format 1 is the first.
const MIGRATIONS: &[Migration] = &[];

/// The oldest format that this version still knows the way from.
const OLDEST: u32 = 1;

/// The formats that a version of the program knows. Tests are of later versions than this one.
pub struct Known<'a> {
    /// The oldest.
    pub oldest: u32,
    /// The first one starts from the oldest.
    pub steps: &'a [Migration],
}

const KNOWN: Known<'_> = Known { oldest: OLDEST, steps: MIGRATIONS };

/// Makes a new file ready, migrates an older one step by step in one commit, refuses a newer one and
/// one that is too old.
///
/// # Errors
/// [`Fault::Newer`], [`Fault::TooOld`], or the engine failed.
pub fn bring_up_to_date(engine: &dyn Engine) -> Result<(), Fault> {
    bring_up_to_date_after(engine, &mut |_, _| Ok(()))
}

/// As [`bring_up_to_date`]; `before` is shown what an older file holds, and its format, before any of
/// it is migrated. If it fails, nothing is.
///
/// # Errors
/// As [`bring_up_to_date`], or what `before` said.
pub fn bring_up_to_date_after(
    engine: &dyn Engine,
    before: &mut dyn FnMut(&dyn Read, u32) -> Result<(), Fault>,
) -> Result<(), Fault> {
    migrate(engine, &KNOWN, before)
}

/// As [`bring_up_to_date_after`], as the version does that knows these formats.
///
/// # Errors
/// As [`bring_up_to_date_after`].
pub fn migrate(
    engine: &dyn Engine,
    known: &Known<'_>,
    before: &mut dyn FnMut(&dyn Read, u32) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let steps = u32::try_from(known.steps.len()).unwrap_or(u32::MAX);
    let ours = known.oldest.saturating_add(steps);
    let state = engine.snapshot()?;
    let Some(found) = state.get(TableId::Meta, KEY)? else {
        return engine.write(&mut |to| {
            // Every table exists from the start, so that no reader ever misses one.
            for table in TableId::ALL {
                to.count(*table)?;
            }
            to.put(TableId::Meta, KEY, &ours.to_be_bytes())
        });
    };
    let found = read(&found)?;
    if found > ours {
        return Err(Fault::Newer { found, known: ours });
    }
    if found < known.oldest {
        return Err(Fault::TooOld { found, oldest: known.oldest });
    }
    if found == ours {
        return Ok(());
    }
    before(state.as_ref(), found)?;
    drop(state);
    let done = usize::try_from(found - known.oldest).unwrap_or(usize::MAX);
    engine.write(&mut |to| {
        known.steps.iter().skip(done).try_for_each(|migrate| migrate(to))?;
        to.put(TableId::Meta, KEY, &ours.to_be_bytes())
    })
}

/// Makes sure that the data is what this process opened at its start, and that it takes changes.
///
/// # Errors
/// It has another format or none, or the engine failed.
pub fn confirm(engine: &dyn Engine) -> Result<(), Fault> {
    engine.write(&mut |to| {
        let found = to.get(TableId::Meta, KEY)?;
        let found = read(found.as_deref().unwrap_or_default())?;
        if found != FORMAT {
            return Err(Fault::Newer { found, known: FORMAT });
        }
        to.put(TableId::Meta, KEY, &FORMAT.to_be_bytes())
    })
}

/// The format of what a state holds.
///
/// # Errors
/// It says none, or the engine failed.
pub fn of(state: &dyn Read) -> Result<u32, Fault> {
    read(state.get(TableId::Meta, KEY)?.as_deref().unwrap_or_default())
}

fn read(bytes: &[u8]) -> Result<u32, Fault> {
    let number = bytes.try_into().map(u32::from_be_bytes).unwrap_or(0);
    if number == 0 {
        return Err(Fault::Row { table: "meta", why: "the format version is no number".into() });
    }
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::redb::RedbEngine;

    #[test]
    fn a_newer_file_is_refused_with_a_sentence_that_names_the_way_out() {
        let engine = RedbEngine::in_memory().unwrap();
        bring_up_to_date(&engine).unwrap();
        bring_up_to_date(&engine).unwrap();
        let newer = (FORMAT + 1).to_be_bytes();
        engine.write(&mut |to| to.put(TableId::Meta, KEY, &newer)).unwrap();
        let refusal = bring_up_to_date(&engine).unwrap_err().to_string();
        assert!(refusal.contains("newer version"), "{refusal}");
        assert!(refusal.contains("restore a backup"), "{refusal}");
    }

    #[test]
    fn there_is_a_migration_for_every_format_before_this_one() {
        assert_eq!(u32::try_from(MIGRATIONS.len()), Ok(FORMAT - OLDEST));
    }

    const ROW: &[u8] = b"what migrations change";

    fn say(to: &mut dyn Write, word: &[u8]) -> Result<(), Fault> {
        let mut said = to.get(TableId::Meta, ROW)?.unwrap_or_default();
        said.extend_from_slice(word);
        to.put(TableId::Meta, ROW, &said)
    }

    /// A later version: it knows formats 3 to 6.
    const LATER: Known<'_> = Known {
        oldest: 3,
        steps: &[|to| say(to, b"to 4;"), |to| say(to, b"to 5;"), |to| say(to, b"to 6;")],
    };

    fn of_format(format: u32) -> RedbEngine {
        let engine = RedbEngine::in_memory().unwrap();
        engine.write(&mut |to| to.put(TableId::Meta, KEY, &format.to_be_bytes())).unwrap();
        engine
    }

    fn said(engine: &RedbEngine) -> (u32, String) {
        let state = engine.snapshot().unwrap();
        let row = state.get(TableId::Meta, ROW).unwrap().unwrap_or_default();
        (of(state.as_ref()).unwrap(), String::from_utf8(row).unwrap())
    }

    #[test]
    fn an_older_file_is_shown_as_it_is_and_then_goes_through_the_steps_that_it_lacks_in_order() {
        for (format, steps) in [(3, "to 4;to 5;to 6;"), (4, "to 5;to 6;"), (5, "to 6;"), (6, "")] {
            let engine = of_format(format);
            let mut shown = Vec::new();
            migrate(&engine, &LATER, &mut |state, found| {
                shown.push((found, of(state)?));
                Ok(())
            })
            .unwrap();
            assert_eq!(said(&engine), (6, steps.to_owned()));
            let expected: &[(u32, u32)] = if format == 6 { &[] } else { &[(format, format)] };
            assert_eq!(shown, expected, "a backup of what is migrated, and of nothing else");
        }
    }

    #[test]
    fn nothing_is_migrated_if_the_backup_before_it_or_a_step_fails() {
        let engine = of_format(4);
        let failing = migrate(&engine, &LATER, &mut |_, _| Err(Fault::Busy));
        assert!(matches!(failing, Err(Fault::Busy)));
        assert_eq!(said(&engine), (4, String::new()));
        let broken =
            Known { oldest: 3, steps: &[|_| Ok(()), |to| say(to, b"5"), |_| Err(Fault::Stopped)] };
        assert!(migrate(&engine, &broken, &mut |_, _| Ok(())).is_err());
        assert_eq!(said(&engine), (4, String::new()));
    }

    #[test]
    fn a_file_that_is_too_old_is_refused_with_a_sentence_that_names_the_way_out() {
        let engine = of_format(2);
        let refusal = migrate(&engine, &LATER, &mut |_, _| Ok(())).unwrap_err().to_string();
        assert!(
            refusal.contains("format 2") && refusal.contains("of format 3 or later"),
            "{refusal}"
        );
        assert!(refusal.contains("start a version between"), "{refusal}");
        assert_eq!(said(&engine), (2, String::new()));
    }
}
