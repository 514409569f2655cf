//! Permissions to read and permissions to tick.

use serde::Serialize;

/// How much something may do, in two numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Extent {
    /// Permissions that only look.
    pub read: u64,
    /// Permissions that change something.
    pub write: u64,
}

/// Permissions that belong together, to read.
#[derive(Clone, Serialize)]
pub struct HeldArea {
    /// What they are about.
    pub title: String,
    /// The permissions.
    pub permissions: Vec<Held>,
}

/// One permission that something has.
#[derive(Clone, Serialize)]
pub struct Held {
    /// What it allows, verb first.
    pub title: String,
    /// The scope, as programs name it.
    pub scope: String,
    /// It changes something.
    pub writes: bool,
    /// The person who delegated it does not hold it now, so it does nothing.
    pub asleep: bool,
    /// The app cannot work without it.
    pub required: bool,
}

/// Permissions that belong together, to tick.
#[derive(Clone, Serialize)]
pub struct TickArea {
    /// What they are about.
    pub title: String,
    /// The permissions.
    pub permissions: Vec<Tick>,
}

/// One permission to tick.
#[derive(Clone, Serialize)]
pub struct Tick {
    /// The value of the field `permission` (and of `required`, where that is asked).
    pub value: String,
    /// What it allows, verb first; the name of the checkbox.
    pub title: String,
    /// One line about it; may be empty.
    pub hint: String,
    /// It changes something.
    pub writes: bool,
    /// Ticked.
    pub checked: bool,
    /// Ticked as one that the app cannot work without.
    pub required: bool,
}
