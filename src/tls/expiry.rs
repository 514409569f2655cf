//! When it is time to say that a certificate ends soon.

use crate::base::clock::Timestamp;
use crate::tls::standing::TlsStanding;

const DAY: u64 = 86_400;
/// Days before the end, most first; 0: it has ended.
const STEPS: [u64; 6] = [30, 14, 7, 3, 1, 0];

/// The step that a certificate has come to: at most so many days are left.
///
/// A certificate that this server renews by itself is meant to come close to its end: its steps begin
/// where less than a quarter of its life is left, when renewing it has not worked for some time.
#[must_use]
pub fn step(standing: &TlsStanding, now: Timestamp) -> Option<u64> {
    if now.seconds() > standing.not_after.seconds() {
        return Some(0);
    }
    let left = standing.not_after.since(now).as_secs();
    let life = standing.not_after.since(standing.not_before).as_secs();
    if standing.source.renews_itself() && left >= life / 4 {
        return None;
    }
    STEPS.iter().rev().copied().find(|days| *days > 0 && left <= days * DAY)
}

/// Remembers what was said, so that each step is said once for each certificate.
#[derive(Debug, Default)]
pub struct Warnings {
    told: Option<(String, u64)>,
}

impl Warnings {
    /// The step to tell of now, if it was not told of before.
    pub fn due(&mut self, standing: &TlsStanding, now: Timestamp) -> Option<u64> {
        let step = step(standing, now)?;
        let told = (standing.fingerprint.clone(), step);
        if self.told.as_ref() == Some(&told) {
            return None;
        }
        self.told = Some(told);
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::tls::standing::Source;

    const BEGIN: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn lasting(days: u64, source: Source) -> TlsStanding {
        TlsStanding {
            source,
            names: Vec::new(),
            issuer: String::new(),
            fingerprint: format!("{days}"),
            not_before: BEGIN,
            not_after: BEGIN.plus(Duration::from_secs(days * DAY)),
            reloads: 0,
            failures: 0,
            last_error: None,
        }
    }

    fn told_over(standing: &TlsStanding, days: u64) -> Vec<(u64, u64)> {
        let mut warnings = Warnings::default();
        let hours = (0..days * 24).map(|hour| BEGIN.plus(Duration::from_secs(hour * 3600 + 1)));
        let said = hours.filter_map(|now| {
            let left = standing.not_after.since(now).as_secs().div_ceil(DAY);
            warnings.due(standing, now).map(|step| (left, step))
        });
        said.collect()
    }

    #[test]
    fn each_step_of_a_certificate_from_files_is_told_once() {
        let standing = lasting(90, Source::Files);
        let expected = [(30, 30), (14, 14), (7, 7), (3, 3), (1, 1), (0, 0)];
        assert_eq!(told_over(&standing, 92), expected);
    }

    #[test]
    fn what_renews_itself_is_told_of_only_when_that_is_overdue() {
        // Renewed with 30 days left: nothing is said until a week later.
        let told = told_over(&lasting(90, Source::Acme), 92);
        assert_eq!(told, [(23, 30), (14, 14), (7, 7), (3, 3), (1, 1), (0, 0)]);
        // A certificate of six days is renewed with two left.
        assert_eq!(told_over(&lasting(6, Source::Acme), 8), [(2, 3), (1, 1), (0, 0)]);
        assert_eq!(told_over(&lasting(90, Source::PrivateCa), 60), []);
    }

    #[test]
    fn another_certificate_is_told_of_anew() {
        let mut warnings = Warnings::default();
        let now = BEGIN.plus(Duration::from_secs(80 * DAY));
        assert_eq!(warnings.due(&lasting(90, Source::Files), now), Some(14));
        assert_eq!(warnings.due(&lasting(90, Source::Files), now), None);
        assert_eq!(warnings.due(&lasting(91, Source::Files), now), Some(14));
    }
}
