//! Opaque tokens: `<prefix>_<id><secret><checksum>`, base62, of a fixed length for each kind.
//!
//! The id finds the row, the HMAC of the whole text proves it. A text with a wrong checksum is
//! refused before any look-up, and a truncated, extended or re-cased one never matches.

use std::fmt;

use crate::base::clock::Timestamp;
use crate::base::encoding;
use crate::base::entropy;
use crate::base::entropy::Entropy;
use crate::base::id::RawId;
use crate::base::secret::Secret;
use crate::crypto::digest;

const ID_LENGTH: usize = encoding::base62_length(16);
const SECRET_LENGTH: usize = encoding::base62_length(32);
const CHECKSUM_LENGTH: usize = encoding::base62_length(4);
const BODY_LENGTH: usize = ID_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH;

/// What a token is for. Each kind has its prefixes, and one for test companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// An app's client secret.
    ClientSecret,
    /// An access token that a person granted (RFC 6750).
    AccessToken,
    /// An access token that an app holds in its own right (`client_credentials`). A kind of its
    /// own, since it lives shorter and so has a table of its own.
    ClientAccessToken,
    /// An API token: a static bearer token.
    ApiToken,
    /// A refresh token (RFC 6749 section 1.5).
    RefreshToken,
    /// An authorization code (RFC 6749 section 4.1.2).
    AuthorizationCode,
    /// A browser session.
    Session,
    /// The reference of a pushed authorization request (RFC 9126).
    PushedRequest,
    /// A one-time link: first run, or an invitation.
    Link,
    /// With which a client manages its own registration (RFC 7592).
    RegistrationAccess,
    /// With which clients may register (RFC 7591 section 3).
    InitialAccess,
}

impl TokenKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::ClientSecret,
        Self::AccessToken,
        Self::ClientAccessToken,
        Self::ApiToken,
        Self::RefreshToken,
        Self::AuthorizationCode,
        Self::Session,
        Self::PushedRequest,
        Self::Link,
        Self::RegistrationAccess,
        Self::InitialAccess,
    ];

    /// What its text begins with; `test` for those of test companies.
    #[must_use]
    pub const fn prefix(self, test: bool) -> &'static str {
        match (self, test) {
            (Self::ClientSecret, false) => "cs_sec_",
            (Self::ClientSecret, true) => "cs_test_sec_",
            (Self::AccessToken, false) => "cs_at_",
            (Self::AccessToken, true) => "cs_test_at_",
            (Self::ClientAccessToken, false) => "cs_ct_",
            (Self::ClientAccessToken, true) => "cs_test_ct_",
            (Self::ApiToken, false) => "cs_api_",
            (Self::ApiToken, true) => "cs_test_api_",
            (Self::RefreshToken, false) => "cs_rt_",
            (Self::RefreshToken, true) => "cs_test_rt_",
            (Self::AuthorizationCode, _) => "cs_code_",
            (Self::Session, _) => "cs_ses_",
            (Self::PushedRequest, _) => "cs_par_",
            (Self::Link, _) => "cs_link_",
            (Self::RegistrationAccess, _) => "cs_rat_",
            (Self::InitialAccess, _) => "cs_iat_",
        }
    }
}

/// A token in clear, as its holder has it. Cannot be stored: only its hash can.
#[derive(Clone)]
pub struct PlainToken {
    id: RawId,
    text: Secret,
}

impl PlainToken {
    /// Makes a new token at `now`; `test` marks the secrets of test companies.
    #[must_use]
    pub fn mint(kind: TokenKind, test: bool, now: Timestamp, entropy: &dyn Entropy) -> Self {
        let id = RawId::make(now, entropy);
        let secret = zeroize::Zeroizing::new(entropy::draw::<32>(entropy));
        let mut text = String::with_capacity(12 + BODY_LENGTH);
        text.push_str(kind.prefix(test));
        text.push_str(&encoding::base62(id.bytes()));
        text.push_str(&encoding::base62(&*secret));
        let checksum = crc32fast::hash(text.as_bytes());
        text.push_str(&encoding::base62(&checksum.to_be_bytes()));
        Self { id, text: Secret::new(text) }
    }

    /// Reads a presented token of `kind`. `None` for anything that cannot be one: another kind,
    /// another length, another alphabet, a wrong checksum.
    #[must_use]
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        let body = text
            .strip_prefix(kind.prefix(true))
            .or_else(|| text.strip_prefix(kind.prefix(false)))?;
        if body.len() != BODY_LENGTH || !body.is_ascii() {
            return None;
        }
        let (id, rest) = body.split_at_checked(ID_LENGTH)?;
        let (secret, checksum) = rest.split_at_checked(SECRET_LENGTH)?;
        let id = encoding::base62_decode(id).map(RawId::from_bytes)?;
        encoding::base62_decode::<32>(secret)?;
        let stated = u32::from_be_bytes(encoding::base62_decode(checksum)?);
        let covered = text.len().checked_sub(CHECKSUM_LENGTH)?;
        let actual = crc32fast::hash(text.as_bytes().get(..covered)?);
        (stated == actual).then(|| Self { id, text: text.into() })
    }

    /// The public, time-ordered part: the key of its row.
    #[must_use]
    pub const fn id(&self) -> &RawId {
        &self.id
    }

    /// The whole text, to hand to its holder once.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.expose()
    }

    /// Whether it was made for a test company.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.text().starts_with("cs_test_")
    }

    /// The last four characters, by which people tell secrets apart later.
    #[must_use]
    pub fn last_four(&self) -> String {
        let text = self.text();
        text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned()
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainToken({}, …)", self.id)
    }
}

/// What is stored of a token. Two are compared in constant time.
#[derive(Clone, Copy)]
pub struct HashedToken {
    key_version: u8,
    mac: [u8; 32],
}

impl PartialEq for HashedToken {
    fn eq(&self, other: &Self) -> bool {
        let same_key = self.key_version == other.key_version;
        digest::equal(&self.mac, &other.mac) && same_key
    }
}

impl Eq for HashedToken {}

impl HashedToken {
    /// From its stored parts.
    #[must_use]
    pub const fn new(key_version: u8, mac: [u8; 32]) -> Self {
        Self { key_version, mac }
    }

    /// A hash that no token has: no key has version 0.
    #[must_use]
    pub const fn unmatchable() -> Self {
        Self { key_version: 0, mac: [0; 32] }
    }

    /// Which key made it.
    #[must_use]
    pub const fn key_version(&self) -> u8 {
        self.key_version
    }

    /// The HMAC.
    #[must_use]
    pub const fn mac(&self) -> &[u8; 32] {
        &self.mac
    }
}

impl fmt::Debug for HashedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HashedToken(key {})", self.key_version)
    }
}

impl serde::Serialize for HashedToken {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{}:{}", self.key_version, encoding::base64url(&self.mac)))
    }
}

impl<'de> serde::Deserialize<'de> for HashedToken {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        let parts = text.split_once(':').and_then(|(version, mac)| {
            let mac = encoding::base64url_decode(mac)?;
            Some(Self { key_version: version.parse().ok()?, mac: mac.try_into().ok()? })
        });
        parts.ok_or_else(|| serde::de::Error::custom("not a hashed token"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SystemEntropy;

    fn token(kind: TokenKind) -> PlainToken {
        PlainToken::mint(
            kind,
            false,
            Timestamp::from_millis(1_700_000_000_000),
            &SystemEntropy::new(),
        )
    }

    #[test]
    fn a_token_is_read_back_as_its_own_kind_and_no_other() {
        for kind in TokenKind::ALL {
            let minted = token(kind);
            for other in TokenKind::ALL {
                let read = PlainToken::parse(other, minted.text());
                assert_eq!(read.is_some(), kind == other, "{kind:?} read as {other:?}");
            }
            assert_eq!(PlainToken::parse(kind, minted.text()).unwrap().id(), minted.id());
        }
    }

    #[test]
    fn every_truncation_extension_and_changed_character_is_refused() {
        let minted = token(TokenKind::AccessToken);
        let text = minted.text();
        for length in 0..text.len() {
            assert!(PlainToken::parse(TokenKind::AccessToken, &text[..length]).is_none());
        }
        assert!(PlainToken::parse(TokenKind::AccessToken, &format!("{text}0")).is_none());
        for at in 0..text.len() {
            let mut changed = text.as_bytes().to_vec();
            changed[at] = if changed[at] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(PlainToken::parse(TokenKind::AccessToken, &changed).is_none(), "at {at}");
        }
        assert!(PlainToken::parse(TokenKind::AccessToken, &text.to_uppercase()).is_none());
        assert!(PlainToken::parse(TokenKind::AccessToken, &text.replacen('_', "é", 1)).is_none());
    }

    #[test]
    fn test_companies_have_tokens_that_say_so() {
        let minted = PlainToken::mint(
            TokenKind::AccessToken,
            true,
            Timestamp::from_millis(1),
            &SystemEntropy::new(),
        );
        assert!(minted.is_test() && minted.text().starts_with("cs_test_at_"));
        assert!(!token(TokenKind::AccessToken).is_test());
        assert!(PlainToken::parse(TokenKind::AccessToken, minted.text()).is_some());
    }

    #[test]
    fn debug_shows_no_secret() {
        let minted = token(TokenKind::RefreshToken);
        assert!(!format!("{minted:?}").contains(&minted.text()[29..]));
    }
}
