//! Public keys as authenticators give them (COSE, RFC 9052 section 7 and RFC 9053), the signatures
//! that they check, and the CBOR (RFC 8949) around them.

use ciborium::Value;
use ring::signature;
use serde::Deserialize;
use serde::Serialize;

use crate::base::encoding;

/// How an authenticator signs. The numbers are those of the IANA registry of COSE algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// All that are taken, the preferred first.
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }
}

/// A public key that checks signatures of the one algorithm that it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "snake_case")]
pub enum PublicKey {
    /// An uncompressed point of P-256, in base64url.
    Es256 {
        /// The point.
        point: String,
    },
    /// A point of Ed25519, in base64url.
    EdDsa {
        /// The point.
        point: String,
    },
    /// Modulus and exponent of 2048 to 8192 bits, in base64url.
    Rs256 {
        /// The modulus.
        n: String,
        /// The exponent.
        e: String,
    },
}

const KEY_TYPE: i128 = 1;
const ALGORITHM: i128 = 3;
/// Parameters of a type have numbers from here downwards.
const FIRST: i128 = -1;
const SECOND: i128 = -2;
const THIRD: i128 = -3;

const OKP: i128 = 1;
const EC2: i128 = 2;
const RSA: i128 = 3;
const P256: i128 = 1;
const ED25519: i128 = 6;

impl PublicKey {
    /// Reads the `COSE_Key` that `bytes` begin with, and says what comes after it. None for a type or
    /// an algorithm that is not taken.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let mut rest = bytes;
        let Value::Map(map) = ciborium::from_reader(&mut rest).ok()? else { return None };
        let map = Map(&map);
        let key = match (map.number(KEY_TYPE)?, map.number(ALGORITHM)?) {
            (EC2, alg) if alg == i128::from(Algorithm::Es256.number()) => {
                let (x, y) = (map.bytes(SECOND)?, map.bytes(THIRD)?);
                let sound = map.number(FIRST)? == P256 && x.len() == 32 && y.len() == 32;
                let point = encoding::base64url(&[&[4], x, y].concat());
                sound.then_some(Self::Es256 { point })
            }
            (OKP, alg) if alg == i128::from(Algorithm::EdDsa.number()) => {
                let x = map.bytes(SECOND)?;
                let sound = map.number(FIRST)? == ED25519 && x.len() == 32;
                sound.then_some(Self::EdDsa { point: encoding::base64url(x) })
            }
            (RSA, alg) if alg == i128::from(Algorithm::Rs256.number()) => {
                let (n, e) = (positive(map.bytes(FIRST)?), positive(map.bytes(SECOND)?));
                let sound = (256..=1024).contains(&n.len()) && (1..=4).contains(&e.len());
                let text = encoding::base64url;
                sound.then(|| Self::Rs256 { n: text(n), e: text(e) })
            }
            _ => None,
        };
        Some((key?, rest))
    }

    /// Whether `signature` is one of this key under `message`, in the form that authenticators give
    /// it (WebAuthn section 6.5.5).
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let bytes = |text: &String| encoding::base64url_decode(text).unwrap_or_default();
        match self {
            Self::Es256 { point } => {
                let key = (&signature::ECDSA_P256_SHA256_ASN1, bytes(point));
                signature::UnparsedPublicKey::new(key.0, key.1).verify(message, signature)
            }
            Self::EdDsa { point } => {
                signature::UnparsedPublicKey::new(&signature::ED25519, bytes(point))
                    .verify(message, signature)
            }
            Self::Rs256 { n, e } => signature::RsaPublicKeyComponents { n: bytes(n), e: bytes(e) }
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature),
        }
        .is_ok()
    }
}

/// What an attestation object (WebAuthn section 6.5.4) says of the authenticator. Its statement is
/// not looked at: no attestation is asked for.
#[must_use]
pub fn authenticator_data(attestation: &[u8]) -> Option<Vec<u8>> {
    let mut rest = attestation;
    let Value::Map(map) = ciborium::from_reader(&mut rest).ok()? else { return None };
    let named = map.into_iter().find(|(key, _)| key.as_text() == Some("authData"));
    named?.1.into_bytes().ok().filter(|_| rest.is_empty())
}

/// A number without the zeros before it.
fn positive(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

struct Map<'a>(&'a [(Value, Value)]);

impl<'a> Map<'a> {
    fn get(&self, key: i128) -> Option<&'a Value> {
        let is_it = |(name, _): &&(Value, Value)| name.as_integer().map(i128::from) == Some(key);
        self.0.iter().find(is_it).map(|(_, value)| value)
    }

    fn number(&self, key: i128) -> Option<i128> {
        self.get(key)?.as_integer().map(i128::from)
    }

    fn bytes(&self, key: i128) -> Option<&'a [u8]> {
        self.get(key)?.as_bytes().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ring::rand::SystemRandom;
    use ring::signature::EcdsaKeyPair;
    use ring::signature::Ed25519KeyPair;
    use ring::signature::KeyPair as _;

    fn cbor(pairs: Vec<(i64, Value)>) -> Vec<u8> {
        let pairs = pairs.into_iter().map(|(key, value)| (Value::from(key), value)).collect();
        let mut bytes = Vec::new();
        ciborium::into_writer(&Value::Map(pairs), &mut bytes).unwrap();
        bytes
    }

    fn ec2(x: &[u8], y: &[u8], algorithm: i64, curve: i64) -> Vec<u8> {
        cbor(vec![
            (1, 2.into()),
            (3, algorithm.into()),
            (-1, curve.into()),
            (-2, Value::from(x)),
            (-3, Value::from(y)),
        ])
    }

    #[test]
    fn a_p256_key_checks_its_own_signatures_and_no_others() {
        #[expect(clippy::disallowed_methods, reason = "a test's own randomness")]
        let random = SystemRandom::new();
        let kind = &signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, document.as_ref(), &random).unwrap();
        let point = pair.public_key().as_ref();
        let mut bytes = ec2(&point[1..33], &point[33..], -7, 1);
        bytes.extend(b"after");
        let (key, rest) = PublicKey::read(&bytes).unwrap();
        assert_eq!(rest, b"after");
        let signed = pair.sign(&random, b"message").unwrap();
        assert!(key.signed(b"message", signed.as_ref()));
        assert!(!key.signed(b"Message", signed.as_ref()));
        assert!(!key.signed(b"message", &signed.as_ref()[1..]));
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&text).unwrap(), key);
    }

    #[test]
    fn an_ed25519_key_checks_its_own_signatures_and_no_others() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let point = pair.public_key().as_ref();
        let bytes =
            cbor(vec![(1, 1.into()), (3, (-8).into()), (-1, 6.into()), (-2, Value::from(point))]);
        let (key, _) = PublicKey::read(&bytes).unwrap();
        assert!(key.signed(b"message", pair.sign(b"message").as_ref()));
        assert!(!key.signed(b"message", pair.sign(b"Message").as_ref()));
    }

    #[test]
    fn keys_of_other_types_curves_algorithms_and_sizes_are_not_taken() {
        let (x, y) = ([1; 32], [2; 32]);
        assert!(PublicKey::read(&ec2(&x, &y, -7, 1)).is_some());
        for (algorithm, curve) in [(-7, 2), (-8, 1), (-257, 1), (-65535, 1), (5, 1)] {
            assert!(PublicKey::read(&ec2(&x, &y, algorithm, curve)).is_none(), "{algorithm}");
        }
        assert!(PublicKey::read(&ec2(&x[1..], &y, -7, 1)).is_none());
        let rsa = |bytes: usize| {
            let n = Value::from(vec![0xff; bytes]);
            cbor(vec![
                (1, 3.into()),
                (3, (-257).into()),
                (-1, n),
                (-2, Value::from(&[1, 0, 1][..])),
            ])
        };
        assert!(PublicKey::read(&rsa(256)).is_some());
        assert!(PublicKey::read(&rsa(128)).is_none());
        assert!(PublicKey::read(&rsa(1025)).is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes: Vec<u8>) {
            let _ = PublicKey::read(&bytes);
            let _ = authenticator_data(&bytes);
        }
    }

    #[test]
    fn what_nests_or_promises_too_much_is_refused() {
        assert!(PublicKey::read(&vec![0x81; 60_000]).is_none(), "arrays in arrays");
        assert!(PublicKey::read(&[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_none());
        assert!(
            authenticator_data(&[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_none()
        );
    }
}
