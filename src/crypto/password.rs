//! Passwords: Argon2id (RFC 9106), stored as PHC strings.

use argon2::Algorithm;
use argon2::Argon2;
use argon2::Params;
use argon2::Version;
use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use data_encoding::BASE64_NOPAD;

use crate::base::secret::Secret;

/// How hard a hash is to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
}

impl Cost {
    /// Nothing below this is configured (OWASP's floor for Argon2id).
    pub const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2 };
}

/// The password could not be hashed: memory ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the password could not be hashed")]
pub struct HashingFailed;

/// Hashes and verifies passwords. Slow on purpose: never call it on the writer or a request's task.
#[derive(Clone, Debug)]
pub struct Passwords {
    argon2: Argon2<'static>,
    cost: Cost,
}

impl Passwords {
    /// For hashes of `cost`.
    ///
    /// # Errors
    /// The cost is outside Argon2's own limits.
    pub fn new(cost: Cost) -> Result<Self, HashingFailed> {
        let params =
            Params::new(cost.memory_kib, cost.passes, 1, None).map_err(|_| HashingFailed)?;
        Ok(Self { argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params), cost })
    }

    /// Hashes `password` with `salt`.
    ///
    /// # Errors
    /// Memory ran out.
    pub fn hash(&self, password: &Secret, salt: [u8; 16]) -> Result<String, HashingFailed> {
        let hash: PasswordHash = self
            .argon2
            .hash_password_with_salt(password.expose().as_bytes(), &salt)
            .map_err(|_| HashingFailed)?;
        Ok(hash.to_string())
    }

    /// What looks like the hash of a password with today's cost, and is none: verifying against it takes
    /// as long as against any other.
    #[must_use]
    pub fn nobody(&self) -> String {
        let Cost { memory_kib, passes } = self.cost;
        let (salt, hash) = (BASE64_NOPAD.encode(&[0; 16]), BASE64_NOPAD.encode(&[0; 32]));
        format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${hash}")
    }

    /// Whether `password` is the one behind `phc`; with the parameters that the hash names.
    #[must_use]
    pub fn verify(&self, password: &Secret, phc: &str) -> bool {
        PasswordHash::new(phc).is_ok_and(|hash| {
            self.argon2.verify_password(password.expose().as_bytes(), &hash).is_ok()
        })
    }

    /// Whether `phc` was made with less than today's cost and should be made anew.
    #[must_use]
    pub fn outdated(&self, phc: &str) -> bool {
        let Some(params) =
            PasswordHash::new(phc).ok().and_then(|hash| Params::try_from(&hash).ok())
        else {
            return true;
        };
        params.m_cost() < self.cost.memory_kib || params.t_cost() < self.cost.passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_verifies() {
        let passwords = Passwords::new(Cost::FLOOR).unwrap();
        let phc = passwords.hash(&"correct horse battery".into(), [3; 16]).unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert!(passwords.verify(&"correct horse battery".into(), &phc));
        assert!(!passwords.verify(&"correct horse batterz".into(), &phc));
        assert!(!passwords.verify(&"correct horse battery".into(), "not a hash"));
    }

    #[test]
    fn a_guess_at_nobody_costs_what_any_guess_costs_and_is_never_right() {
        let passwords = Passwords::new(Cost { memory_kib: 20 * 1024, passes: 3 }).unwrap();
        let nobody = passwords.nobody();
        let parsed = PasswordHash::new(&nobody).unwrap();
        let params = Params::try_from(&parsed).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), (20 * 1024, 3, 1));
        let made = passwords.hash(&"correct horse battery".into(), [3; 16]).unwrap();
        assert_eq!(nobody.len(), made.len());
        assert!(!passwords.verify(&"correct horse battery".into(), &nobody));
    }

    #[test]
    fn a_hash_made_with_less_than_todays_cost_is_outdated() {
        let old = Passwords::new(Cost::FLOOR).unwrap();
        let phc = old.hash(&"correct horse battery".into(), [3; 16]).unwrap();
        assert!(!old.outdated(&phc));
        let new = Passwords::new(Cost { memory_kib: 20 * 1024, passes: 2 }).unwrap();
        assert!(new.outdated(&phc));
        assert!(new.verify(&"correct horse battery".into(), &phc));
    }
}
