//! The verification code: what can be wrong with one, the same wherever it is asked for.

use serde::Serialize;

/// Why a verification code was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum CodeError {
    /// None was given.
    Missing,
    /// It is not the code.
    Wrong,
    /// It was right and has been used already. Not a failure.
    AlreadyUsed {
        /// When the next one can be used.
        next_in_seconds: u64,
    },
    /// After several failures a pause is due, in seconds.
    WaitSeconds(u64),
    /// An unknown browser has used up its guesses of the day.
    TooManyToday,
    /// A passkey was used, and did not prove who it is.
    PasskeyRefused,
    /// The page was open for too long, or was used already. Not a failure.
    PasskeyOver,
}

impl CodeError {
    /// Every kind of fault, for samples.
    pub(in crate::view) const SAMPLES: [(&'static str, Self); 8] = [
        ("code-missing", Self::Missing),
        ("code-wrong", Self::Wrong),
        ("code-already-used", Self::AlreadyUsed { next_in_seconds: 17 }),
        ("code-wait-one", Self::WaitSeconds(1)),
        ("code-wait", Self::WaitSeconds(5)),
        ("code-too-many-today", Self::TooManyToday),
        ("passkey-refused", Self::PasskeyRefused),
        ("passkey-over", Self::PasskeyOver),
    ];
}
