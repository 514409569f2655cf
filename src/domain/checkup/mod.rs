//! What may be wrong with an installation, judged from facts that somebody else gathered. Each finding
//! names its fix.

pub mod certificate;
pub mod clock;
pub mod disk;
pub mod files;
pub mod issuer;
pub mod proxy;

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Looked at, and good.
    Good,
    /// Worth knowing.
    Note,
    /// Somebody must act.
    Attention,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is, for scripts and support: `clock.drift`. Kept.
    pub code: &'static str,
    /// How much it matters.
    pub level: Level,
    /// What is the case.
    pub about: String,
    /// What to do, if something is to be done.
    pub fix: Option<String>,
}

impl Finding {
    /// Looked at, and good.
    #[must_use]
    pub fn good(code: &'static str, about: impl Into<String>) -> Self {
        Self { code, level: Level::Good, about: about.into(), fix: None }
    }

    /// Worth knowing.
    #[must_use]
    pub fn note(code: &'static str, about: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, level: Level::Note, about: about.into(), fix: Some(fix.into()) }
    }

    /// Somebody must act.
    #[must_use]
    pub fn attention(code: &'static str, about: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { code, level: Level::Attention, about: about.into(), fix: Some(fix.into()) }
    }
}
