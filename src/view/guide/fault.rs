//! What can be wrong with the guide: always our own mistake.

use thiserror::Error;

/// A chapter or the description of the API cannot be read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum GuideFault {
    /// Something that chapters do not have.
    #[error("{chapter}: a chapter has no {what}")]
    NoPlaceFor {
        /// Which chapter.
        chapter: String,
        /// What.
        what: String,
    },
    /// The description of the API is no such document.
    #[error("the description of the API does not parse: {0}")]
    Description(String),
}
