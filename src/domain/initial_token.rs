//! Initial access tokens (RFC 7591 section 3): with one, clients may register themselves.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::crypto::token::HashedToken;

/// An initial access token; its key is the id that the token carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialToken {
    /// HMAC of the token.
    pub hash: HashedToken,
    /// What it is called.
    pub name: String,
    /// By which people tell it from others.
    pub last_four: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if it does.
    pub expires_at: Option<Timestamp>,
    /// How many clients may register with it, if that is bounded.
    pub uses: Option<u32>,
    /// How many did.
    pub used: u32,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Whether an initial access token can be used, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialTokenStanding {
    /// It can.
    Good,
    /// Its time has passed.
    Expired,
    /// As many clients registered with it as may.
    UsedUp,
    /// Somebody revoked it.
    Revoked,
}

impl InitialToken {
    /// How it stands at `now`.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> InitialTokenStanding {
        if self.revoked_at.is_some() {
            InitialTokenStanding::Revoked
        } else if self.expires_at.is_some_and(|end| now >= end) {
            InitialTokenStanding::Expired
        } else if self.uses.is_some_and(|uses| self.used >= uses) {
            InitialTokenStanding::UsedUp
        } else {
            InitialTokenStanding::Good
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_until_it_is_over_used_up_or_revoked() {
        let start = Timestamp::from_seconds(1_000_000);
        let token = InitialToken {
            hash: HashedToken::unmatchable(),
            name: "laptop fleet".to_owned(),
            last_four: "abcd".to_owned(),
            created_at: start,
            expires_at: Some(Timestamp::from_seconds(1_000_010)),
            uses: Some(2),
            used: 1,
            revoked_at: None,
        };
        let later = Timestamp::from_seconds(1_000_010);
        assert_eq!(token.standing(start), InitialTokenStanding::Good);
        assert_eq!(token.standing(later), InitialTokenStanding::Expired);
        let used = InitialToken { used: 2, ..token.clone() };
        assert_eq!(used.standing(start), InitialTokenStanding::UsedUp);
        let revoked = InitialToken { revoked_at: Some(start), ..token.clone() };
        assert_eq!(revoked.standing(start), InitialTokenStanding::Revoked);
        let unbounded = InitialToken { expires_at: None, uses: None, used: u32::MAX, ..token };
        assert_eq!(unbounded.standing(later), InitialTokenStanding::Good);
    }
}
