//! Writing a backup.

use std::io::Write;

use crate::base::clock::Timestamp;
use crate::crypto::keyring::MasterKey;
use crate::store::backup::Header;
use crate::store::backup::Progress;
use crate::store::backup::Sealing;
use crate::store::backup::Unwritten;
use crate::store::backup::content;
use crate::store::backup::content::End;
use crate::store::backup::frames::FramesOut;
use crate::store::backup::preamble;
use crate::store::chain;
use crate::store::engine::Read;
use crate::store::engine::Row;
use crate::store::fault::Fault;
use crate::store::format;
use crate::store::table::TableId;

/// A frame is closed once it is as long as this.
const FULL: usize = 256 * 1024;
/// Rows looked up at a time.
const PAGE: usize = 256;

/// What the caller knows of a backup.
#[derive(Clone, Debug)]
pub struct About {
    /// The present.
    pub created_at: Timestamp,
    /// Tells installations apart.
    pub installation: String,
}

/// Writes all of `state`. `tell` hears how far it has come, and may stop it with a fault.
///
/// # Errors
/// The data cannot be read, or the output not be written: what was written so far is worth nothing.
pub fn write(
    state: &dyn Read,
    about: About,
    (sealing, key): (Option<&Sealing<'_>>, Option<&MasterKey>),
    to: &mut dyn Write,
    tell: &mut dyn FnMut(Progress) -> Result<(), Fault>,
) -> Result<Header, Unwritten> {
    let (preamble, guard) = preamble::begin(sealing)?;
    to.write_all(&preamble)?;
    let (entries, head) = chain::head(state)?;
    let header = Header {
        created_at: about.created_at,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        format: format::of(state)?,
        installation: about.installation,
        entries,
        head,
        // A key that lies open beside its lock would be none.
        has_key: key.is_some() && sealing.is_some(),
    };
    let mut frames = FramesOut::new(to, guard);
    frames.put(json(content::HEADER, &header)?, false)?;
    if let (Some(key), true) = (key, header.has_key) {
        let mut bytes = vec![content::KEY];
        bytes.extend_from_slice(key.expose());
        frames.put(bytes, false)?;
    }
    let mut all = 0_u64;
    for table in TableId::ALL {
        all = all.saturating_add(state.count(*table)?);
    }
    let mut progress = Progress { done: 0, all };
    for table in TableId::ALL {
        rows(state, *table, &mut frames, &mut |rows| {
            progress.done = progress.done.saturating_add(rows);
            tell(progress)
        })?;
    }
    frames.put(json(content::END, &End { rows: progress.done })?, true)?;
    to.flush()?;
    Ok(header)
}

fn rows(
    state: &dyn Read,
    table: TableId,
    frames: &mut FramesOut<'_>,
    tell: &mut dyn FnMut(u64) -> Result<(), Fault>,
) -> Result<(), Unwritten> {
    let mut frame = Frame::of(table);
    let mut from = Vec::new();
    loop {
        let page = state.range(table, &from, None, PAGE)?;
        let Some((last, _)) = page.last() else { break };
        from.clone_from(last);
        from.push(0);
        tell(u64::try_from(page.len()).unwrap_or(u64::MAX))?;
        for row in &page {
            frame.add(row, frames)?;
        }
    }
    frame.close(frames)
}

/// Rows that wait for their frame to be full.
struct Frame {
    table: TableId,
    bytes: Vec<u8>,
    any: bool,
}

impl Frame {
    fn of(table: TableId) -> Self {
        Self { table, bytes: content::rows_of(table), any: false }
    }

    fn add(&mut self, row: &Row, frames: &mut FramesOut<'_>) -> Result<(), Unwritten> {
        content::put_row(&mut self.bytes, row);
        self.any = true;
        if self.bytes.len() >= FULL {
            let full = std::mem::replace(self, Self::of(self.table));
            full.close(frames)?;
        }
        Ok(())
    }

    fn close(self, frames: &mut FramesOut<'_>) -> Result<(), Unwritten> {
        if self.any { frames.put(self.bytes, false) } else { Ok(()) }
    }
}

fn json(kind: u8, value: &impl serde::Serialize) -> Result<Vec<u8>, Unwritten> {
    let mut bytes = vec![kind];
    serde_json::to_writer(&mut bytes, value).map_err(std::io::Error::other)?;
    Ok(bytes)
}
