//! Typed identifiers: 48 bits of time, 80 random bits, and a prefix that tells the kind.

use std::fmt;
use std::str::FromStr;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::entropy;
use crate::base::entropy::Entropy;

/// The 16 bytes under every identifier. They sort by the millisecond in which they were made, so
/// rows keyed by them are appended, and can be swept by age.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawId([u8; 16]);

impl RawId {
    /// A new identifier made at `now`.
    #[must_use]
    pub fn make(now: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        let random = entropy::draw::<10>(entropy);
        let time = now.millis().to_be_bytes();
        for (to, from) in bytes.iter_mut().zip(time.iter().skip(2).chain(random.iter())) {
            *to = *from;
        }
        Self(bytes)
    }

    /// The lowest identifier of the moment `at`: everything older sorts before it.
    #[must_use]
    pub fn floor(at: Timestamp) -> Self {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(at.millis().to_be_bytes().iter().skip(2)) {
            *to = *from;
        }
        Self(bytes)
    }

    /// From stored bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, as they stand in keys.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// When it was made.
    #[must_use]
    pub fn made_at(&self) -> Timestamp {
        let millis = self.0.iter().take(6).fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        Timestamp::from_millis(millis)
    }
}

impl fmt::Display for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encoding::base62(&self.0))
    }
}

impl fmt::Debug for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RawId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        encoding::base62_decode(text).map(Self).ok_or(NotAnId)
    }
}

impl serde::Serialize for RawId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for RawId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The text is not an identifier of the kind asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier of this kind")]
pub struct NotAnId;

/// Declares an identifier type over [`RawId`] with its prefix.
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(RawId);

        impl $name {
            /// What the text form starts with.
            pub const PREFIX: &'static str = $prefix;

            /// A new identifier made at `now`.
            #[must_use]
            pub fn make(now: Timestamp, entropy: &dyn Entropy) -> Self {
                Self(RawId::make(now, entropy))
            }

            /// The untyped identifier.
            #[must_use]
            pub const fn raw(&self) -> &RawId {
                &self.0
            }

            /// Gives an untyped identifier its kind.
            #[must_use]
            pub const fn from_raw(raw: RawId) -> Self {
                Self(raw)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                text.strip_prefix($prefix).ok_or(NotAnId)?.parse().map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

typed_id!(
    /// A set of books.
    CompanyId,
    "cs_co_"
);
typed_id!(
    /// An accounting firm.
    FirmId,
    "cs_firm_"
);
typed_id!(
    /// A person who signs in.
    UserId,
    "cs_user_"
);
typed_id!(
    /// A registered client; its text form is the OAuth `client_id`.
    AppId,
    "cs_app_"
);
typed_id!(
    /// One secret of an app.
    SecretId,
    "cs_secret_"
);
typed_id!(
    /// One user's approval of one app; also the family of its tokens.
    ConnectionId,
    "cs_conn_"
);
typed_id!(
    /// A browser session.
    SessionId,
    "cs_session_"
);
typed_id!(
    /// One request, as `X-Request-Id` and every reference shows it.
    RequestId,
    "req_"
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SystemEntropy;

    #[test]
    fn identifiers_made_later_sort_later() {
        let entropy = SystemEntropy::new();
        let early = RawId::make(Timestamp::from_millis(1_000), &entropy);
        let late = RawId::make(Timestamp::from_millis(1_001), &entropy);
        assert!(early < late);
        assert!(RawId::floor(Timestamp::from_millis(1_001)) > early);
        assert!(RawId::floor(Timestamp::from_millis(1_001)) <= late);
        assert_eq!(late.made_at(), Timestamp::from_millis(1_001));
    }

    #[test]
    fn no_identifier_comes_twice_though_time_stands_still() {
        let entropy = SystemEntropy::new();
        let ids = (0..10_000).map(|_| RawId::make(Timestamp::from_millis(1_000), &entropy));
        assert_eq!(ids.collect::<std::collections::BTreeSet<_>>().len(), 10_000);
    }

    #[test]
    fn an_identifier_of_one_kind_is_not_read_as_another() {
        let app = AppId::make(Timestamp::from_millis(5), &SystemEntropy::new());
        assert_eq!(app.to_string().parse::<AppId>(), Ok(app));
        assert_eq!(app.to_string().parse::<UserId>(), Err(NotAnId));
        assert_eq!(app.to_string().to_uppercase().parse::<AppId>(), Err(NotAnId));
    }
}
