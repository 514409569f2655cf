//! Backups: a consistent state of all tables as a stream of frames, whatever engine holds it.
//!
//! A format of its own and not a copy of the data file, so that it can be read by another engine and by
//! later versions, be written to anything and be sealed with a passphrase as it goes. It is told in
//! `docs/storage-format.md`.
//!
//! Promises: a backup is one snapshot, and nobody waits for it; what was damaged, cut short, put
//! together from two files or sealed with another passphrase is named so, and never read as something
//! else; of a sealed one nothing can be told without its passphrase but about how large it is.

mod content;
pub mod fill;
mod frames;
mod preamble;
pub mod read;
pub mod write;

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::secret::Secret;
use crate::crypto::password::Cost;
use crate::store::chain::Broken;
use crate::store::fault::Fault;

/// What a backup says of itself. In a sealed one it is sealed too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// When it was made.
    pub created_at: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// The format of the data.
    pub format: u32,
    /// Tells installations apart.
    pub installation: String,
    /// How many entries the audit chain has.
    pub entries: u64,
    /// The hash of the newest one, in hex.
    pub head: String,
    /// Whether the master key is in it.
    pub has_key: bool,
}

/// How to seal a backup.
pub struct Sealing<'a> {
    /// What opens it.
    pub passphrase: &'a Secret,
    /// How hard guessing it is.
    pub cost: Cost,
    /// Fresh random bytes.
    pub salt: [u8; 32],
}

/// How far writing or reading one has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Rows so far.
    pub done: u64,
    /// Rows in all; 0 while that is not known.
    pub all: u64,
}

/// A backup could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Unwritten {
    /// Its data could not be read.
    #[error(transparent)]
    Data(#[from] Fault),
    /// Its passphrase needs more memory than there is.
    #[error("there is not enough memory to stretch the passphrase; lower passwords.memory_kib")]
    Memory,
    /// It could not be written.
    #[error("it cannot be written ({0})")]
    Output(#[from] std::io::Error),
}

/// A backup cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The file cannot be read at all.
    #[error("it cannot be read ({0})")]
    Input(#[from] std::io::Error),
    /// Something else.
    #[error("it is no backup of countersign")]
    NotOne,
    /// Of a later version.
    #[error("it was made by a newer version of countersign; install that version to use it")]
    Newer,
    /// Sealed.
    #[error("it is sealed with a passphrase; give the file that holds it with --passphrase-file")]
    NeedsPassphrase,
    /// Sealed with another one.
    #[error("the passphrase is not the one that it was sealed with")]
    WrongPassphrase,
    /// The passphrase needs more memory than there is.
    #[error("there is not enough memory to stretch its passphrase")]
    Memory,
    /// Changed since it was made.
    #[error("it is damaged in frame {frame}: {why}; use another backup")]
    Damaged {
        /// Which; the head of the file is 0.
        frame: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Its end is missing.
    #[error("it is cut short: it ends in frame {0}; use another backup")]
    CutShort(u64),
    /// It is whole, but the audit trail in it was changed before it was made.
    #[error("the audit trail in it does not verify: {0}")]
    Chain(#[from] Broken),
}
