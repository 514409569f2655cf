//! Logos of apps: which bytes are taken as one, and what is kept of them.
//!
//! Nothing is decoded, so that no picture can cost more than its length. The container is walked to its
//! last byte and written anew with those parts alone that paint: no text, no place or date of a
//! photograph, no second file behind or inside the first. What cannot be walked is no logo.

mod jpeg;
mod png;
mod walk;
mod webp;

use serde::Deserialize;
use serde::Serialize;

use crate::base::encoding;
use crate::crypto::digest;

/// The longest file that is looked at, in bytes.
pub const MOST_BYTES: usize = 64 * 1024;
/// The most pixels of either side.
pub const MOST_PIXELS: u32 = 1024;
/// Bytes of the digest by which a logo is addressed.
const MARK: usize = 16;

/// What kind of picture it is; so it is served, whatever anybody said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// PNG (ISO/IEC 15948).
    Png,
    /// JPEG (ITU-T T.81), baseline or progressive.
    Jpeg,
    /// WebP (RFC 9649), one picture.
    Webp,
}

impl Format {
    /// All that are taken.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The end of its name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }
}

/// Why something is no logo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotALogo {
    /// The file is longer than is taken.
    TooLarge,
    /// One side has more pixels than are taken.
    TooManyPixels,
    /// It is not wholly a still picture of a kind that is taken.
    NotAPicture,
}

/// A picture that was walked through, with what paints it alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Its kind.
    pub format: Format,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// The file, written anew.
    pub bytes: Vec<u8>,
}

/// By what an app's logo is addressed: where it was made of other bytes it is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoMark {
    /// Half of the SHA-256 of the file, in base64url.
    digest: String,
    format: Format,
}

impl LogoMark {
    /// The name of the file.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.{}", self.digest, self.format.extension())
    }
}

impl Logo {
    /// Reads a file that somebody sent. What is read of what was kept is the same again.
    ///
    /// # Errors
    /// [`NotALogo`].
    pub fn read(file: &[u8]) -> Result<Self, NotALogo> {
        if file.len() > MOST_BYTES {
            return Err(NotALogo::TooLarge);
        }
        let found = png::read(file)
            .map(|rest| (Format::Png, rest))
            .or_else(|| jpeg::read(file).map(|rest| (Format::Jpeg, rest)))
            .or_else(|| webp::read(file).map(|rest| (Format::Webp, rest)));
        let Some((format, Picture { width, height, bytes })) = found else {
            return Err(NotALogo::NotAPicture);
        };
        if width == 0 || height == 0 {
            return Err(NotALogo::NotAPicture);
        }
        if width > MOST_PIXELS || height > MOST_PIXELS {
            return Err(NotALogo::TooManyPixels);
        }
        Ok(Self { format, width, height, bytes })
    }

    /// By what it is addressed.
    #[must_use]
    pub fn mark(&self) -> LogoMark {
        let digest = digest::sha256(&self.bytes);
        let half = digest.first_chunk::<MARK>().map(|half| half.as_slice()).unwrap_or_default();
        LogoMark { digest: encoding::base64url(half), format: self.format }
    }
}

/// What one of the formats found.
struct Picture {
    width: u32,
    height: u32,
    bytes: Vec<u8>,
}

#[cfg(test)]
mod tests;
