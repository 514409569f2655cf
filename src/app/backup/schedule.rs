//! Backups by the clock: one whenever the newest in the folder is too old, and the oldest go.
//!
//! The folder itself says when the last one was made, so a restart forgets nothing. Only files with
//! names of ours are ever removed.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::app::backup::BackupError;
use crate::app::backup::make;
use crate::app::backup::unusable;
use crate::app::durable;
use crate::base::clock::Timestamp;
use crate::config::Settings;
use crate::domain::audit::Origin;
use crate::domain::checkup::Finding;
use crate::ops::Ops;
use crate::ops::backup::Made;

const PREFIX: &str = "countersign-";
const SUFFIX: &str = ".backup";
/// After a failure it is tried again this soon.
const AGAIN: Duration = Duration::from_secs(600);

/// Makes backups when they are due.
pub struct Schedule {
    folder: PathBuf,
    every: Duration,
    keep: usize,
    settings: Settings,
}

impl Schedule {
    /// As the settings have it; none without a folder.
    #[must_use]
    pub fn of(settings: &Settings) -> Option<Self> {
        let chosen = &settings.backup;
        let folder = chosen.folder.clone()?;
        Some(Self { folder, every: chosen.every, keep: chosen.keep, settings: settings.clone() })
    }

    /// Lets `ops` know which backup is there, and removes what a kill left of others.
    pub fn begin(&self, ops: &Ops) {
        make::remove_remains(&self.folder);
        let newest = newest(&self.folder, ops.now()).unwrap_or_default();
        ops.expect_backups(newest.map(|(at, file)| {
            let bytes = fs::metadata(&file).map_or(0, |file| file.len());
            Made { at, file: file.display().to_string(), bytes }
        }));
    }

    /// Makes a backup if one is due, and removes those beyond what is kept. What fails is told in the
    /// log and in [`Ops::backups`]. Slow: never on an executor's thread.
    pub fn run(&self, ops: &Ops) {
        match self.due(ops) {
            Ok(false) => return,
            Ok(true) => {}
            Err(error) => {
                ops.note_failed_backup(&error.to_string());
                tracing::error!(%error, "a backup could not be made");
                return;
            }
        }
        match self.make(ops) {
            Ok(file) => {
                tracing::info!(file = %file.display(), "a backup was made and read back");
                self.tidy(ops.now());
            }
            // The next start makes it.
            Err(_) if ops.gives_up_backups() => {}
            Err(error) => {
                ops.note_failed_backup(&error.to_string());
                tracing::error!(%error, "a backup could not be made");
            }
        }
    }

    fn due(&self, ops: &Ops) -> Result<bool, BackupError> {
        let failed = ops.backups().failed;
        if failed.is_some_and(|failed| ops.now().since(failed.at) < AGAIN) {
            return Ok(false);
        }
        durable::make_folder(&self.folder)
            .map_err(unusable(&self.folder, "it is backup.folder: let the server write to it"))?;
        let newest = newest(&self.folder, ops.now())?;
        Ok(newest.is_none_or(|(at, _)| ops.now().since(at) >= self.every))
    }

    fn make(&self, ops: &Ops) -> Result<PathBuf, BackupError> {
        let protection = make::protection(&self.settings, None, false)?;
        let origin = Origin::default();
        let (file, _) = make::make_in(&self.folder, ops, &protection, origin, &mut |_| {})?;
        Ok(file)
    }

    /// Removes the oldest ones; after a failure there are more than were asked for, never fewer.
    fn tidy(&self, now: Timestamp) {
        let mut found = listed(&self.folder).unwrap_or_default();
        // Those of a clock that was wrong go first: they would stay for as long as it was wrong by.
        found.sort_by_key(|(at, _)| *at <= now);
        let beyond = found.len().saturating_sub(self.keep);
        for (_, file) in found.into_iter().take(beyond) {
            if let Err(error) = fs::remove_file(&file) {
                tracing::warn!(file = %file.display(), %error, "an old backup could not be removed");
            }
        }
    }
}

/// What is to be said of the backups.
#[must_use]
pub fn finding(settings: &Settings, running: Option<&Ops>, now: Timestamp) -> Finding {
    let chosen = &settings.backup;
    let Some(folder) = chosen.folder.as_deref() else {
        let fix = "set backup.folder, best on another disk; or let a timer call `countersign backup create --output …`";
        return Finding::note("backup.off", "the server makes no backups by itself", fix);
    };
    let fix = "read the sentence above; `countersign backup create` makes one now";
    if let Some(failed) = running.and_then(|ops| ops.backups().failed) {
        return Finding::attention("backup.failed", failed.why, fix);
    }
    let newest = match newest(folder, now) {
        Ok(newest) => newest,
        // The server makes the folder.
        Err(BackupError::Unusable { error, .. }) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Finding::attention("backup.failed", error.to_string(), fix),
    };
    let too_old = |at: Timestamp| now.since(at) > chosen.every.saturating_mul(2);
    match newest {
        Some((at, _)) if !too_old(at) => {
            Finding::good("backup", format!("the newest backup is of {}", at.rfc3339()))
        }
        Some((at, _)) => {
            let about = format!("the newest backup is of {}", at.rfc3339());
            Finding::attention("backup.old", about, "let the server run, and look at its log")
        }
        None => {
            let about = format!("there is no backup in {} yet", folder.display());
            Finding::note("backup.none", about, "the server makes one within a minute of its start")
        }
    }
}

/// What a backup of this moment is called.
#[must_use]
pub fn name(folder: &Path, at: Timestamp) -> PathBuf {
    folder.join(format!("{PREFIX}{}{SUFFIX}", stamp(at)))
}

/// `20261122T093000.123Z`: sorts by time, and can be a file's name anywhere.
#[must_use]
pub fn stamp(at: Timestamp) -> String {
    at.rfc3339().chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

/// Our newest backup in the folder. Those of a time to come are of a clock that was wrong, and say
/// nothing.
fn newest(folder: &Path, now: Timestamp) -> Result<Option<(Timestamp, PathBuf)>, BackupError> {
    Ok(listed(folder)?.into_iter().rfind(|(at, _)| *at <= now))
}

/// Our backups in the folder, the oldest first.
fn listed(folder: &Path) -> Result<Vec<(Timestamp, PathBuf)>, BackupError> {
    const HINT: &str = "it is backup.folder: let the server read it";
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unusable(folder, HINT))? {
        let path = entry.map_err(unusable(folder, HINT))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        found.extend(made_at(name).map(|at| (at, path.clone())));
    }
    found.sort();
    Ok(found)
}

/// When a file was made, if it has a name of ours.
fn made_at(name: &str) -> Option<Timestamp> {
    let stamp = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let parsed = jiff::fmt::temporal::DateTimeParser::new().parse_timestamp(stamp).ok()?;
    let at = Timestamp::from_millis(u64::try_from(parsed.as_millisecond()).ok()?);
    // What is not written exactly so is not ours.
    (self::stamp(at) == stamp).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_moment_and_no_other_name_does() {
        let at = Timestamp::from_millis(1_700_000_000_123);
        let file = name(Path::new("/b"), at);
        assert_eq!(file, Path::new("/b/countersign-20231114T221320.123Z.backup"));
        assert_eq!(made_at("countersign-20231114T221320.123Z.backup"), Some(at));
        for other in [
            "countersign-before-upgrade-20231114T221320.123Z.backup",
            "countersign-20231114T221320.123Z.backup.old",
            "countersign-20231114T221320Z.backup",
            "countersign-2023-11-14T22:13:20.123Z.backup",
            "notes.txt",
        ] {
            assert_eq!(made_at(other), None, "{other}");
        }
    }
}
