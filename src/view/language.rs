//! The languages that pages speak.

/// A language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English, and whatever nobody asked for.
    #[default]
    English,
    /// French.
    French,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// Its code (RFC 5646), as `lang` and the field `language` have it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// The language of this code, if pages speak it.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first language of an `Accept-Language` (RFC 9110 section 12.5.4) that pages speak, by
    /// weight; English when there is none. Never fails: what cannot be read is skipped.
    #[must_use]
    pub fn preferred(accepted: &str) -> Self {
        let mut best = (0, Self::English);
        for range in accepted.split(',').take(32) {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let weight = weight(parameters);
            if let Some(language) = Self::of_code(&primary)
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }

    /// Whether nothing is spoken of in the singular, as one is.
    pub(in crate::view) const fn nothing_is_singular(self) -> bool {
        matches!(self, Self::French)
    }
}

/// The weight in thousandths; 1000 when none is given, 0 when it cannot be read.
fn weight(parameters: &str) -> u16 {
    let Some(value) = parameters.trim().strip_prefix("q=") else {
        return if parameters.trim().is_empty() { 1000 } else { 0 };
    };
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    match (whole, part) {
        ("1", _) => 1000,
        ("0", digits) if digits.len() <= 3 => format!("{digits:0<3}").parse().unwrap_or_default(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_language_with_the_highest_weight_that_pages_speak() {
        let examples = [
            ("", Language::English),
            ("fr", Language::French),
            ("fr-FR, fr;q=0.9, en;q=0.8", Language::French),
            ("de, en;q=0.5, fr;q=0.7", Language::French),
            ("en-GB, fr;q=0.9", Language::English),
            ("fr;q=0", Language::English),
            ("FR-ca", Language::French),
            ("*", Language::English),
        ];
        for (accepted, language) in examples {
            assert_eq!(Language::preferred(accepted), language, "{accepted}");
        }
    }

    #[test]
    fn skips_what_cannot_be_read() {
        for accepted in ["fr;q=x", "fr;q=0.9999", "fr;v=1", ";;;,,,=", "fr;q=2"] {
            assert_eq!(Language::preferred(accepted), Language::English, "{accepted}");
        }
    }

    #[test]
    fn knows_its_own_codes_only() {
        assert_eq!(Language::of_code("fr"), Some(Language::French));
        assert_eq!(Language::of_code("fr "), None);
        assert_eq!(Language::of_code("de"), None);
    }
}
