//! Roles: what a user may do in one company or firm.

use serde::Deserialize;
use serde::Serialize;

use crate::domain::scope::ScopeName;

/// A role's name, as memberships hold it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleName(pub String);

/// A named set of permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// `owner`, `admin`, `accountant`, `viewer`, or one's own.
    pub name: RoleName,
    /// As people read it.
    pub title: String,
    /// What it allows.
    pub grants: Vec<RoleGrant>,
    /// Whether it administers the company or firm: sees all its connections and apps.
    pub administers: bool,
}

/// One line of a role's permissions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleGrant {
    /// `*`: every permission of the catalogue.
    Everything,
    /// `*:readonly`: every permission whose name ends so.
    EndingWith(String),
    /// One permission, with all that it includes.
    One(ScopeName),
}

impl RoleGrant {
    /// Reads `*`, `*:suffix` or a permission's name.
    ///
    /// # Errors
    /// The text is none of the three.
    pub fn parse(text: &str) -> Result<Self, crate::domain::scope::NotAScope> {
        match text.strip_prefix('*') {
            Some("") => Ok(Self::Everything),
            Some(suffix) if suffix.starts_with(':') => Ok(Self::EndingWith(suffix.to_owned())),
            _ => text.parse().map(Self::One),
        }
    }

    /// Whether this line allows `scope` itself.
    #[must_use]
    pub fn covers(&self, scope: &ScopeName) -> bool {
        match self {
            Self::Everything => true,
            Self::EndingWith(suffix) => scope.as_str().ends_with(suffix.as_str()),
            Self::One(name) => name == scope,
        }
    }
}
