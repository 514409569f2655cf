//! Scopes: the names of permissions, as they stand in requests, tokens and roles (RFC 6749 §3.3).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;

/// The scope that asks for a refresh token elsewhere: accepted, ignored and never granted here,
/// because every code grant gets one.
pub const OFFLINE_ACCESS: &str = "offline_access";

const LONGEST: usize = 100;

/// One scope: a permission's name such as `customer_invoices:readonly`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeName(Arc<str>);

/// The text cannot be a scope's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is 1 to 100 characters of a-z, 0-9, '_', '-', ':' and '.'")]
pub struct NotAScope;

impl ScopeName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ScopeName {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let legal = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-:.".contains(&byte)
        };
        if text.is_empty() || text.len() > LONGEST || !text.bytes().all(legal) {
            return Err(NotAScope);
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ScopeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ScopeName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ScopeName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A set of scopes, always in the same order; written as OAuth writes it, separated by spaces.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ScopeSet(BTreeSet<ScopeName>);

impl ScopeSet {
    /// Reads a space-separated list. Words that cannot be scopes are left out: an unknown scope is
    /// ignored, not an error (PROTOCOL: unknown scopes are dropped).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        text.split(' ').filter_map(|word| word.parse().ok()).collect()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether `scope` itself is in it (for what it *allows*, ask the catalogue's closure).
    #[must_use]
    pub fn contains(&self, scope: &ScopeName) -> bool {
        self.0.contains(scope)
    }

    /// Adds one.
    pub fn insert(&mut self, scope: ScopeName) {
        self.0.insert(scope);
    }

    /// In order.
    pub fn iter(&self) -> impl Iterator<Item = &ScopeName> {
        self.0.iter()
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.0.intersection(&other.0).cloned().collect()
    }

    /// What is in this but not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        self.0.difference(&other.0).cloned().collect()
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.0.union(&other.0).cloned().collect()
    }

    /// Whether all of this is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }
}

impl FromIterator<ScopeName> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = ScopeName>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ScopeSet {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&std::borrow::Cow::<'de, str>::deserialize(from)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_list_is_read_and_written_with_single_spaces_in_order() {
        let set = ScopeSet::parse("products:all  customers:readonly products:all");
        assert_eq!(set.to_string(), "customers:readonly products:all");
    }

    #[test]
    fn words_that_cannot_be_scopes_are_dropped() {
        assert_eq!(ScopeSet::parse("PRODUCTS a\"b <b>").to_string(), "");
    }

    #[test]
    fn a_scope_is_a_hundred_characters_at_most() {
        assert!("a".repeat(100).parse::<ScopeName>().is_ok());
        assert!("a".repeat(101).parse::<ScopeName>().is_err());
    }

    #[test]
    fn sets_are_counted_compared_and_read_again_as_they_were_written() {
        let (one, both) = (ScopeSet::parse("a:all"), ScopeSet::parse("a:all b:all"));
        assert_eq!((ScopeSet::default().len(), one.len(), both.len()), (0, 1, 2));
        assert!(one.is_subset(&both) && !both.is_subset(&one) && one.is_subset(&one));
        let written = serde_json::to_string(&both).unwrap();
        assert_eq!(written, "\"a:all b:all\"");
        assert_eq!(serde_json::from_str::<ScopeSet>(&written).unwrap(), both);
    }
}
