//! Our own signatures: Ed25519 (RFC 8032), written as compact JWS (RFC 7515, RFC 8037).

use ring::signature::Ed25519KeyPair;
use ring::signature::KeyPair as _;

use crate::base::encoding;

/// The bytes are no seed of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no signing key")]
pub struct NotAKey;

/// A pair of keys that signs.
pub struct SigningPair(Ed25519KeyPair);

impl SigningPair {
    /// The pair that grows from 32 random bytes.
    ///
    /// # Errors
    /// The seed has another length.
    pub fn from_seed(seed: &[u8]) -> Result<Self, NotAKey> {
        // Unchecked: no public key was stored that it could be held against.
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| NotAKey)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// `payload` under `header`, signed: `header.payload.signature`, each in base64url.
    #[must_use]
    pub fn sign_compact(&self, header: &[u8], payload: &[u8]) -> String {
        let mut text = encoding::base64url(header);
        text.push('.');
        text.push_str(&encoding::base64url(payload));
        let signature = self.0.sign(text.as_bytes());
        text.push('.');
        text.push_str(&encoding::base64url(signature.as_ref()));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A.4: the key of appendix A.1 signs "Example of Ed25519 signing".
    #[test]
    fn signs_the_example_of_rfc_8037() {
        let seed =
            encoding::base64url_decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let pair = SigningPair::from_seed(&seed).unwrap();
        let public = encoding::base64url(pair.public());
        assert_eq!(public, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let signed = pair.sign_compact(br#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing");
        assert_eq!(
            signed,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn a_seed_of_another_length_is_no_key() {
        for length in [0, 31, 33, 64] {
            assert!(SigningPair::from_seed(&vec![7; length]).is_err(), "{length}");
        }
    }
}
