//! Text forms of bytes: base62 of fixed length for what people copy, base64url and hex for the rest.

use data_encoding::BASE64;
use data_encoding::BASE64URL_NOPAD;
use data_encoding::HEXLOWER;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits that are worked out at once: as many as keep each step within 64 bits.
const CHUNK_DIGITS: usize = 5;
const CHUNK: u64 = 62_u64.pow(5);

/// Letters that `bytes` bytes take in base62.
#[must_use]
pub const fn base62_length(bytes: usize) -> usize {
    match bytes {
        4 => 6,
        16 => 22,
        32 => 43,
        // log(256) / log(62), rounded up with a margin that the lengths above do not need.
        other => other * 1344 / 1000 + 1,
    }
}

/// Writes `bytes`, read as one big-endian number, in base62, padded to its fixed length.
/// Numbers and texts sort alike.
#[must_use]
pub fn base62(bytes: &[u8]) -> String {
    let mut limbs: Vec<u32> = bytes.rchunks(4).rev().map(be_limb).collect();
    let mut text = vec![b'0'; base62_length(bytes.len())];
    for part in text.rchunks_mut(CHUNK_DIGITS) {
        let mut chunk = divide(&mut limbs);
        for letter in part.iter_mut().rev() {
            *letter = digit(chunk % 62);
            chunk /= 62;
        }
    }
    // Digits are ASCII, so this cannot fail.
    String::from_utf8(text).unwrap_or_default()
}

/// Reads what [`base62`] wrote. `None` for another length, another alphabet, or a number that does
/// not fit: every value has exactly one text.
#[must_use]
pub fn base62_decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != base62_length(N) {
        return None;
    }
    let mut limbs = vec![0_u32; N.div_ceil(4)];
    for part in text.as_bytes().chunks(CHUNK_DIGITS) {
        let mut value = 0_u64;
        let mut scale = 1_u64;
        for byte in part {
            value = value * 62 + digit_value(*byte)?;
            scale *= 62;
        }
        multiply_add(&mut limbs, scale, value)?;
    }
    let all: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_be_bytes()).collect();
    let spare = all.len().checked_sub(N)?;
    if all.iter().take(spare).any(|byte| *byte != 0) {
        return None;
    }
    all.get(spare..)?.try_into().ok()
}

/// Writes `bytes` in base64 with padding, where a standard asks for it.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

fn be_limb(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |limb, byte| (limb << 8) | u32::from(*byte))
}

/// Divides the big-endian number in `limbs` by 62^5 in place and returns the remainder.
fn divide(limbs: &mut [u32]) -> u64 {
    let mut remainder = 0_u64;
    for limb in limbs.iter_mut() {
        let value = (remainder << 32) | u64::from(*limb);
        // The remainder is below 62^5, so the quotient fits.
        *limb = u32::try_from(value / CHUNK).unwrap_or(u32::MAX);
        remainder = value % CHUNK;
    }
    remainder
}

/// `limbs * scale + addend` in place; `None` when it does not fit.
fn multiply_add(limbs: &mut [u32], scale: u64, addend: u64) -> Option<()> {
    let mut carry = addend;
    for limb in limbs.iter_mut().rev() {
        let value = u64::from(*limb).checked_mul(scale)?.checked_add(carry)?;
        *limb = u32::try_from(value & u64::from(u32::MAX)).ok()?;
        carry = value >> 32;
    }
    (carry == 0).then_some(())
}

fn digit(value: u64) -> u8 {
    usize::try_from(value).ok().and_then(|at| DIGITS.get(at)).copied().unwrap_or(b'0')
}

fn digit_value(byte: u8) -> Option<u64> {
    let value = match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'Z' => byte - b'A' + 10,
        b'a'..=b'z' => byte - b'a' + 36,
        _ => return None,
    };
    Some(u64::from(value))
}

/// Base64url without padding (RFC 4648 section 5).
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Reads base64url without padding; `None` for anything else, trailing bits included.
#[must_use]
pub fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

/// Base32 without padding, as authenticator apps take a seed (RFC 4648 section 6).
#[must_use]
pub fn base32(bytes: &[u8]) -> String {
    data_encoding::BASE32_NOPAD.encode(bytes)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn base62_reads_back_what_it_wrote(bytes: [u8; 32], id: [u8; 16], sum: [u8; 4]) {
            prop_assert_eq!(base62_decode::<32>(&base62(&bytes)), Some(bytes));
            prop_assert_eq!(base62_decode::<16>(&base62(&id)), Some(id));
            prop_assert_eq!(base62_decode::<4>(&base62(&sum)), Some(sum));
            prop_assert_eq!(base62(&bytes).len(), 43);
        }

        #[test]
        fn base62_sorts_as_its_numbers_do(a: [u8; 16], b: [u8; 16]) {
            prop_assert_eq!(a.cmp(&b), base62(&a).cmp(&base62(&b)));
        }
    }

    #[test]
    fn base62_refuses_a_number_that_does_not_fit_its_bytes() {
        assert_eq!(base62_decode::<16>(&"z".repeat(22)), None);
        assert_eq!(base62_decode::<4>("zzzzzz"), None);
    }

    #[test]
    fn base62_refuses_another_length_or_alphabet() {
        assert_eq!(base62_decode::<4>("00000"), None);
        assert_eq!(base62_decode::<4>("0000000"), None);
        assert_eq!(base62_decode::<4>("00000-"), None);
    }
}
