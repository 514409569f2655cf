//! What can go wrong while making a page: always our own mistake, never the reader's.

use thiserror::Error;

use crate::view::guide::fault::GuideFault;

/// A page could not be made. Names the template and the line, never a value of the page.
#[derive(Debug, Error)]
pub enum ViewFault {
    /// A template does not parse, or asked for something that its page does not carry.
    #[error("a template failed: {0}")]
    Template(#[from] minijinja::Error),
    /// The catalogue of texts is broken, or a template asked it for something it does not hold.
    #[error(transparent)]
    Texts(#[from] TextsFault),
    /// The guide cannot be read.
    #[error(transparent)]
    Guide(#[from] GuideFault),
}

/// The catalogue of texts and the templates disagree.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TextsFault {
    /// The catalogue is not readable TOML.
    #[error("the catalogue of texts does not parse: {0}")]
    Unreadable(String),
    /// A value in the catalogue is neither a text nor a section.
    #[error("the text {0} is neither a text nor a section of texts")]
    NotAText(String),
    /// A brace without its partner, or an empty placeholder.
    #[error("the text {0} has a broken placeholder")]
    BrokenPlaceholder(String),
    /// A template asked for a text that does not exist.
    #[error("there is no text {0}")]
    Missing(String),
    /// A text with a singular and a plural was asked for without a `count`.
    #[error("the text {0} needs a count")]
    NeedsCount(String),
    /// A placeholder of the text was given no value.
    #[error("the text {key} needs a value for {name}")]
    MissingValue {
        /// The text.
        key: String,
        /// The placeholder.
        name: String,
    },
    /// A value was given that the text has no placeholder for.
    #[error("the text {key} has no placeholder {name}")]
    UnusedValue {
        /// The text.
        key: String,
        /// The name of the value.
        name: String,
    },
}
