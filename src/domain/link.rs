//! One-time links: the first run, invitations, and lost passwords and factors.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::crypto::token::HashedToken;
use crate::domain::company::Place;

/// A link that is good once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// HMAC of the token in the link.
    pub hash: HashedToken,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "for")]
pub enum LinkPurpose {
    /// Making the first owner of an installation that has no users.
    FirstOwner,
    /// Choosing the first password of a user that an administrator made.
    Welcome {
        /// Whom.
        user: UserId,
    },
    /// Accepting an invitation into a company or firm.
    Join {
        /// Where.
        place: Place,
    },
    /// Choosing another password instead of a lost one. The second factor is asked for as ever.
    Password {
        /// Whose.
        user: UserId,
    },
    /// Setting up another second factor instead of a lost one, after the password.
    Factor {
        /// Whose.
        user: UserId,
    },
}

impl LinkPurpose {
    /// Whose account it changes, if there is one yet.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::Welcome { user } | Self::Password { user } | Self::Factor { user } => Some(user),
            Self::FirstOwner | Self::Join { .. } => None,
        }
    }
}

/// What a link for somebody who is locked out replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// The password.
    Password,
    /// The second factor.
    Factor,
}

/// That a link for a lost password or factor was made: told to the person at their next sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// What it replaces.
    pub lost: Lost,
    /// Who made it; none: the operator at the machine.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::FirmId;
    use crate::base::id::RawId;

    #[test]
    fn a_link_changes_the_account_that_it_was_made_for_and_no_other() {
        let user = UserId::from_raw(RawId::from_bytes([3; 16]));
        for purpose in [
            LinkPurpose::Welcome { user },
            LinkPurpose::Password { user },
            LinkPurpose::Factor { user },
        ] {
            assert_eq!(purpose.user(), Some(user), "{purpose:?}");
        }
        let place = Place::Firm(FirmId::from_raw(RawId::from_bytes([4; 16])));
        assert_eq!(LinkPurpose::FirstOwner.user(), None);
        assert_eq!(LinkPurpose::Join { place }.user(), None);
    }
}
