//! What a backup begins with: what it is, its version, and how it is sealed.
//!
//! `"countersign backup\n" ‖ version ‖ kind`, then in a sealed one `memory ‖ passes ‖ salt ‖ check`, and
//! the SHA-256 of all that.

use std::io::Read;

use crate::base::secret::Secret;
use crate::crypto::digest;
use crate::crypto::passphrase;
use crate::crypto::passphrase::PassphraseKey;
use crate::crypto::password::Cost;
use crate::crypto::stream::Stream;
use crate::store::backup::Sealing;
use crate::store::backup::Unreadable;
use crate::store::backup::Unwritten;
use crate::store::backup::frames::Guard;

const MAGIC: &[u8; 19] = b"countersign backup\n";
const VERSION: u8 = 1;
const PLAIN: u8 = 0;
const SEALED: u8 = 1;
const DIGEST: usize = 32;
/// A file may not ask for more memory than this to be opened, in KiB.
const MOST_MEMORY: u32 = 1024 * 1024;
const MOST_PASSES: u32 = 32;

/// The bytes, and what guards the frames behind them.
pub(super) fn begin(sealing: Option<&Sealing<'_>>) -> Result<(Vec<u8>, Guard), Unwritten> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(VERSION);
    let Some(Sealing { passphrase, cost, salt }) = sealing else {
        bytes.push(PLAIN);
        return Ok(close(bytes));
    };
    let key = PassphraseKey::stretch(passphrase, salt, *cost).map_err(|_| Unwritten::Memory)?;
    bytes.push(SEALED);
    bytes.extend_from_slice(&cost.memory_kib.to_be_bytes());
    bytes.extend_from_slice(&cost.passes.to_be_bytes());
    bytes.extend_from_slice(salt);
    bytes.extend_from_slice(&key.check());
    let (bytes, _) = close(bytes);
    let stream = Stream::new(key.expose(), salt, &bytes).map_err(|_| Unwritten::Memory)?;
    Ok((bytes, Guard::Sealed(stream)))
}

fn close(mut bytes: Vec<u8>) -> (Vec<u8>, Guard) {
    let digest = digest::sha256(&bytes);
    bytes.extend_from_slice(&digest);
    (bytes, Guard::Plain(digest))
}

/// Reads it; says whether what follows is sealed.
pub(super) fn open(
    from: &mut impl Read,
    passphrase: Option<&Secret>,
) -> Result<(Guard, bool), Unreadable> {
    let mut bytes = Vec::new();
    let magic: [u8; MAGIC.len()] = take(from, &mut bytes).map_err(|error| match error {
        Unreadable::CutShort(_) => Unreadable::NotOne,
        other => other,
    })?;
    if magic != *MAGIC {
        return Err(Unreadable::NotOne);
    }
    let [version, kind] = take(from, &mut bytes)?;
    let sealed = match (version, kind) {
        (VERSION, PLAIN) => None,
        (VERSION, SEALED) => Some(Sealed::take(from, &mut bytes)?),
        (VERSION, _) => return Err(damaged("of an unknown kind")),
        (0, _) => return Err(damaged("of an unknown version")),
        _ => return Err(Unreadable::Newer),
    };
    let expected = digest::sha256(&bytes);
    let found: [u8; DIGEST] = take(from, &mut bytes)?;
    if found != expected {
        return Err(damaged("the head of the file was changed"));
    }
    match sealed {
        None => Ok((Guard::Plain(expected), false)),
        Some(sealed) => Ok((Guard::Sealed(sealed.open(passphrase, &bytes)?), true)),
    }
}

/// How it is sealed.
struct Sealed {
    cost: Cost,
    salt: [u8; 32],
    check: [u8; passphrase::CHECK],
}

impl Sealed {
    fn take(from: &mut impl Read, bytes: &mut Vec<u8>) -> Result<Self, Unreadable> {
        let memory_kib = u32::from_be_bytes(take(from, bytes)?);
        let passes = u32::from_be_bytes(take(from, bytes)?);
        let (salt, check) = (take(from, bytes)?, take(from, bytes)?);
        Ok(Self { cost: Cost { memory_kib, passes }, salt, check })
    }

    fn open(&self, passphrase: Option<&Secret>, bytes: &[u8]) -> Result<Stream, Unreadable> {
        let passphrase = passphrase.ok_or(Unreadable::NeedsPassphrase)?;
        if self.cost.memory_kib > MOST_MEMORY || self.cost.passes > MOST_PASSES {
            return Err(damaged("opening it would cost too much"));
        }
        let key = PassphraseKey::stretch(passphrase, &self.salt, self.cost)
            .map_err(|_| Unreadable::Memory)?;
        if !key.is_of(&self.check) {
            return Err(Unreadable::WrongPassphrase);
        }
        Stream::new(key.expose(), &self.salt, bytes).map_err(|_| Unreadable::Memory)
    }
}

fn take<const N: usize>(from: &mut impl Read, bytes: &mut Vec<u8>) -> Result<[u8; N], Unreadable> {
    let mut taken = [0; N];
    from.read_exact(&mut taken).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => Unreadable::CutShort(0),
        _ => Unreadable::Input(error),
    })?;
    bytes.extend_from_slice(&taken);
    Ok(taken)
}

const fn damaged(why: &'static str) -> Unreadable {
    Unreadable::Damaged { frame: 0, why }
}
