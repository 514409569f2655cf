//! What can be wrong with certificates, each as one sentence that names the file and the fix.

use std::io;
use std::path::PathBuf;

/// Why TLS material cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// The file is not there.
    #[error("{} does not exist: check the path, or put the file there", .0.display())]
    Missing(PathBuf),
    /// The file cannot be read or written.
    #[error("{} cannot be used ({}): check the permissions of the file and its directory", .0.display(), .1)]
    Unusable(PathBuf, io::Error),
    /// No certificate in the file, or not one that can be read.
    #[error("{} holds no readable certificate: it must be PEM, with the server's own certificate first", .0.display())]
    NoCertificate(PathBuf),
    /// No private key in the file, or not one that can be used.
    #[error("{} holds no usable private key: it must be an unencrypted PEM key (ECDSA P-256 or P-384, Ed25519 or RSA)", .0.display())]
    NoKey(PathBuf),
    /// The key is another certificate's.
    #[error("the key in {} does not belong to the first certificate in {}: give the key that it was issued for, and put the server's own certificate first", key.display(), certificate.display())]
    Mismatch {
        /// The certificate file.
        certificate: PathBuf,
        /// The key file.
        key: PathBuf,
    },
    /// The chain is not one.
    #[error("the certificates in {} are not in order: number {lower} is not signed by number {upper}; put the server's own certificate first, then each one that signed the one before", file.display())]
    OutOfOrder {
        /// The certificate file.
        file: PathBuf,
        /// Which one, counted from 1, does not go with
        lower: usize,
        /// the one after it.
        upper: usize,
    },
    /// Past its end.
    #[error("the certificate in {} expired on {}: install a renewed one", .0.display(), .1)]
    Expired(PathBuf, String),
    /// Before its beginning.
    #[error("the certificate in {} is valid only from {}: check this machine's clock", .0.display(), .1)]
    NotYetValid(PathBuf, String),
    /// A name that no certificate can carry.
    #[error(
        "`{0}` is neither a host name nor an IP address: correct the name that the server is reached by"
    )]
    Name(String),
    /// The private CA is not whole.
    #[error("{} is missing or unusable while the private CA's certificate is in use: restore it from a backup, or move ca.pem away to make a new CA that every client must then trust", .0.display())]
    CaBroken(PathBuf),
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    Issue(#[from] rcgen::Error),
    /// The TLS library refused the settings.
    #[error("TLS could not be set up: {0}")]
    Setup(#[from] rustls::Error),
}

impl TlsFault {
    /// A fault of reading or writing `path`.
    pub(super) fn file(path: &std::path::Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            _ => Self::Unusable(path.to_owned(), error),
        }
    }
}
