//! What is wrong with a configuration: which key, where it was given, and how to mend it.

use std::fmt;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key, such as `server.listen` or `permissions[3].includes`; empty when the fault is the
    /// file's as a whole.
    pub key: String,
    /// Where it was given: `config.toml:12`, a variable's name, a flag, or `default`.
    pub source: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it; may be empty.
    pub fix: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.problem)?;
        if !self.fix.is_empty() {
            write!(f, "; {}", self.fix)?;
        }
        write!(f, " (from {})", self.source)
    }
}

/// All faults of a configuration, found at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<Fault>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.0 {
            writeln!(f, "{fault}")?;
        }
        match self.0.len() {
            1 => f.write_str("The configuration has 1 fault."),
            many => write!(f, "The configuration has {many} faults."),
        }
    }
}

impl std::error::Error for ConfigFaults {}

/// A value that its key does not accept: a fault that does not yet know its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) problem: String,
    pub(super) fix: String,
}

impl Wrong {
    pub(super) fn new(problem: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { problem: problem.into(), fix: fix.into() }
    }

    pub(super) fn at(self, key: impl Into<String>, source: impl Into<String>) -> Fault {
        let Self { problem, fix } = self;
        Fault { key: key.into(), source: source.into(), problem, fix }
    }
}
