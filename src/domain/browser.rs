//! What a browser tells of itself, as far as people recognise theirs by it: a few words of ours, never
//! its own text.

use std::fmt;

/// A browser and what it runs on. Nothing proves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BrowserKind {
    name: &'static str,
    system: &'static str,
}

/// What is said in the header, and whose word it is: the first that stands there counts, since every
/// browser names those that it resembles too.
const NAMES: [(&str, &str); 8] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

impl BrowserKind {
    /// One that told nothing.
    pub const UNKNOWN: Self = Self { name: "", system: "" };

    /// Reads a `User-Agent`.
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        let first = |words: &[(&str, &'static str)]| {
            let found = words.iter().find(|(word, _)| user_agent.contains(word));
            found.map(|(_, name)| *name).unwrap_or_default()
        };
        Self { name: first(&NAMES), system: first(&SYSTEMS) }
    }
}

impl fmt::Display for BrowserKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name, self.system) {
            (name, "") => f.write_str(name),
            ("", system) => f.write_str(system),
            (name, system) => write!(f, "{name}, {system}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_known_by_the_word_that_is_theirs_alone() {
        for (user_agent, kind) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox, Linux",
            ),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
            (
                "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36",
                "Chrome, Android",
            ),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1", "Safari, iOS"),
            ("curl/8.5.0", ""),
            ("<script>alert(1)</script>", ""),
        ] {
            assert_eq!(BrowserKind::of(user_agent).to_string(), kind);
        }
    }
}
