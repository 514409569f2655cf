//! A client's own key, and the assertions that it signs with it.

use countersign::base::encoding::base64url;
use ring::rand::SystemRandom;
use ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use ring::signature::EcdsaKeyPair;
use ring::signature::KeyPair as _;
use ring::signature::RSA_PKCS1_SHA256;
use ring::signature::RsaKeyPair;
use ring::signature::RsaPublicKeyComponents;
use serde_json::Value;
use serde_json::json;

pub struct Signer {
    kid: String,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
}

#[expect(clippy::disallowed_methods, reason = "a test's key is as random as it likes")]
fn random() -> SystemRandom {
    SystemRandom::new()
}

impl Signer {
    /// Always the same key: making one takes long.
    pub fn rsa(kid: &str) -> Self {
        let key = RsaKeyPair::from_pkcs8(include_bytes!("../keys/rsa.pk8")).unwrap();
        Self { kid: kid.to_owned(), key: Key::Rsa(Box::new(key)) }
    }

    /// A new key.
    pub fn p256(kid: &str) -> Self {
        let (kind, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, random());
        let made = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(kind, made.as_ref(), &random).unwrap();
        Self { kid: kid.to_owned(), key: Key::P256(Box::new(key)) }
    }

    /// Its public half.
    pub fn jwk(&self) -> Value {
        match &self.key {
            Key::Rsa(key) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
                let (n, e) = (base64url(&public.n), base64url(&public.e));
                json!({"kty": "RSA", "kid": self.kid, "use": "sig", "alg": "RS256", "n": n, "e": e})
            }
            Key::P256(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = (base64url(&point[1..33]), base64url(&point[33..]));
                json!({"kty": "EC", "kid": self.kid, "crv": "P-256", "x": x, "y": y})
            }
        }
    }

    /// A set with this key alone.
    pub fn jwks(&self) -> Value {
        json!({"keys": [self.jwk()]})
    }

    /// Signs claims.
    pub fn sign(&self, claims: &Value) -> String {
        let alg = if matches!(self.key, Key::Rsa(_)) { "RS256" } else { "ES256" };
        self.sign_with(&json!({"alg": alg, "kid": self.kid, "typ": "JWT"}), claims)
    }

    /// Signs claims under a header that may say anything.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = match &self.key {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random(), signed.as_bytes(), &mut signature).unwrap();
                signature
            }
            Key::P256(key) => key.sign(&random(), signed.as_bytes()).unwrap().as_ref().to_vec(),
        };
        format!("{signed}.{}", base64url(&signature))
    }
}
