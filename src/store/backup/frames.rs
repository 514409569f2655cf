//! Frames: pieces of bounded length, each guarded together with all before it.
//!
//! `length (4 bytes) ‖ 1 if it is the last, else 0 ‖ body`. In a plain backup the body ends with
//! `SHA-256(the hash before ‖ number ‖ last ‖ content)`, which notices damage; in a sealed one it is
//! sealed (`crypto/stream.rs`), which notices forgery too.

use std::io::Read;
use std::io::Write;

use crate::crypto::digest;
use crate::crypto::stream::Stream;
use crate::store::backup::Unreadable;
use crate::store::backup::Unwritten;

const HASH: usize = 32;
/// No frame is longer.
const MOST: usize = 64 * 1024 * 1024;

/// What notices changes.
pub(super) enum Guard {
    /// The hash of all so far.
    Plain([u8; HASH]),
    /// The key.
    Sealed(Stream),
}

impl Guard {
    fn close(&mut self, number: u64, last: bool, body: &mut Vec<u8>) -> Result<(), Unwritten> {
        match self {
            Self::Plain(before) => {
                *before = hash(before, number, last, body);
                body.extend_from_slice(before);
                Ok(())
            }
            Self::Sealed(stream) => stream.seal(number, last, body).map_err(|_| Unwritten::Memory),
        }
    }

    /// Leaves the content; says whether it is what was written.
    fn open(&mut self, number: u64, last: bool, body: &mut Vec<u8>) -> bool {
        match self {
            Self::Plain(before) => {
                let Some(end) = body.len().checked_sub(HASH) else { return false };
                let found = body.split_off(end);
                *before = hash(before, number, last, body);
                found == *before
            }
            Self::Sealed(stream) => stream.open(number, last, body).is_ok(),
        }
    }
}

fn hash(before: &[u8; HASH], number: u64, last: bool, content: &[u8]) -> [u8; HASH] {
    let mut bytes = Vec::with_capacity(HASH + 9 + content.len());
    bytes.extend_from_slice(before);
    bytes.extend_from_slice(&number.to_be_bytes());
    bytes.push(u8::from(last));
    bytes.extend_from_slice(content);
    digest::sha256(&bytes)
}

/// Writes frames.
pub(super) struct FramesOut<'a> {
    to: &'a mut dyn Write,
    guard: Guard,
    number: u64,
}

impl<'a> FramesOut<'a> {
    pub(super) fn new(to: &'a mut dyn Write, guard: Guard) -> Self {
        Self { to, guard, number: 0 }
    }

    pub(super) fn put(&mut self, mut content: Vec<u8>, last: bool) -> Result<(), Unwritten> {
        self.number += 1;
        self.guard.close(self.number, last, &mut content)?;
        let length = u32::try_from(content.len()).ok().filter(|_| content.len() <= MOST);
        let length = length.ok_or_else(|| std::io::Error::other("a row is too long"))?;
        self.to.write_all(&length.to_be_bytes())?;
        self.to.write_all(&[u8::from(last)])?;
        Ok(self.to.write_all(&content)?)
    }
}

/// Reads frames.
pub(super) struct FramesIn<R> {
    from: R,
    guard: Guard,
    number: u64,
}

impl<R: Read> FramesIn<R> {
    pub(super) const fn new(from: R, guard: Guard) -> Self {
        Self { from, guard, number: 0 }
    }

    /// The number of the frame that was read last.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// The next frame, and whether it is the last; behind that there may be nothing.
    pub(super) fn next(&mut self) -> Result<(Vec<u8>, bool), Unreadable> {
        self.number += 1;
        let mut head = [0; 5];
        self.read(&mut head)?;
        let [length @ .., last] = head;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > MOST || last > 1 {
            return Err(self.damaged("it is no frame"));
        }
        let last = last == 1;
        let mut body = Vec::new();
        // Memory is taken as it comes, not as a damaged length says.
        let bound = u64::try_from(length).unwrap_or(u64::MAX);
        (&mut self.from).take(bound).read_to_end(&mut body)?;
        if body.len() < length {
            return Err(Unreadable::CutShort(self.number));
        }
        if !self.guard.open(self.number, last, &mut body) {
            return Err(self.damaged("its content was changed"));
        }
        if last && self.from.read(&mut [0])? != 0 {
            return Err(self.damaged("something follows the last frame"));
        }
        Ok((body, last))
    }

    pub(super) const fn damaged(&self, why: &'static str) -> Unreadable {
        Unreadable::Damaged { frame: self.number, why }
    }

    fn read(&mut self, into: &mut [u8]) -> Result<(), Unreadable> {
        self.from.read_exact(into).map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Unreadable::CutShort(self.number),
            _ => Unreadable::Input(error),
        })
    }
}
