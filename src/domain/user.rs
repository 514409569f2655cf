//! Users, their memberships and their second factors.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::UserId;
use crate::crypto::token::HashedToken;
use crate::domain::company::Place;
use crate::domain::link::Recovery;
use crate::domain::passkey::Passkey;
use crate::domain::role::RoleName;

/// An e-mail address as the name somebody signs in with: compared in lower case, so that an alias
/// by case is no second account.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

/// The text cannot be an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address looks like name@example.com")]
pub struct NotAnEmail;

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NotAnEmail;

    fn from_str(text: &str) -> Result<Self, NotAnEmail> {
        let text = text.trim().to_lowercase();
        let (name, host) = text.rsplit_once('@').ok_or(NotAnEmail)?;
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || "<>\"(),:;\\".contains(c);
        let well_formed = !name.is_empty()
            && !host.is_empty()
            && text.len() <= 254
            && !text.contains(forbidden)
            && !name.contains('@')
            && !host.starts_with('.')
            && !host.ends_with('.');
        if well_formed { Ok(Self(text)) } else { Err(NotAnEmail) }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether somebody may act at all. A lock after failed guesses is not this: it closes sign-in and
/// confirmations for a while and ends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    /// May act.
    Active,
    /// Disabled by an administrator: sessions and tokens end.
    Disabled,
}

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Never reused, so a token's subject is never somebody else later.
    pub id: UserId,
    /// What they sign in with.
    pub email: Email,
    /// As people read it.
    pub name: String,
    /// Active or disabled.
    pub status: UserStatus,
    /// Administers the installation, not only a company.
    pub operator: bool,
    /// The PHC string of the password; none until the first sign-in link was used.
    pub password: Option<String>,
    /// When it was chosen; unknown for accounts that are older than this field.
    #[serde(default)]
    pub password_at: Option<Timestamp>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// A link for a lost password or factor that was made since they last signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<Recovery>,
    /// When they were erased: what is left is a number that the audit trail can name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_at: Option<Timestamp>,
}

impl User {
    /// Whether they may act.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == UserStatus::Active
    }
}

/// A role held in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Whose.
    pub user: UserId,
    /// Where.
    pub place: Place,
    /// What they may do there.
    pub role: RoleName,
    /// Since when.
    pub since: Timestamp,
}

/// Recovery codes that are made at once.
pub const RECOVERY_CODES: usize = 10;

/// The second factors of one user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factors {
    /// The authenticator app.
    pub totp: Option<TotpFactor>,
    /// Recovery codes, used ones included.
    pub recovery: Vec<RecoveryCode>,
    /// Passkeys, in the order in which they were added.
    #[serde(default)]
    pub passkeys: Vec<Passkey>,
}

impl Factors {
    /// Whether there is a second factor to ask for.
    #[must_use]
    pub const fn enrolled(&self) -> bool {
        self.totp.is_some() || !self.passkeys.is_empty()
    }

    /// Recovery codes that were not used yet.
    #[must_use]
    pub fn recovery_left(&self) -> usize {
        self.recovery.iter().filter(|code| code.used_at.is_none()).count()
    }
}

/// An authenticator app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpFactor {
    /// The seed, sealed, in base64url.
    pub sealed_seed: String,
    /// The last step used: steps only go up.
    pub last_step: u64,
    /// When it was turned on.
    pub enrolled_at: Timestamp,
}

/// One recovery code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCode {
    /// HMAC of the code: 120 random bits need no slow hash.
    pub hash: HashedToken,
    /// When it was used; it is good once.
    pub used_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;

    #[test]
    fn an_address_in_another_case_is_the_same_account() {
        let a: Email = " Owner@ACME.example ".parse().unwrap();
        assert_eq!(a.as_str(), "owner@acme.example");
    }

    #[test]
    fn factors_that_were_written_before_there_were_passkeys_are_read() {
        let old = r#"{"totp":{"sealed_seed":"x","last_step":3,"enrolled_at":5},"recovery":[]}"#;
        let factors: Factors = serde_json::from_str(old).unwrap();
        assert!(factors.enrolled() && factors.passkeys.is_empty());
        assert!(!Factors { totp: None, ..factors }.enrolled());
    }

    #[test]
    fn texts_that_are_no_address_are_refused() {
        for wrong in ["", "a", "@", "a@", "@b", "a@@b", "a b@c", "a@b\r\nX: y", "<a@b>"] {
            assert!(wrong.parse::<Email>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        assert!("o'neil+tax@acme.example".parse::<Email>().is_ok());
        let long = format!("{}@acme.example", "a".repeat(254 - 13));
        assert!(long.parse::<Email>().is_ok() && format!("a{long}").parse::<Email>().is_err());
        for wrong in [
            "acme.example",
            "@acme.example",
            "a@",
            "a@b@acme.example",
            "a@.example",
            "a@example.",
            "a b@acme.example",
            "a\u{7}b@acme.example",
            "a<b@acme.example",
            "a@acme.example,b@acme.example",
        ] {
            assert!(wrong.parse::<Email>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn somebody_disabled_may_not_act() {
        assert!(samples::person(UserStatus::Active).is_active());
        assert!(!samples::person(UserStatus::Disabled).is_active());
    }

    #[test]
    fn recovery_codes_are_no_second_factor_and_count_until_they_are_used() {
        let code = |used_at| RecoveryCode { hash: samples::hash(), used_at };
        let used = Some(Timestamp::from_seconds(1));
        let recovery = vec![code(None), code(used), code(None)];
        let factors = Factors { recovery, ..Factors::default() };
        assert_eq!(factors.recovery_left(), 2);
        assert!(!factors.enrolled());
    }
}
