//! Why an installation cannot be opened: each one sentence that names the fix.

use std::path::PathBuf;

use crate::store::fault::Fault;

/// The installation cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Nothing was made here yet.
    #[error(
        "there is no installation in {} yet; make one with `countersign init`, or name the right configuration with --config",
        .0.display()
    )]
    NotInstalled(PathBuf),
    /// The folder or a file in it cannot be used.
    #[error(
        "{} cannot be used ({error}); run the command as the user that owns it, or mend its permissions",
        path.display()
    )]
    Unusable {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Data without its key.
    #[error(
        "the master key {} is missing, and the data in {} cannot be opened without it; put the key file back from where a copy is kept",
        key.display(),
        data.display()
    )]
    KeyMissing {
        /// Where the key should be.
        key: PathBuf,
        /// The data file.
        data: PathBuf,
    },
    /// A key without its data: somebody lost the data, and would not want to start anew unnoticed.
    #[error(
        "the master key {} is there, but the data file {} is missing; restore the data file from a backup, or move the key away to start anew",
        key.display(),
        data.display()
    )]
    DataMissing {
        /// The key.
        key: PathBuf,
        /// Where the data file should be.
        data: PathBuf,
    },
    /// A key that somebody else must provide.
    #[error(
        "the master key {path} does not exist; make one with `(umask 377; openssl rand -hex 32 > {path})`, or leave data.master_key_file out of the configuration to have one made in the data folder",
        path = .0.display()
    )]
    NamedKeyMissing(PathBuf),
    /// The file is no key.
    #[error(
        "{} holds no master key; it must be 64 hexadecimal digits or 32 raw bytes: put the right file back",
        .0.display()
    )]
    KeyMalformed(PathBuf),
    /// Others can read the key.
    #[error("the master key {path} can be read by other users; run `chmod 0400 {path}`", path = .0.display())]
    KeyExposed(PathBuf),
    /// Another installation's key.
    #[error(
        "the master key {} is not the one that {} was made with; put the right key file back",
        key.display(),
        data.display()
    )]
    WrongKey {
        /// The key.
        key: PathBuf,
        /// The data file.
        data: PathBuf,
    },
    /// The data file says nothing of an installation.
    #[error(
        "the data file {} holds no installation; restore it from a backup, or move it and the master key away to start anew",
        .0.display()
    )]
    Empty(PathBuf),
    /// What was sealed under the right key does not open.
    #[error(
        "the token keys in the data file {} were changed or damaged; restore it from a backup",
        .0.display()
    )]
    Damaged(PathBuf),
    /// Known by another origin.
    #[error(
        "this installation is known as {recorded}, but the issuer is configured as {configured}; set issuer = \"{recorded}\", or start it once with `countersign serve --accept-new-issuer`, which ends every MCP connection"
    )]
    IssuerChanged {
        /// In the data file.
        recorded: String,
        /// In the configuration.
        configured: String,
    },
    /// `serve` on a sandbox.
    #[error(
        "the data in {path} is a sandbox's, whose secrets lie open; choose another data.folder, or run `countersign sandbox --data-dir {path}`",
        path = .0.display()
    )]
    IsSandbox(PathBuf),
    /// `sandbox` on real data.
    #[error(
        "the data in {} is a real installation's, and a sandbox never works on it; choose another --data-dir",
        .0.display()
    )]
    IsReal(PathBuf),
    /// In use, of a newer format, unreadable: the store's own sentences.
    #[error(transparent)]
    Store(#[from] Fault),
}
