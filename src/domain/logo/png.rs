//! PNG: a signature, and chunks with a checksum each (ISO/IEC 15948).

use crate::domain::logo::Picture;
use crate::domain::logo::walk::Walk;

const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    whole: &'a [u8],
}

fn chunk<'a>(walk: &mut Walk<'a>) -> Option<Chunk<'a>> {
    let start = walk.0;
    let length = usize::try_from(walk.u32()?).ok()?;
    let checked = walk.0.get(..length.checked_add(4)?)?;
    let kind = walk.array::<4>()?;
    let data = walk.take(length)?;
    let checksum = walk.u32()?;
    let whole = start.get(..length.checked_add(12)?)?;
    (crc32fast::hash(checked) == checksum).then_some(Chunk { kind, data, whole })
}

/// Width and height, and whether colours are named in a palette.
fn header(data: &[u8]) -> Option<(u32, u32, bool)> {
    let mut walk = Walk(data);
    let (width, height) = (walk.u32()?, walk.u32()?);
    let [depth, colour, compression, filter, interlace] = walk.array()?;
    let fits = match colour {
        0 => [1, 2, 4, 8, 16].contains(&depth),
        3 => [1, 2, 4, 8].contains(&depth),
        2 | 4 | 6 => [8, 16].contains(&depth),
        _ => false,
    };
    let known = compression == 0 && filter == 0 && interlace <= 1 && walk.is_over();
    (fits && known).then_some((width, height, colour == 3))
}

/// Whether a stream begins as zlib does (RFC 1950), as every picture's does.
fn is_zlib(stream: &[u8]) -> bool {
    match stream {
        [method, flags, ..] => {
            method & 0x0f == 8 && (u16::from(*method) * 256 + u16::from(*flags)) % 31 == 0
        }
        _ => false,
    }
}

/// The picture, with header, palette, transparency and pixels alone.
pub(super) fn read(file: &[u8]) -> Option<Picture> {
    let mut walk = Walk(file);
    walk.skip(&SIGNATURE)?;
    let first = chunk(&mut walk)?;
    let (width, height, palette) =
        (first.kind == *b"IHDR").then(|| header(first.data)).flatten()?;
    let mut bytes = [&SIGNATURE, first.whole].concat();
    let (mut pixels, mut pixels_over, mut palettes, mut transparent) =
        (Vec::new(), false, 0_u8, false);
    loop {
        let Chunk { kind, data, whole } = chunk(&mut walk)?;
        pixels_over |= !pixels.is_empty() && kind != *b"IDAT";
        match &kind {
            b"IDAT" if !pixels_over => pixels.extend_from_slice(data),
            b"PLTE" if pixels.is_empty() && palettes == 0 && fits_palette(data) => palettes = 1,
            b"tRNS" if pixels.is_empty() && !transparent && data.len() <= 256 => transparent = true,
            b"IEND" if data.is_empty() && is_zlib(&pixels) && (palettes == 1 || !palette) => {
                bytes.extend_from_slice(whole);
                return walk.is_over().then_some(Picture { width, height, bytes });
            }
            // What is not known and not needed is left behind; what is needed has to be known.
            [first, ..] if first.is_ascii_lowercase() && kind != *b"tRNS" => continue,
            _ => return None,
        }
        bytes.extend_from_slice(whole);
    }
}

fn fits_palette(data: &[u8]) -> bool {
    !data.is_empty() && data.len().is_multiple_of(3) && data.len() <= 768
}
