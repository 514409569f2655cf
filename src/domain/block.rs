//! Blocks: what a company does not let reach it, whoever allowed it and through whichever firm.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::AppId;
use crate::base::id::CompanyId;
use crate::base::id::ConnectionId;
use crate::base::id::NotAnId;
use crate::base::id::UserId;

/// What is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blocked {
    /// An app with all that hangs on it: every person's connection, every token.
    App(AppId),
    /// One connection.
    Connection(ConnectionId),
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App(id) => id.fmt(f),
            Self::Connection(id) => id.fmt(f),
        }
    }
}

impl FromStr for Blocked {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        text.parse().map(Self::App).or_else(|_| text.parse().map(Self::Connection))
    }
}

impl Serialize for Blocked {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Blocked {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A company's block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Whose it is.
    pub company: CompanyId,
    /// What does not reach it.
    pub blocked: Blocked,
    /// Who blocked it; none: the operator.
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// Why, in the words of whoever did it.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::RawId;

    #[test]
    fn what_is_blocked_is_written_as_its_id_and_read_again_as_what_it_is() {
        let raw = RawId::from_bytes([5; 16]);
        let (app, connection) = (AppId::from_raw(raw), ConnectionId::from_raw(raw));
        for (blocked, id) in [
            (Blocked::App(app), app.to_string()),
            (Blocked::Connection(connection), connection.to_string()),
        ] {
            let written = serde_json::to_string(&blocked).unwrap();
            assert_eq!(written, format!("\"{id}\""));
            assert_eq!(serde_json::from_str::<Blocked>(&written).unwrap(), blocked);
            assert_eq!(id.parse(), Ok(blocked));
        }
        let user = UserId::from_raw(raw).to_string();
        assert!(user.parse::<Blocked>().is_err());
        assert!(serde_json::from_str::<Blocked>(&format!("\"{user}\"")).is_err());
    }
}
