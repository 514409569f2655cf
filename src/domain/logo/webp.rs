//! WebP: a RIFF file with one picture in it (RFC 9649).

use crate::domain::logo::Picture;
use crate::domain::logo::walk::Walk;

/// The head of a file with more than pixels in it.
const VP8X: [u8; 4] = *b"VP8X";
const ANIMATED: u8 = 0x02;
const TRANSPARENT: u8 = 0x10;

type Chunk<'a> = ([u8; 4], &'a [u8]);

/// A chunk; one of an odd length is filled up with a zero.
fn chunk<'a>(walk: &mut Walk<'a>) -> Option<Chunk<'a>> {
    let kind = walk.array::<4>()?;
    let length = usize::try_from(walk.low_u32()?).ok()?;
    let data = walk.take(length)?;
    if length % 2 == 1 {
        walk.skip(&[0])?;
    }
    Some((kind, data))
}

fn written((kind, data): Chunk<'_>) -> Option<Vec<u8>> {
    let length = u32::try_from(data.len()).ok()?;
    let mut bytes = [&kind, &length.to_le_bytes()[..], data].concat();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    Some(bytes)
}

/// The picture, with its pixels and their transparency alone.
pub(super) fn read(file: &[u8]) -> Option<Picture> {
    let mut walk = Walk(file);
    walk.skip(b"RIFF")?;
    let length = usize::try_from(walk.low_u32()?).ok()?;
    (length == walk.0.len()).then_some(())?;
    walk.skip(b"WEBP")?;
    let mut chunks = Vec::new();
    while !walk.is_over() {
        chunks.push(chunk(&mut walk)?);
    }
    let ((width, height), kept) = match chunks.as_slice() {
        [only] => (pixels(*only)?, vec![written(*only)?]),
        [(VP8X, data), rest @ ..] => extended(data, rest)?,
        _ => return None,
    };
    let kept = kept.concat();
    let length = u32::try_from(kept.len().checked_add(4)?).ok()?;
    let bytes = [b"RIFF", &length.to_le_bytes()[..], b"WEBP", &kept].concat();
    Some(Picture { width, height, bytes })
}

type Kept = ((u32, u32), Vec<Vec<u8>>);

fn extended(head: &[u8], rest: &[Chunk<'_>]) -> Option<Kept> {
    let mut walk = Walk(head);
    let [flags, _, _, _] = walk.array()?;
    let [a, b, c, d, e, f] = walk.array()?;
    let canvas = (u32::from_le_bytes([a, b, c, 0]) + 1, u32::from_le_bytes([d, e, f, 0]) + 1);
    let moves = rest.iter().any(|(kind, _)| [*b"ANIM", *b"ANMF", VP8X].contains(kind));
    if !walk.is_over() || moves || flags & ANIMATED != 0 {
        return None;
    }
    let mut pictures = rest.iter().filter(|(kind, _)| kind == b"VP8 " || kind == b"VP8L");
    let picture = pictures.next().filter(|_| pictures.clone().next().is_none())?;
    let size = pixels(*picture).filter(|size| *size == canvas)?;
    let mut alphas = rest.iter().filter(|(kind, _)| kind == b"ALPH");
    let Some(alpha) = alphas.next() else {
        return Some((size, vec![written(*picture)?]));
    };
    if alphas.next().is_some() || &picture.0 != b"VP8 " || alpha.1.is_empty() {
        return None;
    }
    let head = [TRANSPARENT, 0, 0, 0, a, b, c, d, e, f];
    Some((size, vec![written((VP8X, &head))?, written(*alpha)?, written(*picture)?]))
}

/// Width and height of a picture's pixels.
fn pixels((kind, data): Chunk<'_>) -> Option<(u32, u32)> {
    let mut walk = Walk(data);
    match &kind {
        b"VP8 " => {
            let [a, b, c] = walk.array()?;
            let tag = u32::from_le_bytes([a, b, c, 0]);
            walk.skip(&[0x9d, 0x01, 0x2a])?;
            let [a, b, c, d] = walk.array()?;
            let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
            // A key frame, whose first part ends within the file.
            let part = usize::try_from(tag >> 5).ok()?;
            (tag & 1 == 0 && part <= walk.0.len()).then(|| (side(a, b), side(c, d)))
        }
        b"VP8L" => {
            walk.skip(&[0x2f])?;
            let bits = walk.low_u32()?;
            let side = |bits: u32| (bits & 0x3fff) + 1;
            (bits >> 29 == 0 && !walk.is_over()).then(|| (side(bits), side(bits >> 14)))
        }
        _ => None,
    }
}
