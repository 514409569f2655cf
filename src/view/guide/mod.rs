//! The built-in guide: chapters in Markdown, one file a language, and the description of the API.
//!
//! Promises:
//! - A chapter is read once, when the server starts, and in a small part of Markdown: what has no place
//!   in it (HTML, pictures, links to elsewhere) is a fault, not markup.
//! - Every section has an anchor, the same in all languages and kept: statuses, entries of the activity
//!   and error pages link to it.
//! - What is filled in of this installation is escaped when it is filled in.

pub mod api;
mod api_source;
pub mod chapter;
pub(in crate::view) mod document;
pub mod fault;
pub(in crate::view) mod library;
mod markdown;
pub mod reason;

#[cfg(test)]
mod tests;
