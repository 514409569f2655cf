//! What stands in a frame: a letter, and what it says.

use serde::Deserialize;
use serde::Serialize;

use crate::store::engine::Row;
use crate::store::table::TableId;

/// The header, as JSON.
pub(super) const HEADER: u8 = b'h';
/// The master key.
pub(super) const KEY: u8 = b'k';
/// Rows of a table.
pub(super) const ROWS: u8 = b'r';
/// The end, as JSON.
pub(super) const END: u8 = b'e';

/// What the last frame says, to be held against what came before.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) rows: u64,
}

/// The beginning of a frame of rows.
pub(super) fn rows_of(table: TableId) -> Vec<u8> {
    let name = table.name().as_bytes();
    let mut bytes = vec![ROWS, u8::try_from(name.len()).unwrap_or(u8::MAX)];
    bytes.extend_from_slice(name);
    bytes
}

/// Adds a row.
pub(super) fn put_row(bytes: &mut Vec<u8>, (key, value): &Row) {
    for part in [key, value] {
        bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
}

/// The name of the table and the rows behind it; nothing if that is not what stands there.
pub(super) fn take_rows(bytes: &[u8]) -> Option<(&str, Vec<Row>)> {
    let (&length, bytes) = bytes.split_first()?;
    let (name, mut bytes) = bytes.split_at_checked(length.into())?;
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        let key = take_part(&mut bytes)?;
        rows.push((key, take_part(&mut bytes)?));
    }
    Some((std::str::from_utf8(name).ok()?, rows))
}

fn take_part(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (part, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(part.to_vec())
}

/// The table of that name.
pub(super) fn table_named(name: &str) -> Option<TableId> {
    TableId::ALL.iter().copied().find(|table| table.name() == name)
}
