//! Passphrases: from what a person can keep in mind to a key, slowly (Argon2id, RFC 9106).

use argon2::Algorithm;
use argon2::Argon2;
use argon2::Params;
use argon2::Version;
use ring::hmac;
use zeroize::Zeroizing;

use crate::base::secret::Secret;
use crate::crypto::digest;
use crate::crypto::password::Cost;
use crate::crypto::password::HashingFailed;

/// What recognises the right passphrase.
pub const CHECK: usize = 16;

/// The key of a passphrase, for one file.
pub struct PassphraseKey(Zeroizing<[u8; 32]>);

impl PassphraseKey {
    /// Stretches `passphrase` at this cost.
    ///
    /// # Errors
    /// Memory ran out, or the cost is outside Argon2's own limits.
    pub fn stretch(
        passphrase: &Secret,
        salt: &[u8; 32],
        cost: Cost,
    ) -> Result<Self, HashingFailed> {
        let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32));
        let argon2 =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| HashingFailed)?);
        let mut key = Zeroizing::new([0; 32]);
        argon2
            .hash_password_into(passphrase.expose().as_bytes(), salt, &mut *key)
            .map_err(|_| HashingFailed)?;
        Ok(Self(key))
    }

    /// The key itself, from which others are derived.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// What a file holds to recognise its passphrase. A guess at it costs what a guess at the content
    /// does.
    #[must_use]
    pub fn check(&self) -> [u8; CHECK] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.0);
        let tag = hmac::sign(&key, b"countersign passphrase check v1");
        let mut check = [0; CHECK];
        for (to, from) in check.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        check
    }

    /// Whether this is the key that `check` was made of.
    #[must_use]
    pub fn is_of(&self, check: &[u8; CHECK]) -> bool {
        digest::equal(&self.check(), check)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(passphrase: &str, salt: u8) -> PassphraseKey {
        PassphraseKey::stretch(&passphrase.into(), &[salt; 32], Cost::FLOOR).unwrap()
    }

    #[test]
    fn a_check_recognises_its_passphrase_in_its_file_alone() {
        let right = key("correct horse battery", 1);
        assert!(key("correct horse battery", 1).is_of(&right.check()));
        assert!(!key("correct horse batterz", 1).is_of(&right.check()));
        assert!(!key("correct horse battery", 2).is_of(&right.check()));
        assert_ne!(right.expose().get(..CHECK), Some(&right.check()[..]));
    }
}
