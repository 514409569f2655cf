//! Companies (sets of books), the firms that look after them, and the places roles are held in.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::CompanyId;
use crate::base::id::FirmId;
use crate::base::id::NotAnId;
use crate::base::id::UserId;

/// Whether the books are real. Apps, credentials and tokens belong to one environment and are
/// refused in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real books.
    Production,
    /// Books to try things on.
    Test,
}

impl Environment {
    /// Whether this is the test environment.
    #[must_use]
    pub const fn is_test(self) -> bool {
        matches!(self, Self::Test)
    }
}

/// The short name in URLs: lower case, immutable, never reused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Slug(String);

/// The text cannot be a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a slug is 1 to 63 characters of a-z, 0-9 and '-', and starts and ends with a letter or digit"
)]
pub struct NotASlug;

impl Slug {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest slug to a name that people gave: "Acme Trading Ltd." → `acme-trading-ltd`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let mut text = String::new();
        for c in name.chars().flat_map(char::to_lowercase) {
            if c.is_ascii_alphanumeric() {
                text.push(c);
            } else if !text.ends_with('-') && !text.is_empty() {
                text.push('-');
            }
        }
        text.truncate(63);
        text.trim_end_matches('-').parse().ok()
    }
}

impl FromStr for Slug {
    type Err = NotASlug;

    fn from_str(text: &str) -> Result<Self, NotASlug> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let edge = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
        let bytes = text.as_bytes();
        let well_formed = bytes.len() <= 63
            && edge(bytes.first())
            && edge(bytes.last())
            && bytes.iter().all(|byte| legal(*byte));
        if well_formed { Ok(Self(text.to_owned())) } else { Err(NotASlug) }
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of books.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// Its identifier; tokens and audiences name it by this, so that nothing depends on names.
    pub id: CompanyId,
    /// Its name in URLs.
    pub slug: Slug,
    /// As people read it.
    pub name: String,
    /// Real books or test books.
    pub environment: Environment,
    /// The firm that looks after it.
    pub firm: Option<FirmId>,
    /// Towards its firm: only the members in `confided_to` see it.
    pub confidential: bool,
    /// Firm members who see a confidential company.
    pub confided_to: Vec<UserId>,
    /// Set by an operator: nothing reaches it.
    pub suspended: bool,
    /// Whether it blocks anything: whoever asks for each call looks for blocks only then.
    #[serde(default)]
    pub blocks: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Company {
    /// Whether a member of `firm` sees this company through that firm.
    #[must_use]
    pub fn seen_through(&self, firm: FirmId, member: UserId) -> bool {
        self.firm == Some(firm) && (!self.confidential || self.confided_to.contains(&member))
    }
}

/// An accounting firm that looks after several companies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firm {
    /// Its identifier.
    pub id: FirmId,
    /// Its name in URLs.
    pub slug: Slug,
    /// As people read it.
    pub name: String,
    /// A firm's tokens reach its companies of this environment.
    pub environment: Environment,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where a role is held and what a token is for: one company, or one firm.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// One company.
    Company(CompanyId),
    /// One firm.
    Firm(FirmId),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Company(id) => id.fmt(f),
            Self::Firm(id) => id.fmt(f),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Place {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        text.parse().map(Self::Company).or_else(|_| text.parse().map(Self::Firm))
    }
}

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;

    #[test]
    fn a_slug_is_made_from_a_name_and_refused_when_it_is_none() {
        assert_eq!(Slug::from_name("Acme Trading Ltd.").unwrap().as_str(), "acme-trading-ltd");
        assert_eq!(Slug::from_name("***"), None);
        for wrong in ["", "-a", "a-", "A", "a_b", "a/b", "é", &"a".repeat(64)] {
            assert!(wrong.parse::<Slug>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_slug_has_no_gap_twice_and_none_at_its_edges() {
        let slug = |name: &str| Slug::from_name(name).map(|slug| slug.as_str().to_owned());
        assert_eq!(slug("  Acme -- & Söhne 9 ").as_deref(), Some("acme-s-hne-9"));
        assert_eq!(slug(&"a".repeat(70)), Some("a".repeat(63)));
        assert!("a-1".parse::<Slug>().is_ok() && "7".parse::<Slug>().is_ok());
        assert!("a".repeat(63).parse::<Slug>().is_ok());
        assert_eq!(serde_json::from_str::<Slug>("\"acme\"").unwrap().as_str(), "acme");
        assert!(serde_json::from_str::<Slug>("\"-\"").is_err());
    }

    #[test]
    fn a_confidential_company_is_seen_through_its_own_firm_by_those_it_is_confided_to() {
        let firm = |number| FirmId::from_raw(samples::raw(number));
        let member = |number| UserId::from_raw(samples::raw(number));
        let open = Company { firm: Some(firm(4)), ..samples::company(2) };
        assert!(open.seen_through(firm(4), member(3)));
        assert!(!open.seen_through(firm(5), member(3)));
        let closed = Company { confidential: true, confided_to: vec![member(3)], ..open };
        assert!(closed.seen_through(firm(4), member(3)));
        assert!(!closed.seen_through(firm(4), member(9)));
        assert!(!closed.seen_through(firm(5), member(3)));
        let alone = Company { firm: None, ..closed };
        assert!(!alone.seen_through(firm(4), member(3)));
    }

    #[test]
    fn a_place_is_written_as_its_id_and_read_again_as_what_it_is() {
        let raw = samples::raw(2);
        let (company, firm) = (CompanyId::from_raw(raw), FirmId::from_raw(raw));
        for (place, id) in
            [(Place::Company(company), company.to_string()), (Place::Firm(firm), firm.to_string())]
        {
            let written = serde_json::to_string(&place).unwrap();
            assert_eq!(written, format!("\"{id}\""));
            assert_eq!(serde_json::from_str::<Place>(&written).unwrap(), place);
        }
        assert!(serde_json::from_str::<Place>("\"acme\"").is_err());
        assert!(Environment::Test.is_test() && !Environment::Production.is_test());
    }
}
