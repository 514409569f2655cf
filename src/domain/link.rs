//! One-time links: the first run, and invitations.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::crypto::token::HashedToken;

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
}
