//! Sealing: authenticated encryption of small texts, each under a key of its own.
//!
//! `version ‖ salt ‖ ciphertext ‖ tag`. The message key is HKDF-SHA-256(secret, salt, purpose), so
//! no nonce is ever used twice: every message has a fresh 256-bit salt, and the purpose and the
//! associated data say where a sealed text may be opened. ChaCha20-Poly1305 (RFC 8439).

use ring::aead;
use ring::hkdf;

const VERSION: u8 = 1;
const SALT: usize = 32;

/// The sealed text is not what was sealed here, for this purpose, under this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed text cannot be opened")]
pub struct Unopenable;

/// Seals `plain` under `secret`. The salt must be fresh random bytes.
///
/// # Errors
/// Only for a text longer than ChaCha20-Poly1305 can take.
pub fn seal(
    secret: &[u8],
    purpose: &str,
    associated: &[u8],
    plain: &[u8],
    salt: [u8; SALT],
) -> Result<Vec<u8>, Unopenable> {
    let key = message_key(secret, &salt, purpose)?;
    let mut text = plain.to_vec();
    key.seal_in_place_append_tag(zero_nonce(), aead::Aad::from(associated), &mut text)
        .map_err(|_| Unopenable)?;
    let mut sealed = Vec::with_capacity(1 + SALT + text.len());
    sealed.push(VERSION);
    sealed.extend_from_slice(&salt);
    sealed.append(&mut text);
    Ok(sealed)
}

/// Opens what [`seal`] made for the same purpose and associated data.
///
/// # Errors
/// One error for every reason: a caller learns nothing from it.
pub fn open(
    secret: &[u8],
    purpose: &str,
    associated: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, Unopenable> {
    let (&version, rest) = sealed.split_first().ok_or(Unopenable)?;
    let (salt, text) = rest.split_at_checked(SALT).ok_or(Unopenable)?;
    if version != VERSION {
        return Err(Unopenable);
    }
    let key = message_key(secret, salt, purpose)?;
    let mut text = text.to_vec();
    let length = key
        .open_in_place(zero_nonce(), aead::Aad::from(associated), &mut text)
        .map_err(|_| Unopenable)?
        .len();
    text.truncate(length);
    Ok(text)
}

fn message_key(secret: &[u8], salt: &[u8], purpose: &str) -> Result<aead::LessSafeKey, Unopenable> {
    let key: aead::UnboundKey = hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[purpose.as_bytes()], &aead::CHACHA20_POLY1305)
        .map_err(|_| Unopenable)?
        .into();
    Ok(aead::LessSafeKey::new(key))
}

/// Each key seals one message, so its nonce may be constant.
fn zero_nonce() -> aead::Nonce {
    aead::Nonce::assume_unique_for_key([0; aead::NONCE_LEN])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_only_for_the_same_key_purpose_and_associated_data() {
        let sealed = seal(b"key", "totp", b"user 1", b"seed", [7; 32]).unwrap();
        assert_eq!(open(b"key", "totp", b"user 1", &sealed).unwrap(), b"seed");
        assert_eq!(open(b"other", "totp", b"user 1", &sealed), Err(Unopenable));
        assert_eq!(open(b"key", "handle", b"user 1", &sealed), Err(Unopenable));
        assert_eq!(open(b"key", "totp", b"user 2", &sealed), Err(Unopenable));
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let sealed = seal(b"key", "totp", b"", b"seed", [7; 32]).unwrap();
        for at in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert_eq!(open(b"key", "totp", b"", &changed), Err(Unopenable), "bit {at}");
        }
        for length in 0..sealed.len() {
            assert_eq!(open(b"key", "totp", b"", &sealed[..length]), Err(Unopenable));
        }
    }
}
