//! Why a command that runs a server could not start or had to stop, as a person reads it.

use crate::app::open_error::OpenError;
use crate::app::wire::Unusable;
use crate::store::fault::Fault;

/// One plain sentence, and what to do next if the sentence does not say so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Stopped {
    /// What happened.
    pub sentence: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Stopped {
    /// With the sentence that `cause` says.
    #[must_use]
    pub fn because(cause: &dyn std::fmt::Display) -> Self {
        Self { sentence: cause.to_string(), hint: None }
    }

    /// With a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<OpenError> for Stopped {
    fn from(error: OpenError) -> Self {
        Self::because(&error)
    }
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::because(&fault)
    }
}

impl From<Unusable> for Stopped {
    fn from(unusable: Unusable) -> Self {
        let stopped = Self::because(&unusable);
        match unusable {
            Unusable::Hashing(_) => stopped.hint(
                "lower passwords.memory_kib in the configuration, or give the machine more memory",
            ),
            Unusable::File { .. } => stopped,
        }
    }
}
