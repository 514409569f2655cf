//! One-time links.

use serde::Serialize;

use crate::ops::administration::issue_link::IssuedLink;

/// A one-time link, shown once.
#[derive(Debug, Serialize)]
pub struct LinkRow {
    url: String,
    expires_at: String,
}

impl LinkRow {
    pub(in crate::cli) fn of(link: &IssuedLink) -> Self {
        Self { url: link.url.expose().to_owned(), expires_at: link.expires_at.rfc3339() }
    }

    /// As a person reads it.
    pub(in crate::cli) fn told(&self) -> String {
        let Self { url, expires_at } = self;
        format!("\nOne-time link (until {expires_at}, shown once):\n  {url}\n")
    }
}
