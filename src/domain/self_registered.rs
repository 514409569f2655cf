//! What is kept beside the app of a client that registered itself.

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::crypto::token::HashedToken;
use crate::domain::client_metadata::ClientMetadata;

/// Changes that a client may make in a day: each is written to the audit trail, and nobody may fill
/// the disk.
const CHANGES_A_DAY: u32 = 10;
const DAY_MILLIS: u64 = 24 * 3600 * 1000;

/// A registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfRegistered {
    /// HMAC of its registration access token.
    pub access: HashedToken,
    /// What it said of itself last.
    pub metadata: ClientMetadata,
    /// The day (since the epoch) that `changes` counts.
    #[serde(default)]
    pub day: u64,
    /// Changes on that day.
    #[serde(default)]
    pub changes: u32,
}

impl SelfRegistered {
    /// With other metadata; none if it changed too often today.
    #[must_use]
    pub fn changed(self, metadata: ClientMetadata, now: Timestamp) -> Option<Self> {
        let day = now.millis() / DAY_MILLIS;
        let changes = if day == self.day { self.changes } else { 0 };
        (changes < CHANGES_A_DAY).then(|| Self { metadata, day, changes: changes + 1, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_changes_a_day_and_then_none_until_the_next() {
        let mut row = SelfRegistered {
            access: HashedToken::unmatchable(),
            metadata: ClientMetadata::default(),
            day: 0,
            changes: 0,
        };
        let today = Timestamp::from_millis(DAY_MILLIS * 20_000);
        for _ in 0..10 {
            row = row.changed(ClientMetadata::default(), today).unwrap();
        }
        assert_eq!(row.clone().changed(ClientMetadata::default(), today), None);
        let tomorrow = Timestamp::from_millis(DAY_MILLIS * 20_001);
        assert_eq!(row.changed(ClientMetadata::default(), tomorrow).unwrap().changes, 1);
    }

    #[test]
    fn the_day_is_that_of_the_calendar_and_the_last_word_is_kept() {
        let midnight = Timestamp::from_seconds(86_400 * 20_000);
        let before = Timestamp::from_millis(midnight.millis() - 1);
        let mut row = SelfRegistered {
            access: HashedToken::unmatchable(),
            metadata: ClientMetadata::default(),
            day: 0,
            changes: 0,
        };
        for _ in 0..10 {
            row = row.changed(ClientMetadata::default(), before).unwrap();
        }
        let metadata = ClientMetadata {
            scope: Some("books:readonly".to_owned()),
            ..ClientMetadata::default()
        };
        assert_eq!(row.clone().changed(metadata.clone(), before), None);
        assert_eq!(row.changed(metadata.clone(), midnight).unwrap().metadata, metadata);
    }
}
