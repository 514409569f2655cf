//! Proof key for code exchange (RFC 7636): S256 only, `plain` refused.

use serde::Deserialize;
use serde::Serialize;

use crate::base::encoding;
use crate::crypto::digest;

/// A code challenge by S256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Challenge(String);

impl Challenge {
    /// Reads `code_challenge`: the base64url of 32 bytes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = encoding::base64url_decode(text)?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// Whether `verifier` is the one that this was made from.
    #[must_use]
    pub fn proved_by(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
        let made = encoding::base64url(&digest::sha256(verifier.as_bytes()));
        well_formed && digest::equal(made.as_bytes(), self.0.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

    #[test]
    fn agrees_with_the_example_of_rfc_7636_appendix_b() {
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(challenge.proved_by(VERIFIER));
        assert!(!challenge.proved_by(&VERIFIER.to_lowercase()));
    }

    #[test]
    fn a_verifier_of_another_length_or_alphabet_is_refused() {
        for verifier in ["", &"a".repeat(42), &"a".repeat(129), &format!("{}+", "a".repeat(43))] {
            let challenge = Challenge(encoding::base64url(&digest::sha256(verifier.as_bytes())));
            assert!(!challenge.proved_by(verifier));
        }
        assert!(Challenge::parse("short").is_none());
        assert!(Challenge::parse(VERIFIER).is_some());
    }
}
