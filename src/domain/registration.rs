//! How an app came to be known here, and how a confidential one proves who it is.

use serde::Deserialize;
use serde::Serialize;

/// How an app came to be known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Registration {
    /// Somebody here registered it.
    #[default]
    Administrator,
    /// It registered itself (RFC 7591).
    Dynamic,
    /// Its `client_id` is the URL of a document that describes it (client ID metadata document).
    Document {
        /// The URL, compared as plain text.
        url: String,
    },
}

impl Registration {
    /// Whether nobody here had a hand in it.
    #[must_use]
    pub const fn is_by_itself(&self) -> bool {
        !matches!(self, Self::Administrator)
    }
}

/// How a confidential client proves who it is. Public ones prove nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum ClientProof {
    /// By a secret of its own (RFC 6749 section 2.3.1).
    #[default]
    Secret,
    /// By an assertion that it signs (RFC 7523 section 2.2).
    PrivateKeyJwt {
        /// Where its public keys are.
        keys: KeySource,
    },
}

/// Where a client's public keys are (RFC 7591 section 2: `jwks`, `jwks_uri`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// Here: a JWK set, as JSON.
    Inline(String),
    /// At this URL.
    Url(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_an_administrator_made_did_not_register_by_itself() {
        let document = Registration::Document { url: "https://app.example/c.json".to_owned() };
        assert!(Registration::Dynamic.is_by_itself() && document.is_by_itself());
        assert!(!Registration::Administrator.is_by_itself());
    }
}
