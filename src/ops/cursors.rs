//! Cursors: where in a list the next page begins. A cursor is ours, of one list, of one reader, of one
//! place and one filter; any other is refused. It can be read by whoever has it, and says no more than
//! the position of a row that stood on the page before.

use crate::base::encoding;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::base::id::FirmId;
use crate::base::id::RawId;
use crate::base::id::UserId;
use crate::crypto::digest;
use crate::crypto::keyring::Keyring;
use crate::domain::company::Place;
use crate::ops::Ops;

const PURPOSE: &str = "cursor";
const AFTER: u8 = b'a';
const BEFORE: u8 = b'b';
/// Bytes of a tag that are kept: nobody tries 2^128 of them.
const TAG: usize = 16;
/// Letters of a cursor: positions are keys of rows, which are short.
const LONGEST: usize = 1024;

/// Which list a cursor belongs to.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'a> {
    /// The list: a word that no other list has.
    pub name: &'static str,
    /// Who reads it.
    pub reader: UserId,
    /// The company or firm that it is about, if it is about one.
    pub place: Option<Place>,
    /// What it is filtered and sorted by, always written in the same way.
    pub filter: &'a str,
}

/// Where a page lies. By default at the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step<P> {
    /// The first rows.
    #[default]
    First,
    /// The rows behind a position.
    After(P),
    /// The rows in front of a position: the nearest ones.
    Before(P),
}

/// A page of a list.
#[derive(Debug)]
pub struct Turned<T> {
    /// The rows, in the order of the list.
    pub rows: Vec<T>,
    /// The cursor of the page in front of it.
    pub previous: Option<String>,
    /// The cursor of the page behind it.
    pub next: Option<String>,
}

/// The cursor is none that this list gave to this reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct NotACursor;

/// A position in a list.
pub trait Position: Sized {
    /// As bytes.
    fn to_bytes(&self) -> Vec<u8>;

    /// Read again; none for bytes that are no position of this kind.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl Position for u64 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

/// The key of a row, where a list is sorted by more than an identifier.
impl Position for Vec<u8> {
    fn to_bytes(&self) -> Vec<u8> {
        self.clone()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(bytes.to_vec())
    }
}

impl Position for RawId {
    fn to_bytes(&self) -> Vec<u8> {
        self.bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_bytes)
    }
}

/// Positions that are identifiers.
macro_rules! id_positions {
    ($($id:ty),+) => {$(
        impl Position for $id {
            fn to_bytes(&self) -> Vec<u8> {
                self.raw().bytes().to_vec()
            }

            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                <RawId as Position>::from_bytes(bytes).map(Self::from_raw)
            }
        }
    )+};
}

id_positions!(AppId, CompanyId, ConnectionId, FirmId, UserId);

impl Ops {
    /// Reads the cursor that a request carries; without one it is the first page.
    ///
    /// # Errors
    /// [`NotACursor`].
    pub fn step<P: Position>(
        &self,
        list: &Listing<'_>,
        cursor: Option<&str>,
    ) -> Result<Step<P>, NotACursor> {
        cursor.map_or(Ok(Step::First), |text| read(&self.keys, list, text).ok_or(NotACursor))
    }

    /// The cursor of a page that begins elsewhere than at a row of the one before.
    pub(in crate::ops) fn cursor<P: Position>(&self, list: &Listing<'_>, step: &Step<P>) -> String {
        match step {
            Step::First => String::new(),
            Step::After(position) => write(&self.keys, list, AFTER, position),
            Step::Before(position) => write(&self.keys, list, BEFORE, position),
        }
    }

    /// Makes a page of the rows that were found at `step`: up to `limit` and one more, which tells that
    /// there is another page. In front of a position they are given nearest first.
    pub fn turn<P: Position, T>(
        &self,
        list: &Listing<'_>,
        step: &Step<P>,
        rows: Vec<T>,
        limit: usize,
        position: impl Fn(&T) -> P,
    ) -> Turned<T> {
        turned(&self.keys, list, step, rows, limit, position)
    }
}

fn turned<P: Position, T>(
    keys: &Keyring,
    list: &Listing<'_>,
    step: &Step<P>,
    mut rows: Vec<T>,
    limit: usize,
    position: impl Fn(&T) -> P,
) -> Turned<T> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let (in_front, behind) = match step {
        Step::First => (false, more),
        Step::After(_) => (true, more),
        Step::Before(_) => {
            rows.reverse();
            (more, true)
        }
    };
    let cursor = |side, row: Option<&T>| row.map(|row| write(keys, list, side, &position(row)));
    let previous = in_front.then(|| cursor(BEFORE, rows.first())).flatten();
    let next = behind.then(|| cursor(AFTER, rows.last())).flatten();
    Turned { rows, previous, next }
}

fn write<P: Position>(keys: &Keyring, list: &Listing<'_>, side: u8, position: &P) -> String {
    let mut bytes = vec![side];
    bytes.extend(position.to_bytes());
    bytes.extend(tag(keys, list, &bytes));
    encoding::base64url(&bytes)
}

fn read<P: Position>(keys: &Keyring, list: &Listing<'_>, text: &str) -> Option<Step<P>> {
    let bytes = if text.len() > LONGEST { None } else { encoding::base64url_decode(text) }?;
    let (told, stated) = bytes.split_at_checked(bytes.len().checked_sub(TAG)?)?;
    if !digest::equal(&tag(keys, list, told), stated) {
        return None;
    }
    let (side, position) = told.split_first()?;
    let position = P::from_bytes(position)?;
    match *side {
        AFTER => Some(Step::After(position)),
        BEFORE => Some(Step::Before(position)),
        _ => None,
    }
}

fn tag(keys: &Keyring, list: &Listing<'_>, told: &[u8]) -> [u8; TAG] {
    let place = list.place.map(|place| place.to_string()).unwrap_or_default();
    let parts: [&[u8]; 5] = [
        list.name.as_bytes(),
        list.reader.raw().bytes(),
        place.as_bytes(),
        list.filter.as_bytes(),
        told,
    ];
    let tag = keys.bind(PURPOSE, &parts);
    tag.first_chunk().copied().unwrap_or([0; TAG])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::keyring::MasterKey;

    fn keys() -> Keyring {
        Keyring::new(&MasterKey::new([1; 32]), &[])
    }

    fn someone(byte: u8) -> UserId {
        UserId::from_raw(RawId::from_bytes([byte; 16]))
    }

    fn company(byte: u8) -> Place {
        Place::Company(CompanyId::from_raw(RawId::from_bytes([byte; 16])))
    }

    fn list() -> Listing<'static> {
        Listing { name: "apps", reader: someone(1), place: Some(company(1)), filter: "state=idle" }
    }

    /// The page of a list of the numbers below ten that lies at `step`.
    fn page(step: Step<u64>) -> Turned<u64> {
        let rows: Vec<u64> = match step {
            Step::First => (0..4).collect(),
            Step::After(at) => (at + 1..10).take(4).collect(),
            Step::Before(at) => (0..at).rev().take(4).collect(),
        };
        turned(&keys(), &list(), &step, rows, 3, |row| *row)
    }

    fn at(cursor: Option<String>) -> Step<u64> {
        read(&keys(), &list(), &cursor.unwrap()).unwrap()
    }

    #[test]
    fn a_list_is_read_to_its_end_and_back_without_a_gap() {
        let mut turned = page(Step::First);
        assert_eq!(turned.previous, None);
        let mut seen = turned.rows.clone();
        while turned.next.is_some() {
            turned = page(at(turned.next));
            seen.extend(&turned.rows);
        }
        assert_eq!(seen, (0..10).collect::<Vec<u64>>());
        let mut back = turned.rows.clone();
        while turned.previous.is_some() {
            turned = page(at(turned.previous));
            back.splice(0..0, turned.rows.iter().copied());
        }
        assert_eq!(back, seen);
    }

    #[test]
    fn a_cursor_of_another_list_reader_place_or_filter_is_refused() {
        let cursor = page(Step::First).next.unwrap();
        for other in [
            Listing { name: "connections", ..list() },
            Listing { reader: someone(2), ..list() },
            Listing { place: Some(company(2)), ..list() },
            Listing { place: None, ..list() },
            Listing { filter: "", ..list() },
        ] {
            assert_eq!(read::<u64>(&keys(), &other, &cursor), None, "{other:?}");
        }
        let stranger = Keyring::new(&MasterKey::new([2; 32]), &[]);
        assert_eq!(read::<u64>(&stranger, &list(), &cursor), None);
    }

    #[test]
    fn every_changed_letter_and_every_truncation_is_refused() {
        let cursor = page(Step::First).next.unwrap();
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(read::<u64>(&keys(), &list(), &changed), None, "{changed}");
            assert_eq!(read::<u64>(&keys(), &list(), &cursor[..at]), None, "{at}");
        }
        let longer = format!("{cursor}{}", "A".repeat(9000));
        assert_eq!(read::<u64>(&keys(), &list(), &longer), None);
        assert_eq!(read::<AppId>(&keys(), &list(), &cursor), None, "another kind of position");
    }
}
