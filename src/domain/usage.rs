//! What an app did within an hour or a day: counters, where the trail would be too long.

use crate::base::clock::Timestamp;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A token was issued.
    Issued,
    /// A token, or an authorization, was refused.
    IssueRefused,
    /// A call passed the guard.
    Called,
    /// A call was refused.
    CallRefused,
}

/// How often, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often.
    pub count: u64,
    /// When last; [`Timestamp::EPOCH`] if never.
    pub last: Timestamp,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.last = self.last.max(other.last);
    }
}

/// The counters of one app in one company or firm, for a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens issued.
    pub issued: Tally,
    /// Tokens and authorizations refused.
    pub issue_refused: Tally,
    /// Calls that passed.
    pub called: Tally,
    /// Calls refused.
    pub call_refused: Tally,
}

impl Usage {
    /// Counts one more.
    pub fn count(&mut self, what: Counted, now: Timestamp) {
        let tally = match what {
            Counted::Issued => &mut self.issued,
            Counted::IssueRefused => &mut self.issue_refused,
            Counted::Called => &mut self.called,
            Counted::CallRefused => &mut self.call_refused,
        };
        tally.add(Tally { count: 1, last: now });
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.issued.add(other.issued);
        self.issue_refused.add(other.issue_refused);
        self.called.add(other.called);
        self.call_refused.add(other.call_refused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_and_keeps_the_latest_of_each() {
        let at = Timestamp::from_seconds;
        let mut one = Usage::default();
        one.count(Counted::Called, at(5));
        one.count(Counted::Called, at(7));
        let mut other = Usage::default();
        other.count(Counted::Called, at(3));
        other.count(Counted::IssueRefused, at(9));
        one.add(&other);
        assert_eq!(one.called, Tally { count: 3, last: at(7) });
        assert_eq!(one.issue_refused, Tally { count: 1, last: at(9) });
        assert_eq!(one.issued, Tally::default());
    }
}
