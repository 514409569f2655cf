//! Reading a backup. What it gives is whole and right, or an error: rows are in the order of their
//! keys, each entry of the audit chain follows from the one before, and the end says how much there
//! was. Nothing is used before the last part has been read.

use std::io::Read;

use zeroize::Zeroizing;

use crate::base::secret::Secret;
use crate::crypto::keyring::MasterKey;
use crate::store::backup::Header;
use crate::store::backup::Unreadable;
use crate::store::backup::content;
use crate::store::backup::content::End;
use crate::store::backup::frames::FramesIn;
use crate::store::backup::preamble;
use crate::store::chain::Walk;
use crate::store::engine::Row;
use crate::store::format;
use crate::store::table::TableId;

/// A backup that is being read.
pub struct Backup<R> {
    frames: FramesIn<R>,
    header: Header,
    sealed: bool,
    rows: u64,
    /// The table and the key that came last.
    last: Option<(TableId, Vec<u8>)>,
    /// The tables before it: each comes once, in the order that they had for whoever wrote them.
    over: Vec<TableId>,
    chain: Walk,
    ended: bool,
}

/// A part of it.
pub enum Part {
    /// The master key.
    Key(MasterKey),
    /// Rows, in the order of their keys.
    Rows(TableId, Vec<Row>),
}

impl<R: Read> Backup<R> {
    /// Reads as far as the header.
    ///
    /// # Errors
    /// It is none that can be read: see [`Unreadable`].
    pub fn open(mut from: R, passphrase: Option<&Secret>) -> Result<Self, Unreadable> {
        let (guard, sealed) = preamble::open(&mut from, passphrase)?;
        let mut frames = FramesIn::new(from, guard);
        let (body, last) = frames.next()?;
        let header: Option<Header> = match body.split_first() {
            Some((&content::HEADER, json)) if !last => serde_json::from_slice(json).ok(),
            _ => None,
        };
        let header = header.ok_or_else(|| frames.damaged("it is no header"))?;
        if header.format > format::FORMAT {
            return Err(Unreadable::Newer);
        }
        let (rows, last, chain, ended) = (0, None, Walk::default(), false);
        Ok(Self { frames, header, sealed, rows, last, over: Vec::new(), chain, ended })
    }

    /// What it says of itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Whether it is sealed with a passphrase.
    pub const fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// How many rows were read so far.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// What the audit chain in it has passed so far.
    pub const fn chain(&self) -> &Walk {
        &self.chain
    }

    /// The next part; none once it was read to its end and all of it is right.
    ///
    /// # Errors
    /// It is damaged or cut short: nothing that it gave before may be used.
    pub fn next_part(&mut self) -> Result<Option<Part>, Unreadable> {
        if self.ended {
            return Ok(None);
        }
        let (body, last) = self.frames.next()?;
        let body = Zeroizing::new(body);
        match body.split_first() {
            Some((&content::END, json)) if last => self.end(json).map(|()| None),
            Some((&content::KEY, key)) if !last && self.last.is_none() => {
                let key = key.try_into().ok().filter(|_| self.header.has_key);
                let key = key.ok_or_else(|| self.frames.damaged("it is no key"))?;
                Ok(Some(Part::Key(MasterKey::new(key))))
            }
            Some((&content::ROWS, bytes)) if !last => self.take_rows(bytes).map(Some),
            _ => Err(self.frames.damaged("it is of an unknown kind")),
        }
    }

    /// Reads the rest, and keeps nothing of it.
    ///
    /// # Errors
    /// As [`Self::next_part`].
    pub fn verify(&mut self) -> Result<(), Unreadable> {
        while self.next_part()?.is_some() {}
        Ok(())
    }

    fn take_rows(&mut self, bytes: &[u8]) -> Result<Part, Unreadable> {
        let (name, rows) =
            content::take_rows(bytes).ok_or_else(|| self.frames.damaged("its rows are torn"))?;
        // A table that is unknown here was added by a later version.
        let table = content::table_named(name).ok_or(Unreadable::Newer)?;
        for (key, value) in &rows {
            if !self.follows(table, key) {
                return Err(self.frames.damaged("its rows are out of order"));
            }
            let before = self.last.replace((table, key.clone()));
            self.over.extend(before.map(|(before, _)| before).filter(|before| *before != table));
            if table == TableId::Audit {
                self.chain.take(key, value)?;
            }
        }
        self.rows = self.rows.saturating_add(u64::try_from(rows.len()).unwrap_or(u64::MAX));
        Ok(Part::Rows(table, rows))
    }

    fn follows(&self, table: TableId, key: &[u8]) -> bool {
        let is_next = match &self.last {
            Some((last, before)) if *last == table => before.as_slice() < key,
            _ => true,
        };
        is_next && !self.over.contains(&table)
    }

    fn end(&mut self, json: &[u8]) -> Result<(), Unreadable> {
        let end: Option<End> = serde_json::from_slice(json).ok();
        if end != Some(End { rows: self.rows }) {
            return Err(self.frames.damaged("rows are missing before it"));
        }
        if (self.chain.good(), self.chain.head()) != (self.header.entries, self.header.head.clone())
        {
            return Err(self.frames.damaged("entries of the audit trail are missing before it"));
        }
        self.ended = true;
        Ok(())
    }

    /// The number of the frame that was read last.
    pub const fn frame(&self) -> u64 {
        self.frames.number()
    }
}
