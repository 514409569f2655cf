//! Fixed layouts for rows that are hot and many, and for keys.

use std::sync::Arc;

use crate::base::id::CompanyId;
use crate::base::id::FirmId;
use crate::base::id::RawId;
use crate::crypto::token::HashedToken;
use crate::domain::company::Place;
use crate::store::fault::Fault;

/// Writes fields one behind the other.
#[derive(Default)]
pub struct Layout(Vec<u8>);

/// Bytes that most rows stay within.
const ROOM: usize = 256;

impl Layout {
    /// Starts with the layout's version.
    #[must_use]
    pub fn version(version: u8) -> Self {
        let mut bytes = Vec::with_capacity(ROOM);
        bytes.push(version);
        Self(bytes)
    }

    /// One byte.
    #[must_use]
    pub fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// A number of 32 bits.
    #[must_use]
    pub fn u32(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// A number of 64 bits.
    #[must_use]
    pub fn u64(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// An identifier.
    #[must_use]
    pub fn id(mut self, id: &RawId) -> Self {
        self.0.extend_from_slice(id.bytes());
        self
    }

    /// A hash with the version of its key.
    #[must_use]
    pub fn hash(mut self, hash: &HashedToken) -> Self {
        self.0.push(hash.key_version());
        self.0.extend_from_slice(hash.mac());
        self
    }

    /// A place: a tag and an id.
    #[must_use]
    pub fn place(self, place: Place) -> Self {
        match place {
            Place::Company(id) => self.byte(b'c').id(id.raw()),
            Place::Firm(id) => self.byte(b'f').id(id.raw()),
        }
    }

    /// Bytes to the end of the row.
    #[must_use]
    pub fn rest(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// The bytes.
    #[must_use]
    pub fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads what [`Layout`] wrote.
pub struct Fields<'a> {
    table: &'static str,
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Starts reading a row of `table` that must have `version`.
    ///
    /// # Errors
    /// It has another.
    pub fn version(table: &'static str, bytes: &'a [u8], version: u8) -> Result<Self, Fault> {
        let mut fields = Self { table, bytes };
        let found = fields.byte()?;
        if found == version {
            Ok(fields)
        } else {
            Err(fields.unreadable(&format!("unknown layout {found}")))
        }
    }

    /// A fault that names the table.
    #[must_use]
    pub fn unreadable(&self, why: &str) -> Fault {
        Fault::Row { table: self.table, why: Arc::from(why) }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, rest) =
            self.bytes.split_first_chunk::<N>().ok_or_else(|| self.unreadable("cut short"))?;
        self.bytes = rest;
        Ok(*taken)
    }

    /// One byte.
    ///
    /// # Errors
    /// The row is cut short; so for each method here.
    pub fn byte(&mut self) -> Result<u8, Fault> {
        self.take::<1>().map(|[byte]| byte)
    }

    /// A number of 32 bits.
    ///
    /// # Errors
    /// As [`Self::byte`].
    pub fn u32(&mut self) -> Result<u32, Fault> {
        self.take().map(u32::from_be_bytes)
    }

    /// A number of 64 bits.
    ///
    /// # Errors
    /// As [`Self::byte`].
    pub fn u64(&mut self) -> Result<u64, Fault> {
        self.take().map(u64::from_be_bytes)
    }

    /// An identifier.
    ///
    /// # Errors
    /// As [`Self::byte`].
    pub fn id(&mut self) -> Result<RawId, Fault> {
        self.take().map(RawId::from_bytes)
    }

    /// A hash with the version of its key.
    ///
    /// # Errors
    /// As [`Self::byte`].
    pub fn hash(&mut self) -> Result<HashedToken, Fault> {
        let version = self.byte()?;
        Ok(HashedToken::new(version, self.take()?))
    }

    /// A place.
    ///
    /// # Errors
    /// As [`Self::byte`], or its tag is unknown.
    pub fn place(&mut self) -> Result<Place, Fault> {
        match self.byte()? {
            b'c' => Ok(Place::Company(CompanyId::from_raw(self.id()?))),
            b'f' => Ok(Place::Firm(FirmId::from_raw(self.id()?))),
            _ => Err(self.unreadable("unknown kind of place")),
        }
    }

    /// All that is left.
    #[must_use]
    pub fn rest(self) -> &'a [u8] {
        self.bytes
    }

    /// All that is left, as text.
    ///
    /// # Errors
    /// It is none.
    pub fn text(self) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.bytes).map_err(|_| self.unreadable("not a text"))
    }
}
