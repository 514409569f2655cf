//! Signatures of others: compact JWS (RFC 7515) by RS256 or ES256 (RFC 7518), checked with public
//! keys from a JWK set (RFC 7517).
//!
//! Two algorithms and no more: whatever else a header names (`none`, HMAC, PSS) is unreadable. The
//! key never comes from the token itself, and a key serves the one algorithm that its type has.

use ring::signature;
use serde::Deserialize;
use serde_json::Value;

use crate::base::encoding;

/// Keys of a set that are looked at.
const MOST_KEYS: usize = 32;
/// Keys that are tried when the token does not say which.
const MOST_TRIED: usize = 8;
/// A token that is longer is not read.
const LONGEST: usize = 8 * 1024;

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            _ => None,
        }
    }
}

/// A token taken apart; nothing in it is proven.
#[derive(Clone, PartialEq, Eq)]
pub struct UnprovenToken {
    signed: String,
    payload: Vec<u8>,
    signature: Vec<u8>,
    algorithm: Algorithm,
    kid: Option<String>,
}

/// Of a header nothing else is read: `jku`, `jwk`, `x5u` and `x5c` point at keys of the sender's own
/// choice.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl UnprovenToken {
    /// Takes a compact JWS apart. None for anything else, another algorithm, and for a header that
    /// demands to be understood (`crit`).
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        let header: Header = serde_json::from_slice(&encoding::base64url_decode(header)?).ok()?;
        if header.crit.is_some() {
            return None;
        }
        Some(Self {
            signed: signed.to_owned(),
            payload: encoding::base64url_decode(payload)?,
            signature: encoding::base64url_decode(signature)?,
            algorithm: Algorithm::named(&header.alg)?,
            kid: header.kid,
        })
    }

    /// What it carries. Not proven until [`KeySet::verify`] says so.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

/// Public keys that check signatures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet(Vec<PublicKey>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct PublicKey {
    kid: Option<String>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
}

/// The text is no set of public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAKeySet {
    /// No JSON object with an array `keys`.
    #[error("it is no JSON object with an array \"keys\"")]
    Malformed,
    /// A private or a shared key, which others could have read.
    #[error("it contains a private or shared key")]
    NotPublic,
    /// No RSA key of 2048 to 8192 bits and no P-256 key for signatures.
    #[error("it has no RSA key of 2048 to 8192 bits and no P-256 key for signatures")]
    NoUsableKey,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotProven {
    /// No key of the set is the one that the token names, or of the type that it needs.
    KeyUnknown,
    /// The signature is no signature of the key.
    Signature,
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a JWK set. Keys of other types or purposes are passed over (RFC 7517 section 5).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(json: &[u8]) -> Result<Self, NotAKeySet> {
        let set: Jwks = serde_json::from_slice(json).map_err(|_| NotAKeySet::Malformed)?;
        let tells = |key: &Value| key.get("d").is_some() || key.get("k").is_some();
        if set.keys.iter().any(tells) {
            return Err(NotAKeySet::NotPublic);
        }
        let keys = set.keys.into_iter().take(MOST_KEYS);
        let keys: Vec<_> = keys.filter_map(PublicKey::read).collect();
        if keys.is_empty() { Err(NotAKeySet::NoUsableKey) } else { Ok(Self(keys)) }
    }

    /// Checks the signature of `token` with the key that it names; if it names none, with every key
    /// of the type that it needs.
    ///
    /// # Errors
    /// [`NotProven`].
    pub fn verify(&self, token: &UnprovenToken) -> Result<(), NotProven> {
        let fits = |key: &&PublicKey| {
            key.algorithm() == token.algorithm && (token.kid.is_none() || key.kid == token.kid)
        };
        let candidates: Vec<_> = self.0.iter().filter(fits).take(MOST_TRIED).collect();
        if candidates.is_empty() {
            return Err(NotProven::KeyUnknown);
        }
        let signs = |key: &&PublicKey| key.signed(token.signed.as_bytes(), &token.signature);
        if candidates.iter().any(signs) { Ok(()) } else { Err(NotProven::Signature) }
    }
}

impl PublicKey {
    fn read(value: Value) -> Option<Self> {
        let key: Jwk = serde_json::from_value(value).ok()?;
        if key.purpose.as_deref().is_some_and(|purpose| purpose != "sig")
            || key.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify"))
        {
            return None;
        }
        let number = |text: &Option<String>| encoding::base64url_decode(text.as_deref()?);
        let material = match (key.kty.as_str(), key.alg.as_deref()) {
            ("RSA", None | Some("RS256")) => {
                Material::Rsa { n: positive(number(&key.n)?), e: positive(number(&key.e)?) }
            }
            ("EC", None | Some("ES256")) if key.crv.as_deref() == Some("P-256") => {
                Material::P256(point(&number(&key.x)?, &number(&key.y)?)?)
            }
            _ => return None,
        };
        let key = Self { kid: key.kid, material };
        key.is_strong().then_some(key)
    }

    const fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::P256(_) => Algorithm::Es256,
        }
    }

    /// An RSA modulus of 2048 to 8192 bits; ring refuses others too, but then as a wrong signature.
    fn is_strong(&self) -> bool {
        match &self.material {
            Material::Rsa { n, e } => {
                let bits =
                    n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
                (2048..=8192).contains(&bits) && !e.is_empty() && e.len() <= 4
            }
            Material::P256(_) => true,
        }
    }

    fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Rsa { n, e } => signature::RsaPublicKeyComponents { n, e }
                .verify(&signature::RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Material::P256(point) => {
                signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, signature)
                    .is_ok()
            }
        }
    }
}

/// A number without the zeros before it.
fn positive(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

/// An uncompressed point (SEC 1 section 2.3.3).
fn point(x: &[u8], y: &[u8]) -> Option<Vec<u8>> {
    (x.len() == 32 && y.len() == 32).then(|| [&[4], x, y].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 appendix A.2 and A.3.
    const RSA_KEY: &str = r#"{"kty":"RSA","kid":"r","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
    const RSA_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const EC_KEY: &str = r#"{"kty":"EC","kid":"e","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    const EC_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn set(keys: &[&str]) -> Result<KeySet, NotAKeySet> {
        KeySet::read(format!("{{\"keys\":[{}]}}", keys.join(",")).as_bytes())
    }

    fn with_header(token: &str, header: &str) -> String {
        let (_, rest) = token.split_once('.').unwrap();
        format!("{}.{rest}", encoding::base64url(header.as_bytes()))
    }

    #[test]
    fn the_examples_of_the_standard_are_verified_by_their_own_key_alone() {
        let (rsa, ec) = (set(&[RSA_KEY]).unwrap(), set(&[EC_KEY]).unwrap());
        let both = set(&[EC_KEY, RSA_KEY]).unwrap();
        let of_rsa = UnprovenToken::read(RSA_TOKEN).unwrap();
        let of_ec = UnprovenToken::read(EC_TOKEN).unwrap();
        assert_eq!(rsa.verify(&of_rsa), Ok(()));
        assert_eq!(ec.verify(&of_ec), Ok(()));
        assert_eq!((both.verify(&of_rsa), both.verify(&of_ec)), (Ok(()), Ok(())));
        assert_eq!(rsa.verify(&of_ec), Err(NotProven::KeyUnknown));
        assert_eq!(ec.verify(&of_rsa), Err(NotProven::KeyUnknown));
    }

    #[test]
    fn a_signature_over_anything_else_does_not_count() {
        let key = set(&[RSA_KEY]).unwrap();
        let (signed, _) = RSA_TOKEN.rsplit_once('.').unwrap();
        for token in [
            RSA_TOKEN.replacen("eyJpc3Mi", "eyJpc3Nj", 1),
            format!("{signed}.AAAA"),
            format!("{signed}."),
            with_header(RSA_TOKEN, r#"{"alg":"RS256","typ":"JWT"}"#),
        ] {
            let token = UnprovenToken::read(&token).unwrap();
            assert_eq!(key.verify(&token), Err(NotProven::Signature));
        }
    }

    #[test]
    fn no_other_algorithm_is_read_and_no_header_that_must_be_understood() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"PS256"}"#,
            r#"{"alg":"RS512"}"#,
            r#"{"alg":"rs256"}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{"alg":""}"#,
            r#"{"typ":"JWT"}"#,
            r#"{"alg":"RS256","crit":["b64"]}"#,
            r#"{"alg":"RS256","alg":"none"}"#,
            r#"{"alg":"RS256","kid":7}"#,
            "",
            "[]",
        ] {
            let token = with_header(RSA_TOKEN, header);
            assert!(UnprovenToken::read(&token).is_none(), "{header}");
        }
        for token in ["", ".", "..", "a.b", "a.b.c.d", &"a".repeat(LONGEST + 1)] {
            assert!(UnprovenToken::read(token).is_none(), "{token}");
        }
    }

    #[test]
    fn the_named_key_and_no_other_is_tried() {
        let token = |kid: &str| {
            let header = format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#);
            UnprovenToken::read(&with_header(RSA_TOKEN, &header)).unwrap()
        };
        let key = set(&[RSA_KEY]).unwrap();
        // The header is signed too, so the right key says that this is none of its signatures.
        assert_eq!(key.verify(&token("r")), Err(NotProven::Signature));
        assert_eq!(key.verify(&token("other")), Err(NotProven::KeyUnknown));
    }

    #[test]
    fn a_set_with_a_private_or_shared_key_is_none() {
        let private = EC_KEY.replace("\"kid\"", "\"d\":\"AA\",\"kid\"");
        for keys in [&[private.as_str()][..], &[RSA_KEY, r#"{"kty":"oct","k":"AA"}"#]] {
            assert_eq!(set(keys), Err(NotAKeySet::NotPublic));
        }
    }

    #[test]
    fn keys_that_are_weak_or_for_something_else_are_passed_over() {
        let weak = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, "q".repeat(171));
        let huge = format!(r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#, "q".repeat(1400));
        let padded =
            format!(r#"{{"kty":"RSA","n":"{}{}","e":"AQAB"}}"#, "A".repeat(180), "q".repeat(171));
        let unusable = [
            weak,
            huge,
            padded,
            RSA_KEY.replace("\"kid\"", "\"use\":\"enc\",\"kid\""),
            RSA_KEY.replace("\"kid\"", "\"key_ops\":[\"encrypt\"],\"kid\""),
            RSA_KEY.replace("\"kid\"", "\"alg\":\"PS256\",\"kid\""),
            EC_KEY.replace("P-256", "P-384"),
            EC_KEY.replace("f83O", ""),
            r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#.to_owned(),
        ];
        for key in &unusable {
            assert_eq!(set(&[key]), Err(NotAKeySet::NoUsableKey), "{key}");
        }
        for text in ["", "[]", "{}", r#"{"keys":{}}"#] {
            assert_eq!(KeySet::read(text.as_bytes()), Err(NotAKeySet::Malformed), "{text}");
        }
    }
}
