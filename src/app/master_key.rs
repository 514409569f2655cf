//! The master key's file: 64 hexadecimal digits and a newline, or 32 raw bytes.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use data_encoding::HEXLOWER_PERMISSIVE;
use zeroize::Zeroizing;

use crate::app::durable;
use crate::app::open_error::OpenError;
use crate::base::encoding;
use crate::base::entropy;
use crate::base::entropy::Entropy;
use crate::config;
use crate::crypto::keyring::MasterKey;

/// Reads the key; none if there is no such file.
pub(super) fn read(from: &config::MasterKey) -> Result<Option<MasterKey>, OpenError> {
    let path = from.path();
    let bytes = match fs::read(path) {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(OpenError::Unusable { path: path.to_owned(), error }),
    };
    // Credentials and named files are their provider's to guard; ours is 0400 and stays so.
    if matches!(from, config::MasterKey::InFolder(_)) && is_exposed(path) {
        return Err(OpenError::KeyExposed(path.to_owned()));
    }
    parse(&bytes).map(Some).ok_or_else(|| OpenError::KeyMalformed(path.to_owned()))
}

/// Makes a key and its file; never over another one.
pub(super) fn make(path: &Path, entropy: &dyn Entropy) -> Result<MasterKey, OpenError> {
    let key = MasterKey::new(entropy::draw(entropy));
    write(path, &key)?;
    Ok(key)
}

/// Writes the file of a key; never over another one.
pub(super) fn write(path: &Path, key: &MasterKey) -> Result<(), OpenError> {
    let text = Zeroizing::new(format!("{}\n", encoding::hex(key.expose())));
    durable::write_secret(path, text.as_bytes())
        .map_err(|error| OpenError::Unusable { path: path.to_owned(), error })
}

fn is_exposed(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0)
}

fn parse(bytes: &[u8]) -> Option<MasterKey> {
    if let Ok(raw) = bytes.try_into() {
        return Some(MasterKey::new(raw));
    }
    let digits = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let decoded = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(digits).ok()?);
    decoded.as_slice().try_into().ok().map(MasterKey::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_hexadecimal_digits_or_raw_bytes() {
        let expected = [0xab; 32];
        for text in ["ab".repeat(32), "AB".repeat(32) + "\n"] {
            assert_eq!(parse(text.as_bytes()).unwrap().expose(), &expected);
        }
        assert_eq!(parse(&expected).unwrap().expose(), &expected);
    }

    #[test]
    fn anything_else_is_no_key() {
        for wrong in ["", "ab", &"ab".repeat(31), &"ab".repeat(33), &"xy".repeat(32)] {
            assert!(parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
