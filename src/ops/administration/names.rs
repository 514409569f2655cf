//! Names that people give to companies, firms, users and apps.

use crate::domain::display_name;
pub use crate::domain::display_name::LONGEST;
pub use crate::domain::display_name::misleads;
use crate::ops::administration::refusal::Refusal;

/// `text` without the space around it, if it can be shown as it is: nothing in it hides, reorders
/// or breaks the text around it.
///
/// # Errors
/// [`Refusal::NameUnusable`].
pub fn checked(text: &str) -> Result<String, Refusal> {
    display_name::checked(text).ok_or(Refusal::NameUnusable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_kept_as_it_was_written() {
        assert_eq!(checked("  Bäckerei Müller & Söhne ").unwrap(), "Bäckerei Müller & Söhne");
        assert!(checked(&"é".repeat(60)).is_ok());
    }

    #[test]
    fn a_name_that_is_empty_too_long_or_misleads_is_refused() {
        for wrong in ["", "  ", "a\nb", "a\u{202e}b", "a\u{200b}b", "a\u{2066}b", &"a".repeat(61)] {
            assert_eq!(checked(wrong), Err(Refusal::NameUnusable), "{wrong:?}");
        }
    }
}
