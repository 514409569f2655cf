//! Invitations: a place in a company or firm that waits for somebody.
//!
//! An invitation is no account and no role: nothing of it counts before somebody who holds its link
//! accepts it. Whether its address has an account already is therefore told to nobody who invites.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::domain::role::RoleName;
use crate::domain::user::Email;

/// What waits; its key is the company or firm and the id of the link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// Whom it is for.
    pub email: Email,
    /// As whoever invited them calls them.
    pub name: String,
    /// The role that accepting gives.
    pub role: RoleName,
    /// Who invited them; none: the operator at the machine.
    pub by: Option<UserId>,
    /// When.
    pub made_at: Timestamp,
    /// When its link ends.
    pub expires_at: Timestamp,
}
