//! Roles: what a user may do in one company or firm.

use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;

/// A role's name, as memberships hold it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleName(pub String);

impl RoleName {
    const OWN: &str = "own/";

    /// The name of a role of one's own: no role of a configuration is called so.
    #[must_use]
    pub fn own(id: RawId) -> Self {
        Self(format!("{}{id}", Self::OWN))
    }

    /// Whether it is the name of a role of one's own.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.0.starts_with(Self::OWN)
    }

    /// The id in the name of a role of one's own.
    #[must_use]
    pub fn own_id(&self) -> Option<&str> {
        self.0.strip_prefix(Self::OWN)
    }
}

/// A role that a company or firm made for itself; it exists there and nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRole {
    /// As people read it.
    pub title: String,
    /// What it allows.
    pub scopes: ScopeSet,
    /// When it was made.
    pub made_at: Timestamp,
}

/// A role as somebody holds it, found in the company or firm in which they hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole {
    /// Its name.
    pub name: RoleName,
    /// What it is, if the company or firm made it for itself.
    pub own: Option<Arc<OwnRole>>,
}

impl HeldRole {
    /// One that the catalogue tells.
    #[must_use]
    pub const fn named(name: RoleName) -> Self {
        Self { name, own: None }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ScopeName {
        text.parse().unwrap()
    }

    #[test]
    fn a_star_allows_all_one_with_an_ending_what_ends_so_and_a_name_itself_alone() {
        let covers =
            |grant: &str, scope: &str| RoleGrant::parse(grant).unwrap().covers(&name(scope));
        assert!(covers("*", "customers:all"));
        assert!(covers("*:readonly", "customers:readonly"));
        assert!(!covers("*:readonly", "customers:all"));
        assert!(!covers("*:readonly", "readonly"));
        assert!(covers("customers:all", "customers:all"));
        assert!(!covers("customers:all", "customers:readonly"));
        assert!(!covers("customers:all", "vip-customers:all"));
    }

    #[test]
    fn a_grant_is_a_star_an_ending_after_a_colon_or_a_name() {
        for wrong in ["", "**", "*readonly", "customers:*", "Customers", "a b"] {
            assert!(RoleGrant::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(RoleGrant::parse("*"), Ok(RoleGrant::Everything));
    }

    #[test]
    fn no_role_of_a_configuration_is_taken_for_one_of_ones_own() {
        let id = RawId::from_bytes([5; 16]);
        let own = RoleName::own(id);
        assert!(own.is_own());
        assert_eq!(own.own_id(), Some(id.to_string().as_str()));
        for other in ["owner", "own", ""] {
            let role = RoleName(other.to_owned());
            assert!(!role.is_own() && role.own_id().is_none(), "{other}");
        }
        let held = HeldRole::named(RoleName("owner".to_owned()));
        assert_eq!((held.name.0.as_str(), held.own), ("owner", None));
    }
}
