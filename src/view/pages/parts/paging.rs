//! The way through a list that is longer than a page.

use serde::Serialize;

/// Where the pages before and after lie: addresses with a cursor that the door made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Paging {
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
}
