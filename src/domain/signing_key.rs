//! The keys that assertions are signed with: which one signs, which are published, when the next one
//! comes. A key is published before it signs and until everything it signed is over, so that whoever
//! keeps a copy of the published keys never meets a signature that the copy does not explain.

use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::id::RawId;

/// How long an assertion is good.
pub const ASSERTION_LIFE: Duration = Duration::from_secs(60);
/// How long a copy of the published keys may be kept.
pub const PUBLISHED_CACHE: Duration = Duration::from_secs(300);
/// How long a key is published before it signs, and after it has signed its last.
pub const OVERLAP: Duration = Duration::from_secs(3600);

/// A signing key at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningKey {
    /// Its seed, sealed, in base64url.
    pub sealed: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
}

/// Whose turn it is, among keys given by what they are called and from when on they sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns(Vec<(Timestamp, RawId)>);

impl Turns {
    /// The turns of `keys`.
    #[must_use]
    pub fn of(keys: impl Iterator<Item = (RawId, Timestamp)>) -> Self {
        let mut turns: Vec<_> = keys.map(|(id, from)| (from, id)).collect();
        turns.sort_unstable();
        Self(turns)
    }

    /// The key that signs at `now`: the last whose turn has come, or else the first.
    #[must_use]
    pub fn signing(&self, now: Timestamp) -> Option<RawId> {
        let come = self.0.iter().rev().find(|(from, _)| *from <= now);
        come.or(self.0.first()).map(|(_, id)| *id)
    }

    /// The keys whose signatures are all over, and that no copy of the published keys needs.
    #[must_use]
    pub fn over(&self, now: Timestamp) -> Vec<RawId> {
        let with_next = self.0.iter().zip(self.0.iter().skip(1));
        with_next
            .filter(|(_, (next_from, _))| next_from.plus(OVERLAP) <= now)
            .map(|((_, id), _)| *id)
            .collect()
    }

    /// If a key is to be made at `now`, from when on it signs. The first signs at once.
    #[must_use]
    pub fn next_from(&self, now: Timestamp, each: Duration) -> Option<Timestamp> {
        let Some((newest, _)) = self.0.last() else { return Some(now) };
        let soon = now.plus(OVERLAP);
        let due = newest.plus(each);
        (due <= soon).then(|| due.max(soon))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;
    const EACH: Duration = Duration::from_secs(24 * HOUR);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    fn id(number: u8) -> RawId {
        RawId::from_bytes([number; 16])
    }

    fn turns(from: &[u64]) -> Turns {
        let named = from.iter().zip(1..).map(|(from, number)| (id(number), at(*from)));
        Turns::of(named)
    }

    #[test]
    fn the_first_key_signs_at_once_and_the_next_is_published_an_hour_before_its_turn() {
        assert_eq!(Turns::default().next_from(at(0), EACH), Some(at(0)));
        assert_eq!(turns(&[0]).next_from(at(23 * HOUR - 1), EACH), None);
        assert_eq!(turns(&[0]).next_from(at(23 * HOUR), EACH), Some(at(24 * HOUR)));
        let both = turns(&[0, 24 * HOUR]);
        assert_eq!(both.next_from(at(23 * HOUR), EACH), None, "the next one is there");
        assert_eq!(both.signing(at(24 * HOUR - 1)), Some(id(1)));
        assert_eq!(both.signing(at(24 * HOUR)), Some(id(2)));
    }

    #[test]
    fn a_rotation_that_was_missed_still_gives_the_next_key_its_hour() {
        assert_eq!(turns(&[0]).next_from(at(1000 * HOUR), EACH), Some(at(1001 * HOUR)));
        assert_eq!(turns(&[0]).signing(at(1000 * HOUR)), Some(id(1)));
    }

    #[test]
    fn a_key_goes_an_hour_after_its_successor_began_and_the_newest_never() {
        let both = turns(&[0, 24 * HOUR]);
        assert_eq!(both.over(at(25 * HOUR - 1)), []);
        assert_eq!(both.over(at(25 * HOUR)), [id(1)]);
        assert_eq!(turns(&[0]).over(at(9999 * HOUR)), []);
    }

    #[test]
    fn a_clock_that_is_behind_every_turn_has_a_key_all_the_same() {
        assert_eq!(turns(&[5]).signing(at(0)), Some(id(1)));
        assert_eq!(Turns::default().signing(at(0)), None);
    }

    /// Whoever reads the published keys, keeps them as long as they may, and is then handed an
    /// assertion at the end of its life, still finds the key that signed it.
    #[test]
    fn the_overlap_is_longer_than_copies_are_kept_and_assertions_live() {
        assert!(OVERLAP > PUBLISHED_CACHE + ASSERTION_LIFE);
    }
}
