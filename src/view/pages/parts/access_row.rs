//! One row of a list of what has access: a credential, a connection, a token or an app.

use serde::Serialize;

use crate::view::pages::parts::moment::Day;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::parts::permission::Extent;
use crate::view::pages::parts::place::Place;
use crate::view::pages::parts::status::Status;

/// What has access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessKind {
    /// API credentials.
    ApiCredentials,
    /// A person's approval of an OAuth app.
    OauthConnection,
    /// An API token of a company or firm.
    ApiToken,
    /// A registered OAuth app.
    OauthApp,
}

/// A row.
#[derive(Clone, Serialize)]
pub struct AccessRow {
    /// Its name.
    pub name: String,
    /// It chose the name itself: shown in quotes.
    pub quoted: bool,
    /// Where its page is.
    pub href: String,
    /// What it is.
    pub kind: AccessKind,
    /// The company or firm that it reaches, where the list spans several.
    pub place: Option<Place>,
    /// Who made or approved it; may be empty.
    pub by: String,
    /// What it is for; may be empty.
    pub purpose: String,
    /// How much it may do.
    pub extent: Extent,
    /// When it was last used.
    pub last_used: Option<Moment>,
    /// When it ends; none for never.
    pub expires: Option<Day>,
    /// How it stands; the most important first.
    pub statuses: Vec<Status>,
}
