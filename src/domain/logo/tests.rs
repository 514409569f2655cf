//! What is taken as a logo: attacks first.

use super::*;

const PNG: &[u8] = include_bytes!("samples/plain.png");
const JPEG: &[u8] = include_bytes!("samples/plain.jpg");
const WEBP: &[u8] = include_bytes!("samples/plain.webp");
const TRANSPARENT: &[u8] = include_bytes!("samples/transparent.webp");
const ALL: [(&[u8], Format); 4] =
    [(PNG, Format::Png), (JPEG, Format::Jpeg), (WEBP, Format::Webp), (TRANSPARENT, Format::Webp)];
/// Where the first chunk of a PNG ends.
const AFTER_HEADER: usize = 33;
const MARKUP: &[u8] = b"<script>alert(1)</script><?php system($_GET[0]); ?>";

fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let checked = [kind, data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &checked, &crc32fast::hash(&checked).to_be_bytes()].concat()
}

/// The PNG with something between its header and the rest.
fn png_with(middle: &[u8]) -> Vec<u8> {
    [&PNG[..AFTER_HEADER], middle, &PNG[AFTER_HEADER..]].concat()
}

/// The PNG with another header.
fn png_of(width: u32, height: u32, rest: [u8; 5]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &rest].concat();
    [&PNG[..8], &png_chunk(b"IHDR", &header), &PNG[AFTER_HEADER..]].concat()
}

/// The JPEG with something behind its first marker.
fn jpeg_with(segment: &[u8]) -> Vec<u8> {
    [&JPEG[..2], segment, &JPEG[2..]].concat()
}

/// A WebP of these chunks.
fn webp_of(chunks: &[u8]) -> Vec<u8> {
    let length = u32::try_from(chunks.len() + 4).unwrap().to_le_bytes();
    [b"RIFF", &length[..], b"WEBP", chunks].concat()
}

fn assert_refused(file: &[u8], what: &str) {
    assert_eq!(Logo::read(file), Err(NotALogo::NotAPicture), "{what}");
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn refuses_what_is_no_picture_whatever_it_is_called() {
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
    let others: [&[u8]; 9] = [
        b"",
        svg,
        b"<?xml version=\"1.0\"?><svg/>",
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        b"BM\x3a\x00\x00\x00",
        b"\x00\x00\x01\x00\x01\x00",
        b"%PDF-1.7",
        b"PK\x03\x04",
    ];
    for other in others {
        assert_refused(other, &String::from_utf8_lossy(other));
    }
}

#[test]
fn refuses_every_picture_that_is_cut_short_or_goes_on_behind_its_end() {
    for (file, format) in ALL {
        for length in 0..file.len() {
            assert_refused(&file[..length], &format!("{format:?} of {length} bytes"));
        }
        assert_refused(&[file, MARKUP].concat(), &format!("{format:?} with a tail"));
        assert_refused(&[file, b"\0"].concat(), &format!("{format:?} with a zero"));
        assert_refused(&[MARKUP, file].concat(), &format!("{format:?} with a head"));
        assert_refused(&[file, file].concat(), &format!("{format:?} twice"));
    }
}

#[test]
fn leaves_behind_whatever_does_not_paint() {
    let comment = [&[0xff, 0xfe, 0, 53][..], MARKUP].concat();
    let photograph = [&[0xff, 0xe1, 0, 53][..], MARKUP].concat();
    let mut chunk = [b"EXIF", &51_u32.to_le_bytes()[..], MARKUP].concat();
    chunk.push(0);
    let smuggled = [
        (png_with(&png_chunk(b"tEXt", MARKUP)), PNG),
        (png_with(&png_chunk(b"eXIf", MARKUP)), PNG),
        (png_with(&png_chunk(b"acTL", MARKUP)), PNG),
        (jpeg_with(&comment), JPEG),
        (jpeg_with(&photograph), JPEG),
        (webp_of(&[&WEBP[12..], &chunk].concat()), WEBP),
    ];
    for (file, plain) in smuggled {
        assert!(holds(&file, MARKUP));
        let kept = Logo::read(&file).unwrap();
        assert!(!holds(&kept.bytes, b"<script>"), "{:?}", kept.format);
        assert_eq!(kept, Logo::read(plain).unwrap());
        for left in [&b"Exif"[..], b"ICC_PROFILE", b"ICCP", b"JFIF"] {
            assert!(!holds(&kept.bytes, left), "{:?}", kept.format);
        }
    }
}

#[test]
fn refuses_what_claims_to_be_larger_than_a_logo_is() {
    let rgba = [8, 6, 0, 0, 0];
    assert!(Logo::read(&png_of(1024, 1024, rgba)).is_ok());
    for (width, height) in [(1025, 1), (1, 1025), (u32::MAX, u32::MAX), (0x7fff_ffff, 2)] {
        let refused = Logo::read(&png_of(width, height, rgba));
        assert_eq!(refused, Err(NotALogo::TooManyPixels), "{width} x {height}");
    }
    for (width, height) in [(0, 1), (1, 0), (0, 0)] {
        assert_refused(&png_of(width, height, rgba), "without pixels");
    }
    let long = png_with(&png_chunk(b"tEXt", &vec![0; MOST_BYTES]));
    assert_eq!(Logo::read(&long), Err(NotALogo::TooLarge));
    let frame = JPEG.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    let mut wide = JPEG.to_vec();
    wide[frame + 7..frame + 9].copy_from_slice(&[0xff, 0xff]);
    assert_eq!(Logo::read(&wide), Err(NotALogo::TooManyPixels));
}

#[test]
fn refuses_a_png_whose_parts_do_not_hold_together() {
    let mut damaged = PNG.to_vec();
    damaged[60] ^= 1;
    assert_refused(&damaged, "a wrong checksum");
    assert_refused(&png_with(&png_chunk(b"EVIL", MARKUP)), "an unknown chunk that is needed");
    assert_refused(&png_with(&png_chunk(b"IHDR", &PNG[16..29])), "a second header");
    assert_refused(&png_with(&png_chunk(b"IEND", b"")), "an end before the pixels");
    assert_refused(&png_with(&png_chunk(b"IDAT", MARKUP)), "pixels that are no zlib stream");
    assert_refused(&png_with(&png_chunk(b"PLTE", &[0; 769])), "a palette too long");
    for rest in
        [[3, 6, 0, 0, 0], [8, 5, 0, 0, 0], [8, 6, 1, 0, 0], [8, 6, 0, 1, 0], [8, 6, 0, 0, 2]]
    {
        assert_refused(&png_of(32, 24, rest), &format!("{rest:?}"));
    }
    assert_refused(&png_of(32, 24, [8, 3, 0, 0, 0]), "colours by a palette that is missing");
}

#[test]
fn refuses_a_jpeg_or_webp_whose_parts_do_not_hold_together() {
    for marker in [0xc3, 0xc9, 0xcc, 0xdc, 0xd8, 0x01, 0x00, 0xf0] {
        assert_refused(&jpeg_with(&[0xff, marker, 0, 3, 0]), &format!("marker {marker:x}"));
    }
    assert_refused(&jpeg_with(&[0xff, 0xdb, 0, 4, 0, 0]), "a table cut short");
    assert_refused(&jpeg_with(&[0xff, 0xe1, 0xff, 0xff]), "a segment beyond the end");
    assert_refused(&jpeg_with(&[0xff, 0xe1, 0, 1]), "a segment shorter than its length");
    assert_refused(&[0xff, 0xd8, 0xff, 0xd9], "nothing");
    let inner = &WEBP[12..];
    assert_refused(&webp_of(&[inner, inner].concat()), "two pictures");
    let mut moving = WEBP.to_vec();
    moving[20] |= 2;
    assert_refused(&moving, "an animation");
    assert_refused(&webp_of(&[inner, b"ANMF\0\0\0\0"].concat()), "a frame of an animation");
    let mut other_size = WEBP.to_vec();
    other_size[24] += 1;
    assert_refused(&other_size, "a canvas of another size");
    assert_refused(&webp_of(b"EVIL\x02\0\0\0ab"), "an unknown chunk alone");
}

#[test]
fn keeps_a_whole_picture_as_it_looks_and_reads_it_again_the_same() {
    for (file, format) in ALL {
        let logo = Logo::read(file).unwrap();
        assert_eq!((logo.format, logo.width, logo.height), (format, 32, 24));
        assert_eq!(Logo::read(&logo.bytes), Ok(logo.clone()));
        assert!(logo.bytes.len() < file.len() || format == Format::Png);
        assert!(logo.mark().file().ends_with(format.extension()));
    }
    assert_eq!(Logo::read(PNG).unwrap().bytes, PNG);
    let interlaced_rgb = png_of(32, 24, [8, 2, 0, 0, 1]);
    assert!(Logo::read(&interlaced_rgb).is_ok());
    assert!(holds(&Logo::read(TRANSPARENT).unwrap().bytes, b"ALPH"), "it stays transparent");
}

#[test]
fn another_picture_has_another_address() {
    let marks = ALL.map(|(file, _)| Logo::read(file).unwrap().mark().file());
    let unique: std::collections::BTreeSet<&String> = marks.iter().collect();
    assert_eq!(unique.len(), ALL.len());
    assert!(marks.iter().all(|mark| mark.len() > 22), "{marks:?}");
}
