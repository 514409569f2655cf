//! Names that are shown to people: nothing in them hides, reorders or breaks the text around them.

/// As many characters as a name may have.
pub const LONGEST: usize = 60;

/// `text` without the space around it, if it can be shown as it is.
#[must_use]
pub fn checked(text: &str) -> Option<String> {
    let name = text.trim();
    let fits = (1..=LONGEST).contains(&name.chars().count());
    (fits && !name.chars().any(misleads)).then(|| name.to_owned())
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
    fn a_name_is_one_to_sixty_characters_that_are_seen_as_they_are() {
        assert_eq!(checked(" Ledger & Söhne ").as_deref(), Some("Ledger & Söhne"));
        assert!(checked(&"ä".repeat(60)).is_some());
        for wrong in ["", " ", &"a".repeat(61), "a\nb", "a\u{202e}b", "a\u{200b}b", "a\u{7f}b"] {
            assert_eq!(checked(wrong), None, "{wrong:?}");
        }
    }
}
