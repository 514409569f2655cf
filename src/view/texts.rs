//! The catalogue of texts: dotted keys, `{placeholders}`, singular and plural.
//!
//! Strict in both directions: a missing text, a placeholder without a value and a value without a
//! placeholder are faults. A section that holds exactly `one` and `other` is one text with a
//! singular and a plural, chosen by the value `count`.

use std::collections::BTreeMap;
#[cfg(test)]
use std::collections::BTreeSet;

use toml::Table;
use toml::Value;

use crate::view::escape::push_escaped;
use crate::view::fault::TextsFault;
use crate::view::language::Language;

/// All texts of one language.
#[derive(Debug)]
pub(in crate::view) struct Texts {
    language: Language,
    texts: BTreeMap<String, Text>,
}

#[derive(Debug)]
enum Text {
    Plain(Phrase),
    Counted { one: Phrase, other: Phrase },
}

/// One text, cut at its placeholders.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::view) struct Phrase(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Slot(String),
}

/// The values for a phrase: how many things it speaks of, and HTML for each placeholder.
#[derive(Debug, Default)]
pub(in crate::view) struct Values {
    pub(in crate::view) count: Option<u64>,
    pub(in crate::view) html: BTreeMap<String, String>,
}

impl Texts {
    /// Reads a catalogue.
    pub(in crate::view) fn parse(source: &str, language: Language) -> Result<Self, TextsFault> {
        let table: Table =
            source.parse().map_err(|cause| TextsFault::Unreadable(format!("{cause}")))?;
        let mut texts = BTreeMap::new();
        collect("", &table, &mut texts)?;
        Ok(Self { language, texts })
    }

    /// The keys of all texts.
    #[cfg(test)]
    pub(in crate::view) fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// Each text's key and its placeholders, and whether it counts: what catalogues have in common.
    #[cfg(test)]
    pub(in crate::view) fn shape(&self) -> BTreeMap<&str, (BTreeSet<&str>, bool)> {
        self.texts.iter().map(|(key, text)| (key.as_str(), text.shape())).collect()
    }

    /// The text `key` as HTML: its own letters escaped, each placeholder replaced by its value.
    pub(in crate::view) fn html(&self, key: &str, values: &Values) -> Result<String, TextsFault> {
        let text = self.texts.get(key).ok_or_else(|| TextsFault::Missing(key.to_owned()))?;
        if let Some(name) = values.html.keys().find(|name| !text.takes(name)) {
            return Err(TextsFault::UnusedValue { key: key.to_owned(), name: name.clone() });
        }
        text.choose(values.count, self.language)
            .ok_or_else(|| TextsFault::NeedsCount(key.to_owned()))?
            .html(&values.html)
            .map_err(|name| TextsFault::MissingValue { key: key.to_owned(), name })
    }
}

fn collect(
    prefix: &str,
    table: &Table,
    texts: &mut BTreeMap<String, Text>,
) -> Result<(), TextsFault> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::String(text) => {
                texts.insert(key.clone(), Text::Plain(Phrase::parse(&key, text)?));
            }
            Value::Table(section) => match singular_and_plural(section) {
                Some((one, other)) => {
                    let one = Phrase::parse(&key, one)?;
                    let other = Phrase::parse(&key, other)?;
                    texts.insert(key, Text::Counted { one, other });
                }
                None => collect(&key, section, texts)?,
            },
            _ => return Err(TextsFault::NotAText(key)),
        }
    }
    Ok(())
}

fn singular_and_plural(section: &Table) -> Option<(&str, &str)> {
    let both = section.len() == 2;
    let one = section.get("one")?.as_str()?;
    let other = section.get("other")?.as_str()?;
    both.then_some((one, other))
}

impl Text {
    /// Its placeholders, and whether it counts.
    #[cfg(test)]
    fn shape(&self) -> (BTreeSet<&str>, bool) {
        match self {
            Self::Plain(phrase) => (phrase.slots().collect(), false),
            Self::Counted { one, other } => {
                (one.slots().chain(other.slots()).chain(["count"]).collect(), true)
            }
        }
    }

    fn takes(&self, name: &str) -> bool {
        match self {
            Self::Plain(phrase) => phrase.takes(name),
            Self::Counted { one, other } => name == "count" || one.takes(name) || other.takes(name),
        }
    }

    fn choose(&self, count: Option<u64>, language: Language) -> Option<&Phrase> {
        match (self, count) {
            (Self::Plain(phrase), _) => Some(phrase),
            (Self::Counted { one, .. }, Some(1)) => Some(one),
            (Self::Counted { one, .. }, Some(0)) if language.nothing_is_singular() => Some(one),
            (Self::Counted { other, .. }, Some(_)) => Some(other),
            (Self::Counted { .. }, None) => None,
        }
    }
}

impl Phrase {
    fn parse(key: &str, text: &str) -> Result<Self, TextsFault> {
        let broken = || TextsFault::BrokenPlaceholder(key.to_owned());
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').ok_or_else(broken)?;
            if name.is_empty() || before.contains('}') {
                return Err(broken());
            }
            parts.push(Part::Literal(before.to_owned()));
            parts.push(Part::Slot(name.to_owned()));
            rest = behind;
        }
        if rest.contains('}') {
            return Err(broken());
        }
        parts.push(Part::Literal(rest.to_owned()));
        Ok(Self(parts))
    }

    #[cfg(test)]
    fn slots(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Slot(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    fn takes(&self, name: &str) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Slot(slot) if slot == name))
    }

    /// The phrase as HTML, or the placeholder that has no value.
    fn html(&self, values: &BTreeMap<String, String>) -> Result<String, String> {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => push_escaped(&mut out, text),
                Part::Slot(name) => out.push_str(values.get(name).ok_or_else(|| name.clone())?),
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
        [a]
        plain = "Fish & chips"
        named = "For {who}, from {whom}"
        days = { one = "{count} day", other = "{count} days" }
    "#;

    fn say(key: &str, pairs: &[(&str, &str)]) -> Result<String, TextsFault> {
        let html: BTreeMap<_, _> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let count = html.get("count").and_then(|count| count.parse().ok());
        Texts::parse(SOURCE, Language::English).unwrap().html(key, &Values { count, html })
    }

    #[test]
    fn escapes_its_own_letters_and_fills_placeholders() {
        assert_eq!(say("a.plain", &[]).unwrap(), "Fish &amp; chips");
        assert_eq!(
            say("a.named", &[("who", "<b>A</b>"), ("whom", "B")]).unwrap(),
            "For <b>A</b>, from B"
        );
    }

    #[test]
    fn chooses_singular_or_plural_by_count() {
        assert_eq!(say("a.days", &[("count", "1")]).unwrap(), "1 day");
        assert_eq!(say("a.days", &[("count", "0")]).unwrap(), "0 days");
        assert_eq!(say("a.days", &[]), Err(TextsFault::NeedsCount("a.days".into())));
    }

    #[test]
    fn in_french_nothing_is_singular() {
        let texts = Texts::parse(SOURCE, Language::French).unwrap();
        let say = |count: u64| {
            let html = BTreeMap::from([("count".to_owned(), count.to_string())]);
            texts.html("a.days", &Values { count: Some(count), html }).unwrap()
        };
        assert_eq!((say(0), say(2)), ("0 day".to_owned(), "2 days".to_owned()));
    }

    #[test]
    fn refuses_a_missing_text_a_missing_value_and_a_value_too_many() {
        assert_eq!(say("a.none", &[]), Err(TextsFault::Missing("a.none".into())));
        assert_eq!(
            say("a.named", &[("who", "A")]),
            Err(TextsFault::MissingValue { key: "a.named".into(), name: "whom".into() })
        );
        assert_eq!(
            say("a.plain", &[("who", "A")]),
            Err(TextsFault::UnusedValue { key: "a.plain".into(), name: "who".into() })
        );
    }

    #[test]
    fn refuses_a_broken_catalogue() {
        for source in ["a = '{x'", "a = 'x}'", "a = '{}'", "a = '} {x}'"] {
            assert_eq!(
                Texts::parse(source, Language::English).unwrap_err(),
                TextsFault::BrokenPlaceholder("a".into()),
                "{source}"
            );
        }
        assert_eq!(
            Texts::parse("a = 1", Language::English).unwrap_err(),
            TextsFault::NotAText("a".into())
        );
        assert!(matches!(Texts::parse("a", Language::English), Err(TextsFault::Unreadable(_))));
    }
}
