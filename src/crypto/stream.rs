//! Streams: authenticated encryption of a file, piece by piece.
//!
//! The construction is STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, 2015): each piece is sealed with
//! ChaCha20-Poly1305 under a nonce of its number and of whether it is the last one. So a piece that was
//! changed, moved, left out or taken from another file does not open, nor does a file that ends too
//! soon. The key is HKDF-SHA-256(secret, salt, purpose and all that the file says of itself), for one
//! file alone: its salt is fresh, so no nonce is used twice.

use ring::aead;
use ring::hkdf;

use crate::crypto::seal::Unopenable;

/// Seals or opens the pieces of one file.
pub struct Stream(aead::LessSafeKey);

impl Stream {
    /// For the file of this salt whose head is `bound`.
    ///
    /// # Errors
    /// Never for a key of this size.
    pub fn new(secret: &[u8; 32], salt: &[u8; 32], bound: &[u8]) -> Result<Self, Unopenable> {
        let key: aead::UnboundKey = hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
            .extract(secret)
            .expand(&[b"countersign stream v1", bound], &aead::CHACHA20_POLY1305)
            .map_err(|_| Unopenable)?
            .into();
        Ok(Self(aead::LessSafeKey::new(key)))
    }

    /// Seals piece number `index` in its place; it grows by its tag.
    ///
    /// # Errors
    /// Only for a piece longer than ChaCha20-Poly1305 can take.
    pub fn seal(&self, index: u64, last: bool, piece: &mut Vec<u8>) -> Result<(), Unopenable> {
        self.0
            .seal_in_place_append_tag(nonce(index, last), aead::Aad::empty(), piece)
            .map_err(|_| Unopenable)
    }

    /// Opens what [`Self::seal`] made of the same piece.
    ///
    /// # Errors
    /// One error for every reason.
    pub fn open(&self, index: u64, last: bool, piece: &mut Vec<u8>) -> Result<(), Unopenable> {
        let opened = self.0.open_in_place(nonce(index, last), aead::Aad::empty(), piece);
        let length = opened.map_err(|_| Unopenable)?.len();
        piece.truncate(length);
        Ok(())
    }
}

fn nonce(index: u64, last: bool) -> aead::Nonce {
    let mut bytes = [0; aead::NONCE_LEN];
    let parts = [0; 3].into_iter().chain(index.to_be_bytes()).chain([u8::from(last)]);
    for (to, from) in bytes.iter_mut().zip(parts) {
        *to = from;
    }
    aead::Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(secret: u8, salt: u8, bound: &[u8]) -> Stream {
        Stream::new(&[secret; 32], &[salt; 32], bound).unwrap()
    }

    fn opens(stream: &Stream, index: u64, last: bool, sealed: &[u8]) -> bool {
        let mut piece = sealed.to_vec();
        let opened = stream.open(index, last, &mut piece).is_ok();
        assert!(!opened || piece == b"piece");
        opened
    }

    #[test]
    fn a_piece_opens_in_its_own_file_and_place_alone() {
        let right = stream(1, 2, b"head");
        let mut sealed = b"piece".to_vec();
        right.seal(7, false, &mut sealed).unwrap();
        assert!(opens(&right, 7, false, &sealed));
        assert!(!opens(&right, 8, false, &sealed), "moved");
        assert!(!opens(&right, 7, true, &sealed), "taken for the last one");
        assert!(!opens(&stream(3, 2, b"head"), 7, false, &sealed), "another secret");
        assert!(!opens(&stream(1, 3, b"head"), 7, false, &sealed), "another file");
        assert!(!opens(&stream(1, 2, b"heap"), 7, false, &sealed), "another head");
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let stream = stream(1, 2, b"head");
        let mut sealed = b"piece".to_vec();
        stream.seal(0, true, &mut sealed).unwrap();
        for at in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[at / 8] ^= 1 << (at % 8);
            assert!(!opens(&stream, 0, true, &changed), "bit {at}");
        }
        for length in 0..sealed.len() {
            assert!(!opens(&stream, 0, true, &sealed[..length]));
        }
    }
}
