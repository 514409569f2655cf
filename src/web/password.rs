//! What a new password must be: long enough, and nothing that guessers try first. No rules of
//! composition.

use crate::view::pages::FieldProblem;

const SHORTEST: usize = 12;
const LONGEST: usize = 128;
/// Passwords that fall within so many guesses are refused.
const GUESSES_LOG10: f64 = 8.0;
/// Estimating looks at no more than this: what is longer is not easier to guess.
const ESTIMATED: usize = 72;

/// Checks a new password. `context` is what must not make it up: names, addresses, the host.
pub(super) fn check(password: &str, again: &str, context: &[&str]) -> Result<(), FieldProblem> {
    let length = password.chars().count();
    if password.is_empty() {
        return Err(FieldProblem::Missing);
    }
    if length < SHORTEST {
        return Err(FieldProblem::PasswordTooShort);
    }
    if length > LONGEST {
        return Err(FieldProblem::PasswordTooLong);
    }
    if is_context(password, context) {
        return Err(FieldProblem::PasswordTooClose);
    }
    let start: String = password.chars().take(ESTIMATED).collect();
    if zxcvbn::zxcvbn(&start, context).guesses_log10() < GUESSES_LOG10 {
        return Err(FieldProblem::PasswordTooCommon);
    }
    if password != again { Err(FieldProblem::PasswordsDiffer) } else { Ok(()) }
}

/// Whether the password is little more than one of the words around it.
fn is_context(password: &str, context: &[&str]) -> bool {
    let password = password.to_lowercase();
    context.iter().map(|word| word.trim().to_lowercase()).any(|word| {
        word.chars().count() >= 4
            && password.contains(&word)
            && password.chars().count() < word.chars().count() + 8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(password: &str) -> Result<(), FieldProblem> {
        check(password, password, &["dana@acme.example", "Dana Reyes", "countersign"])
    }

    #[test]
    fn length_is_counted_in_characters_up_to_128() {
        assert_eq!(verdict("short"), Err(FieldProblem::PasswordTooShort));
        assert_eq!(verdict("tükör-fúró-g"), Ok(()));
        assert_eq!(verdict(&"zq7Ñ".repeat(33)), Err(FieldProblem::PasswordTooLong));
        assert_eq!(verdict("correct horse battery staple"), Ok(()));
    }

    #[test]
    fn what_guessers_try_first_is_refused() {
        for common in ["password1234", "123456789012", "qwertyuiopas", "aaaaaaaaaaaa"] {
            assert_eq!(verdict(common), Err(FieldProblem::PasswordTooCommon), "{common}");
        }
    }

    #[test]
    fn what_is_known_about_the_person_is_refused() {
        assert_eq!(verdict("dana@acme.example1"), Err(FieldProblem::PasswordTooClose));
        assert_eq!(verdict("Countersign2026"), Err(FieldProblem::PasswordTooClose));
    }

    #[test]
    fn the_two_must_be_equal() {
        let differ = check("correct horse battery staple", "another", &[]);
        assert_eq!(differ, Err(FieldProblem::PasswordsDiffer));
    }
}
