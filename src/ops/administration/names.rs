//! Names that people give to companies, firms, users and apps.

use crate::ops::administration::refusal::Refusal;

/// As many characters as a name may have.
pub const LONGEST: usize = 60;

/// `text` without the space around it, if it can be shown as it is: nothing in it hides, reorders
/// or breaks the text around it.
///
/// # Errors
/// [`Refusal::NameUnusable`].
pub fn checked(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    let fits = (1..=LONGEST).contains(&name.chars().count());
    if fits && !name.chars().any(misleads) {
        Ok(name.to_owned())
    } else {
        Err(Refusal::NameUnusable)
    }
}

/// Control characters, and those that reorder text, join it, break it or are not seen.
#[must_use]
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{e0000}'..='\u{e007f}')
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
