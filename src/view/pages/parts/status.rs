//! How an app, a connection or a token stands. Shown as an icon and a word; lists filter by the same
//! words.

use serde::Serialize;

use crate::view::pages::parts::moment::Moment;

/// How something stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Status {
    /// It works.
    Active,
    /// It works, and was not used for so many days.
    Idle(u64),
    /// It ends soon.
    Expiring,
    /// Its day is over.
    Expired,
    /// Two secrets work until then.
    Rotating(Moment),
    /// Ended; can be restored.
    Revoked,
    /// Deleted; can be restored until then.
    Deleted(Moment),
    /// It has lost its access and has to ask for consent again.
    NeedsReconnecting,
    /// Somebody should look whether it is still needed.
    ReviewDue,
    /// Whoever delegated its permissions is gone.
    NeedsDelegator,
    /// Not let in here.
    Blocked,
    /// It registered itself and nobody has looked at it.
    Unreviewed,
    /// Somebody checked it.
    Approved,
    /// Never used since it was made.
    NeverUsed,
}
