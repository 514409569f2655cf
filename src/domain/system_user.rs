//! A user of the machine: who was at the command line.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::Serialize;
use serde::Serializer;
use serde::de::Error as _;

/// The longest name that Linux lets a user have.
const LONGEST: usize = 32;

/// Their number, and their name if it is known. Kept as text: the name, or `uid 1000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SystemUser {
    uid: u32,
    name: [u8; LONGEST],
}

impl SystemUser {
    /// The user with this number. A name that could not be one is left out.
    #[must_use]
    pub fn new(uid: u32, name: Option<&str>) -> Self {
        let mut kept = [0; LONGEST];
        let name = name.filter(|name| name.bytes().all(|byte| byte.is_ascii_graphic()));
        let bytes = name.unwrap_or_default().as_bytes();
        if let Some(place) = kept.get_mut(..bytes.len()) {
            place.copy_from_slice(bytes);
        }
        Self { uid, name: kept }
    }

    /// Their number.
    #[must_use]
    pub const fn uid(&self) -> u32 {
        self.uid
    }

    fn name(&self) -> &str {
        let end = self.name.iter().position(|byte| *byte == 0).unwrap_or(LONGEST);
        let name = self.name.get(..end).unwrap_or_default();
        std::str::from_utf8(name).unwrap_or_default()
    }
}

impl fmt::Display for SystemUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "" => write!(f, "uid {}", self.uid),
            name => f.write_str(name),
        }
    }
}

impl Serialize for SystemUser {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SystemUser {
    /// A number is known again only where there was no name: what is read is shown, nothing more.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        match text.strip_prefix("uid ") {
            Some(uid) => uid.parse().map(|uid| Self::new(uid, None)).map_err(D::Error::custom),
            None => Ok(Self::new(u32::MAX, Some(&text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_told_by_name_and_without_one_by_number() {
        assert_eq!(SystemUser::new(0, Some("root")).to_string(), "root");
        for strange in [None, Some("a\nb"), Some("a-name-that-no-user-of-linux-can-ever-have")] {
            assert_eq!(SystemUser::new(1000, strange).to_string(), "uid 1000");
        }
    }

    #[test]
    fn what_was_written_down_is_read_as_the_same_text() {
        for user in [SystemUser::new(0, Some("root")), SystemUser::new(1000, None)] {
            let written = serde_json::to_string(&user).unwrap();
            let read: SystemUser = serde_json::from_str(&written).unwrap();
            assert_eq!(read.to_string(), user.to_string());
        }
    }
}
