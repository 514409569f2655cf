//! Keys that take one of a few words.

use crate::config::rule::Choice;
use crate::domain::client_document::DocumentPolicy;
use crate::domain::registration_policy::RegistrationMode;
use crate::domain::vouching::Assertions;

/// Who may register themselves.
pub(super) const REGISTRATION: Choice<RegistrationMode> = Choice(&[
    ("off", RegistrationMode::Off),
    ("initial_token", RegistrationMode::InitialToken),
    ("allow_list", RegistrationMode::AllowList),
    ("open", RegistrationMode::Open),
]);

/// `clients.metadata_documents`.
pub(super) const DOCUMENTS: Choice<DocumentPolicy> = Choice(&[
    ("off", DocumentPolicy::Off),
    ("allow_list", DocumentPolicy::AllowList),
    ("open", DocumentPolicy::Open),
]);

/// Where the server's certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// A certificate authority of our own, in the data folder.
    PrivateCa,
    /// Files that somebody else keeps.
    Files,
    /// An authority that is asked over ACME.
    Acme,
}

impl TlsMode {
    pub(super) const RULE: Choice<Self> =
        Choice(&[("private-ca", Self::PrivateCa), ("files", Self::Files), ("acme", Self::Acme)]);
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl TlsVersion {
    pub(super) const RULE: Choice<Self> = Choice(&[("1.2", Self::Tls12), ("1.3", Self::Tls13)]);
}

/// `identity.assertion`.
pub(super) const ASSERTIONS: Choice<Assertions> = Choice(&[
    ("off", Assertions::Off),
    ("caller", Assertions::Caller),
    ("request", Assertions::Request),
]);

/// Where entries of the audit trail are sent beside their own place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShipTo {
    /// Nowhere.
    Off,
    /// systemd's journal.
    Journal,
    /// A file.
    File,
    /// A syslog server.
    Syslog,
}

impl ShipTo {
    pub(super) const RULE: Choice<Self> = Choice(&[
        ("off", Self::Off),
        ("journald", Self::Journal),
        ("file", Self::File),
        ("syslog", Self::Syslog),
    ]);
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    pub(super) const RULE: Choice<Self> = Choice(&[("text", Self::Text), ("json", Self::Json)]);
}

/// How important a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Somebody must act.
    Error,
    /// Somebody should look.
    Warn,
    /// What happened.
    Info,
    /// What led to it.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    pub(super) const RULE: Choice<Self> = Choice(&[
        ("error", Self::Error),
        ("warn", Self::Warn),
        ("info", Self::Info),
        ("debug", Self::Debug),
        ("trace", Self::Trace),
    ]);

    /// As `tracing` names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}
