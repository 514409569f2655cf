//! The keys of an installation: one master key outside the data file, everything else under it.

use std::sync::PoisonError;
use std::sync::RwLock;

use ring::hkdf;
use ring::hmac;
use zeroize::Zeroizing;

use crate::base::encoding;
use crate::crypto::digest;
use crate::crypto::seal;
use crate::crypto::seal::Unopenable;
use crate::crypto::signature::SigningPair;
use crate::crypto::token::HashedToken;
use crate::crypto::token::PlainToken;

/// The 256 bits that everything at rest depends on. Kept in a file or a systemd credential, never
/// in the data file.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// From its bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to write the key file.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// What the data file holds to recognise its key: tells nothing about the key itself.
    #[must_use]
    pub fn check_value(&self) -> [u8; 32] {
        self.derive("countersign key check v1")
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut out = [0; 32];
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"countersign");
        // 32 bytes are within HKDF's limit for SHA-256, so neither step can fail.
        if let Ok(okm) = salt.extract(self.0.as_ref()).expand(&[purpose.as_bytes()], Bytes32) {
            let _ = okm.fill(&mut out);
        }
        out
    }
}

struct Bytes32;

impl hkdf::KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

/// The server key under which tokens are hashed; versioned, so that it can be rotated while rows
/// hashed under an older one still verify.
#[derive(Clone)]
pub struct TokenKey {
    /// Stored with every hash.
    pub version: u8,
    /// The key.
    pub bytes: Zeroizing<[u8; 32]>,
}

/// All keys of a running installation.
pub struct Keyring {
    sealing: Zeroizing<[u8; 32]>,
    binding: hmac::Key,
    checkpoints: Option<SigningPair>,
    /// Changed only by adding a newer one.
    tokens: RwLock<Vec<(u8, hmac::Key)>>,
}

const TOKEN_KEY: &str = "token key";

impl Keyring {
    /// Opens the ring. The last of `token_keys` is the one that new tokens are hashed under.
    #[must_use]
    pub fn new(master: &MasterKey, token_keys: &[TokenKey]) -> Self {
        Self {
            sealing: Zeroizing::new(master.derive("countersign sealing v1")),
            binding: hmac_key(&master.derive("countersign binding v1")),
            checkpoints: SigningPair::from_seed(&master.derive("countersign checkpoints v1")).ok(),
            tokens: RwLock::new(token_keys.iter().map(opened).collect()),
        }
    }

    /// Hashes new tokens under `key` from now on. Those of older keys verify as before.
    pub fn adopt(&self, key: &TokenKey) {
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if tokens.iter().all(|(version, _)| *version < key.version) {
            tokens.push(opened(key));
        }
    }

    /// Seals a token key for the data file.
    ///
    /// # Errors
    /// Never for a key of this size.
    pub fn seal_token_key(
        master: &MasterKey,
        key: &TokenKey,
        salt: [u8; 32],
    ) -> Result<Vec<u8>, Unopenable> {
        let secret = master.derive("countersign sealing v1");
        seal::seal(&secret, TOKEN_KEY, &[key.version], &*key.bytes, salt)
    }

    /// As [`Self::seal_token_key`], by a ring that is open.
    ///
    /// # Errors
    /// Never for a key of this size.
    pub fn seal_next_token_key(
        &self,
        key: &TokenKey,
        salt: [u8; 32],
    ) -> Result<Vec<u8>, Unopenable> {
        seal::seal(&*self.sealing, TOKEN_KEY, &[key.version], &*key.bytes, salt)
    }

    /// Opens a token key from the data file.
    ///
    /// # Errors
    /// The master key is another one, or the row was changed.
    pub fn open_token_key(
        master: &MasterKey,
        version: u8,
        sealed: &[u8],
    ) -> Result<TokenKey, Unopenable> {
        let secret = master.derive("countersign sealing v1");
        let bytes = seal::open(&secret, TOKEN_KEY, &[version], sealed)?;
        let bytes = bytes.as_slice().try_into().map_err(|_| Unopenable)?;
        Ok(TokenKey { version, bytes: Zeroizing::new(bytes) })
    }

    /// What is stored of a token: HMAC-SHA-256 of the whole text under the current key.
    #[must_use]
    pub fn hash(&self, token: &PlainToken) -> HashedToken {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        tokens.last().map_or_else(HashedToken::unmatchable, |(version, key)| {
            HashedToken::new(*version, tag(key, token.text().as_bytes()))
        })
    }

    /// Whether `token` is the one that was hashed; in constant time.
    #[must_use]
    pub fn matches(&self, stored: &HashedToken, token: &PlainToken) -> bool {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        tokens
            .iter()
            .find(|(version, _)| *version == stored.key_version())
            .is_some_and(|(_, key)| digest::equal(&tag(key, token.text().as_bytes()), stored.mac()))
    }

    /// A tag that binds `parts` to `purpose` (form tokens, browser marks). Parts cannot run into
    /// each other: each is preceded by its length.
    #[must_use]
    pub fn bind(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.binding);
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        to_array(context.sign().as_ref())
    }

    /// Signs a checkpoint of the audit chain, as a compact JWS. None only for a pair that could not be
    /// made, which 32 bytes always can.
    #[must_use]
    pub fn sign_checkpoint(&self, payload: &[u8]) -> Option<String> {
        let header = br#"{"alg":"EdDSA","typ":"countersign-checkpoint"}"#;
        self.checkpoints.as_ref().map(|pair| pair.sign_compact(header, payload))
    }

    /// The public half of the key of checkpoints, in base64url.
    #[must_use]
    pub fn checkpoint_key(&self) -> String {
        self.checkpoints.as_ref().map(|pair| encoding::base64url(pair.public())).unwrap_or_default()
    }

    /// Seals `plain` for `purpose`; see [`seal::seal`].
    ///
    /// # Errors
    /// Only for a text too long to seal.
    pub fn seal(
        &self,
        purpose: &str,
        associated: &[u8],
        plain: &[u8],
        salt: [u8; 32],
    ) -> Result<Vec<u8>, Unopenable> {
        seal::seal(&*self.sealing, purpose, associated, plain, salt)
    }

    /// Opens what [`Self::seal`] made.
    ///
    /// # Errors
    /// One error for every reason.
    pub fn open(
        &self,
        purpose: &str,
        associated: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, Unopenable> {
        seal::open(&*self.sealing, purpose, associated, sealed)
    }
}

fn opened(key: &TokenKey) -> (u8, hmac::Key) {
    (key.version, hmac_key(&*key.bytes))
}

fn hmac_key(bytes: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, bytes)
}

fn tag(key: &hmac::Key, bytes: &[u8]) -> [u8; 32] {
    to_array(hmac::sign(key, bytes).as_ref())
}

fn to_array(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().unwrap_or([0; 32])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::entropy::SystemEntropy;
    use crate::crypto::token::TokenKind;

    fn key(version: u8) -> TokenKey {
        TokenKey { version, bytes: Zeroizing::new([version; 32]) }
    }

    #[test]
    fn a_token_hashed_under_an_older_key_still_verifies_after_a_rotation() {
        let master = MasterKey::new([1; 32]);
        let token = PlainToken::mint(
            TokenKind::AccessToken,
            false,
            Timestamp::from_millis(9),
            &SystemEntropy::new(),
        );
        let old = Keyring::new(&master, &[key(1)]).hash(&token);
        let rotated = Keyring::new(&master, &[key(1), key(2)]);
        assert!(rotated.matches(&old, &token));
        assert_eq!(rotated.hash(&token).key_version(), 2);
        assert!(!Keyring::new(&master, &[key(2)]).matches(&old, &token));
    }

    #[test]
    fn a_key_that_is_adopted_hashes_at_once_and_an_older_one_is_not_adopted_again() {
        let ring = Keyring::new(&MasterKey::new([1; 32]), &[key(1)]);
        let moment = Timestamp::from_millis(9);
        let token = PlainToken::mint(TokenKind::AccessToken, false, moment, &SystemEntropy::new());
        let old = ring.hash(&token);
        ring.adopt(&key(2));
        ring.adopt(&key(1));
        assert_eq!(ring.hash(&token).key_version(), 2);
        assert!(ring.matches(&old, &token));
    }

    #[test]
    fn a_wrong_master_key_opens_no_token_key_and_has_another_check_value() {
        let (right, wrong) = (MasterKey::new([1; 32]), MasterKey::new([2; 32]));
        let sealed = Keyring::seal_token_key(&right, &key(1), [0; 32]).unwrap();
        assert!(Keyring::open_token_key(&right, 1, &sealed).is_ok());
        assert!(Keyring::open_token_key(&wrong, 1, &sealed).is_err());
        assert!(Keyring::open_token_key(&right, 2, &sealed).is_err());
        assert_ne!(right.check_value(), wrong.check_value());
    }

    #[test]
    fn bound_parts_do_not_run_into_each_other() {
        let ring = Keyring::new(&MasterKey::new([1; 32]), &[]);
        assert_ne!(ring.bind("form", &[b"ab", b"c"]), ring.bind("form", &[b"a", b"bc"]));
        assert_ne!(ring.bind("form", &[b"a"]), ring.bind("other", &[b"a"]));
    }
}
