//! How the certificate in use stands: for metrics, `doctor` and the workspace.

use crate::base::clock::Timestamp;
use crate::tls::facts;

/// Where the certificate in use comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Source {
    /// Our own authority.
    #[default]
    PrivateCa,
    /// Files that somebody else keeps.
    Files,
    /// An authority that is asked over ACME.
    Acme,
    /// Our own authority, until the one that is asked over ACME has issued one.
    Temporary,
}

impl Source {
    /// The word for it in metrics and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PrivateCa => "private-ca",
            Self::Files => "files",
            Self::Acme => "acme",
            Self::Temporary => "temporary",
        }
    }

    /// Whether this server renews it by itself.
    #[must_use]
    pub const fn renews_itself(self) -> bool {
        !matches!(self, Self::Files)
    }
}

/// The certificate in use and what became of newer ones, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsStanding {
    /// Where it comes from.
    pub source: Source,
    /// The names and addresses it is for.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// SHA-256 of the certificate.
    pub fingerprint: String,
    /// From when it is good.
    pub not_before: Timestamp,
    /// The last moment at which clients accept it.
    pub not_after: Timestamp,
    /// How often another one took its place since the start.
    pub reloads: u64,
    /// How often new material was refused, or could not be had, since the start.
    pub failures: u64,
    /// Why the last one was not used; none once a good one was.
    pub last_error: Option<String>,
}

impl TlsStanding {
    /// Whether clients that ask for `host` accept the certificate for it.
    #[must_use]
    pub fn covers(&self, host: &str) -> bool {
        facts::covered(&self.names, host)
    }
}
