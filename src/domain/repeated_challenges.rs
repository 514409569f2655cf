//! A client that always sends the same PKCE challenge has no protection by it: whoever saw one
//! verifier knows them all. Nothing can be refused for that, since a repeat may be chance or a page
//! that was loaded again; but the third authorization within a day is no chance.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::pkce::Challenge;

/// Challenges of one app that are remembered.
const KEPT: usize = 32;
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// The authorization with one challenge that is noticed.
const NOTICED: u32 = 3;

/// The last challenges of one app.
#[derive(Default)]
pub struct LastChallenges(VecDeque<Seen>);

struct Seen {
    challenge: Challenge,
    first: Timestamp,
    times: u32,
}

impl LastChallenges {
    /// Notes an authorization with `challenge`; says whether it is the third with it within a day.
    pub fn note(&mut self, challenge: &Challenge, now: Timestamp) -> bool {
        self.0.retain(|seen| now.since(seen.first) < WINDOW);
        if let Some(seen) = self.0.iter_mut().find(|seen| seen.challenge == *challenge) {
            seen.times = seen.times.saturating_add(1);
            return seen.times == NOTICED;
        }
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(Seen { challenge: challenge.clone(), first: now, times: 1 });
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::encoding;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn challenge(number: u8) -> Challenge {
        Challenge::parse(&encoding::base64url(&[number; 32])).unwrap()
    }

    fn noticed(last: &mut LastChallenges, times: &[(u8, u64)]) -> Vec<bool> {
        let at = |seconds: u64| START.plus(Duration::from_secs(seconds));
        times.iter().map(|(number, seconds)| last.note(&challenge(*number), at(*seconds))).collect()
    }

    #[test]
    fn the_third_use_within_a_day_is_noticed_and_only_the_third() {
        let uses = [(1, 0), (2, 1), (1, 2), (2, 3), (1, 86_399), (1, 86_399)];
        let seen = noticed(&mut LastChallenges::default(), &uses);
        assert_eq!(seen, [false, false, false, false, true, false]);
    }

    #[test]
    fn uses_of_different_days_are_not_put_together() {
        let seen = noticed(&mut LastChallenges::default(), &[(1, 0), (1, 1), (1, 86_400)]);
        assert_eq!(seen, [false; 3]);
    }

    #[test]
    fn however_many_come_only_the_last_are_remembered() {
        let mut last = LastChallenges::default();
        noticed(&mut last, &[(1, 0), (1, 1)]);
        for number in 2..=200 {
            last.note(&challenge(number), START);
        }
        assert_eq!(last.0.len(), KEPT);
        assert!(!last.note(&challenge(1), START), "forgotten");
    }
}
