//! JPEG: segments between markers, and scans (ITU-T T.81).

use crate::domain::logo::Picture;
use crate::domain::logo::walk::Walk;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;

/// What a picture needs before its first scan.
#[derive(Default)]
struct Seen {
    size: Option<(u32, u32)>,
    tables: bool,
    scans: usize,
}

/// The picture, with its frame, tables and scans alone.
pub(super) fn read(file: &[u8]) -> Option<Picture> {
    let mut walk = Walk(file);
    walk.skip(&[0xff, START])?;
    let (mut bytes, mut seen) = (vec![0xff, START], Seen::default());
    loop {
        match marker(&mut walk)? {
            END if seen.scans > 0 => {
                bytes.extend_from_slice(&[0xff, END]);
                let (width, height) = seen.size?;
                return walk.is_over().then_some(Picture { width, height, bytes });
            }
            kind => {
                let data = segment(&mut walk)?;
                if !seen.keeps(kind, data)? {
                    continue;
                }
                let length = u16::try_from(data.len().checked_add(2)?).ok()?;
                bytes.extend_from_slice(&[0xff, kind]);
                bytes.extend_from_slice(&length.to_be_bytes());
                bytes.extend_from_slice(data);
                if kind == SCAN {
                    bytes.extend_from_slice(pixels(&mut walk)?);
                }
            }
        }
    }
}

/// The next marker; any number of `ff` may stand before it.
fn marker(walk: &mut Walk<'_>) -> Option<u8> {
    walk.skip(&[0xff])?;
    loop {
        match walk.byte()? {
            0xff => {}
            kind => return Some(kind),
        }
    }
}

fn segment<'a>(walk: &mut Walk<'a>) -> Option<&'a [u8]> {
    let length = usize::from(walk.u16()?).checked_sub(2)?;
    walk.take(length)
}

/// What stands between a scan's header and the next marker that is not part of it.
fn pixels<'a>(walk: &mut Walk<'a>) -> Option<&'a [u8]> {
    let pairs = walk.0.windows(2);
    let end = pairs.enumerate().find_map(|(at, pair)| match pair {
        [0xff, 0x00 | 0xd0..=0xd7] => None,
        [0xff, _] => Some(at),
        _ => None,
    })?;
    walk.take(end).filter(|pixels| !pixels.is_empty())
}

impl Seen {
    /// Whether a segment is kept; none if there is no picture with it.
    fn keeps(&mut self, kind: u8, data: &[u8]) -> Option<bool> {
        match kind {
            // Baseline, extended and progressive frames; one to a picture.
            0xc0..=0xc2 if self.size.is_none() => {
                self.size = Some(frame(data)?);
                Some(true)
            }
            0xc4 => huffman(data).map(|()| true),
            0xdb => {
                self.tables = true;
                quantization(data).map(|()| true)
            }
            0xdd => (data.len() == 2).then_some(true),
            SCAN => {
                self.scans += 1;
                let components = usize::from(*data.first()?);
                let whole = (1..=4).contains(&components) && data.len() == 4 + 2 * components;
                (whole && self.tables && self.size.is_some()).then_some(true)
            }
            // Adobe's says in which colours the picture is.
            0xee => Some(data.len() == 12 && data.starts_with(b"Adobe")),
            0xe0..=0xef | 0xfe => Some(false),
            _ => None,
        }
    }
}

/// Width and height.
fn frame(data: &[u8]) -> Option<(u32, u32)> {
    let mut walk = Walk(data);
    let precision = walk.byte()?;
    let (height, width) = (walk.u16()?, walk.u16()?);
    let components = walk.byte()?;
    let whole = walk.0.len() == 3 * usize::from(components);
    let fits = precision == 8 && [1, 3, 4].contains(&components) && whole;
    fits.then_some((width.into(), height.into()))
}

fn quantization(data: &[u8]) -> Option<()> {
    let mut walk = Walk(data);
    while !walk.is_over() {
        let kind = walk.byte()?;
        let bytes = match kind >> 4 {
            0 => 64,
            1 => 128,
            _ => return None,
        };
        walk.take(bytes).filter(|_| kind & 0x0f < 4)?;
    }
    Some(())
}

fn huffman(data: &[u8]) -> Option<()> {
    let mut walk = Walk(data);
    while !walk.is_over() {
        let kind = walk.byte()?;
        let counts = walk.array::<16>()?;
        let symbols: usize = counts.iter().map(|count| usize::from(*count)).sum();
        walk.take(symbols).filter(|_| kind >> 4 < 2 && kind & 0x0f < 4 && symbols <= 256)?;
    }
    Some(())
}
