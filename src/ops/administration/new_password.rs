//! What a new password must be, and its hash.
//!
//! 12 to 128 characters, no rules of composition; what is little more than common words is refused.

use crate::base::secret::Secret;
use crate::domain::guessable;
use crate::ops::Ops;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;

/// The shortest password.
pub const SHORTEST: usize = 12;
/// The longest: hashing is slow enough without essays.
pub const LONGEST: usize = 128;

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`SHORTEST`] characters.
    #[error("the password is too short; give at least 12 characters")]
    TooShort,
    /// More than [`LONGEST`] characters.
    #[error("the password is too long; give at most 128 characters")]
    TooLong,
    /// Little more than a word that everybody around knows: the address, the name, the company.
    #[error(
        "the password is made up of a name or an address; choose one that nobody can guess from them"
    )]
    TooClose,
    /// Among the first that anybody tries.
    #[error("the password is among the first that are tried; choose a less common one")]
    TooCommon,
}

/// Whether `password` may be chosen. `known` are words that a guesser starts with: the address,
/// the name, the company.
///
/// # Errors
/// Why not.
pub fn check(password: &Secret, known: &[&str]) -> Result<(), WeakPassword> {
    let length = password.expose().chars().count();
    if length < SHORTEST {
        return Err(WeakPassword::TooShort);
    }
    if length > LONGEST {
        return Err(WeakPassword::TooLong);
    }
    if is_close(password.expose(), known) {
        return Err(WeakPassword::TooClose);
    }
    if guessable::is_guessable(password.expose()) {
        return Err(WeakPassword::TooCommon);
    }
    Ok(())
}

/// Whether the password is little more than one of the known words.
fn is_close(password: &str, known: &[&str]) -> bool {
    let password = password.to_lowercase();
    let length = password.chars().count();
    known.iter().map(|word| word.trim().to_lowercase()).any(|word| {
        let word_length = word.chars().count();
        word_length >= 4 && password.contains(&word) && length < word_length + 8
    })
}

impl Ops {
    /// Checks a new password and hashes it; slow on purpose, on a thread of its own.
    ///
    /// # Errors
    /// It may not be chosen, or too much hashing is waiting.
    pub async fn hash_new_password(
        &self,
        password: Secret,
        known: &[&str],
    ) -> Outcome<String, WeakPassword> {
        check(&password, known).map_err(Failure::Refused)?;
        Ok(self.hashing.hash(password, self.draw()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_uncommon_passwords_may_be_chosen() {
        for good in
            ["correct horse battery staple", "vaeghohZ7aiX", "tükör-fúró-gép 7 és egyéb holmik"]
        {
            assert_eq!(check(&good.into(), &[]), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_known_about_the_person_may_not() {
        let known = ["dana@acme.example", "Dana Reyes", "countersign"];
        for close in ["dana@acme.example1", "Countersign2026", "xx Dana Reyes"] {
            assert_eq!(check(&close.into(), &known), Err(WeakPassword::TooClose), "{close}");
        }
    }

    #[test]
    fn short_endless_and_common_passwords_may_not() {
        assert_eq!(check(&"vaeghohZ7ai".into(), &[]), Err(WeakPassword::TooShort));
        assert_eq!(check(&"x7".repeat(65).into(), &[]), Err(WeakPassword::TooLong));
        for common in ["password1234", "aaaaaaaaaaaa", "123456789012", "qwertyuiopas"] {
            assert_eq!(check(&common.into(), &[]), Err(WeakPassword::TooCommon), "{common}");
        }
        let known = ["owner@acme.example", "Acme Trading"];
        let own_name = check(&"acme trading".into(), &known);
        assert_eq!(own_name, Err(WeakPassword::TooClose));
    }
}
