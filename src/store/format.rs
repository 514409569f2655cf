//! The format of the data file: a version, and the steps that bring an older file up to date.

use crate::store::engine::Engine;
use crate::store::engine::Write;
use crate::store::fault::Fault;
use crate::store::table::TableId;

/// The format that this version writes.
pub const FORMAT: u32 = 1;

const KEY: &[u8] = b"format";

/// A step from one format to the next; its place in the list is the format that it starts from.
type Migration = fn(&mut dyn Write) -> Result<(), Fault>;

/// In order; format 1 is the first.
const MIGRATIONS: &[Migration] = &[];

/// Makes a new file ready, migrates an older one step by step in one commit, refuses a newer one.
///
/// # Errors
/// [`Fault::Newer`], or the engine failed.
pub fn bring_up_to_date(engine: &dyn Engine) -> Result<(), Fault> {
    let found = engine.snapshot()?.get(TableId::Meta, KEY)?;
    let Some(found) = found else {
        return engine.write(&mut |to| {
            // Every table exists from the start, so that no reader ever misses one.
            for table in TableId::ALL {
                to.count(*table)?;
            }
            to.put(TableId::Meta, KEY, &FORMAT.to_be_bytes())
        });
    };
    let found = read(&found)?;
    if found > FORMAT {
        return Err(Fault::Newer { found, known: FORMAT });
    }
    if found == FORMAT {
        return Ok(());
    }
    let steps = usize::try_from(found - 1).unwrap_or(usize::MAX);
    engine.write(&mut |to| {
        MIGRATIONS.iter().skip(steps).try_for_each(|migrate| migrate(to))?;
        to.put(TableId::Meta, KEY, &FORMAT.to_be_bytes())
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
        assert_eq!(u32::try_from(MIGRATIONS.len()), Ok(FORMAT - 1));
    }
}
