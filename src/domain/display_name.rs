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
