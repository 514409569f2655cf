//! What can go wrong with the store. A fault is never the caller's: outside it is opaque, and its
//! cause is for the log.

use std::path::PathBuf;
use std::sync::Arc;

/// The store failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// Too much is waiting for the writer.
    #[error("the store's queue is full; try again in a moment")]
    Busy,
    /// The writer stopped, after a failure or at shutdown.
    #[error("the store has stopped taking work; restart the server")]
    Stopped,
    /// The engine failed: a full disk, a broken one, a changed file. What was being written is there
    /// whole or not at all.
    #[error("the data file failed: {0}")]
    Engine(Arc<str>),
    /// The engine failed before and could not be opened anew yet. Nothing was done.
    #[error("the data file cannot be used at the moment; it is tried again every second")]
    Unsound,
    /// A row cannot be read.
    #[error("a row of the table {table} cannot be read: {why}")]
    Row {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        why: Arc<str>,
    },
    /// Another process has the file.
    #[error("the data file {} is in use by another process; if that is a server, stop it first (systemctl stop countersign.socket countersign.service); if it is a command, wait until it has ended", .0.display())]
    InUse(PathBuf),
    /// The file cannot be opened.
    #[error("the data file {} cannot be opened: {why}", file.display())]
    Unopenable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        why: Arc<str>,
    },
    /// Written by a newer version.
    #[error(
        "the data file was written by a newer version of countersign (format {found}; this version knows up to {known}); install that version again, or restore a backup made before the upgrade"
    )]
    Newer {
        /// In the file.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Written by a version that is too old.
    #[error(
        "the data file was written by a version of countersign that is too old (format {found}; this version brings up to date what is of format {oldest} or later); start a version between the two once, then this one"
    )]
    TooOld {
        /// In the file.
        found: u32,
        /// The oldest that is known here.
        oldest: u32,
    },
}

impl Fault {
    /// A row that cannot be read or made.
    #[must_use]
    pub fn row(table: &'static str, error: impl std::fmt::Display) -> Self {
        Self::Row { table, why: error.to_string().into() }
    }

    /// Whether the same request may do better in a moment.
    #[must_use]
    pub const fn will_pass(&self) -> bool {
        matches!(self, Self::Busy | Self::Unsound | Self::Engine(_) | Self::Stopped)
    }

    /// An engine's own error, told as it is.
    #[must_use]
    pub fn engine(error: impl std::fmt::Display) -> Self {
        Self::Engine(error.to_string().into())
    }
}
