//! A company or a firm, as a name.

use serde::Serialize;

use crate::view::pages::PlaceKind;

/// A company or a firm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Company or firm.
    pub kind: PlaceKind,
    /// Nothing in it is real.
    pub test: bool,
}
