//! When a certificate is asked for, and when again after that failed.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::tls::facts::Facts;

const FIRST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(6 * 3600);
/// Who asked too often waits at least as long.
const LIMITED: Duration = Duration::from_secs(3600);
/// Whatever the authority asks for, it is asked again within this: the certificate in use has an end.
const ASKED: Duration = Duration::from_secs(24 * 3600);

/// When a certificate is renewed: at two thirds of its life, and up to a sixtieth of it later, so that
/// not all who were issued one at the same moment ask again at the same moment.
#[must_use]
pub fn renew_at(facts: &Facts, chance: u16) -> Timestamp {
    let life = facts.not_after.since(facts.not_before);
    facts.not_before.plus(life * 2 / 3).plus(share(life / 60, chance))
}

/// How long to wait after so many failures in a row: a minute, then twice as long each time up to six
/// hours, and up to a quarter more. Never less than the authority `asked` for, up to a day.
#[must_use]
pub fn wait_after(failures: u32, limited: bool, asked: Option<Duration>, chance: u16) -> Duration {
    let doubled = FIRST * 2u32.saturating_pow(failures.saturating_sub(1).min(16));
    let wait = doubled.min(LONGEST).max(if limited { LIMITED } else { FIRST });
    let wait = wait.max(asked.unwrap_or_default().min(ASKED));
    wait + share(wait / 4, chance)
}

fn share(of: Duration, chance: u16) -> Duration {
    of * u32::from(chance) / u32::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;
    const BEGIN: Timestamp = Timestamp::from_seconds(1_790_000_000);

    fn lasting(days: u64) -> Facts {
        Facts {
            names: Vec::new(),
            subject: String::new(),
            issuer: String::new(),
            not_before: BEGIN,
            not_after: BEGIN.plus(Duration::from_secs(days * DAY)),
            fingerprint: String::new(),
        }
    }

    #[test]
    fn a_certificate_is_renewed_at_two_thirds_of_its_life_and_a_little_later() {
        let day = |days: u64, chance| renew_at(&lasting(days), chance).since(BEGIN).as_secs();
        assert_eq!(day(90, 0), 60 * DAY);
        assert_eq!(day(90, u16::MAX), 60 * DAY + 36 * 3600);
        assert_eq!(day(6, 0), 4 * DAY);
    }

    #[test]
    fn each_failure_doubles_the_wait_up_to_six_hours() {
        let minutes = |failures| wait_after(failures, false, None, 0).as_secs() / 60;
        assert_eq!([1, 2, 3, 4].map(minutes), [1, 2, 4, 8]);
        assert_eq!([9, 10, 100, u32::MAX].map(minutes), [256, 360, 360, 360]);
        assert_eq!(wait_after(1, false, None, u16::MAX), Duration::from_secs(75));
        assert_eq!(wait_after(1, true, None, 0), Duration::from_secs(3600));
    }

    #[test]
    fn the_authority_is_not_asked_before_it_said_but_within_a_day() {
        let hours = |asked: u64, chance| {
            let asked = Some(Duration::from_secs(asked * 3600));
            wait_after(1, true, asked, chance).as_secs() / 3600
        };
        assert_eq!([0, 1, 2, 24, 168].map(|asked| hours(asked, 0)), [1, 1, 2, 24, 24]);
        assert_eq!(hours(2, u16::MAX), 2, "two hours and a half");
    }
}
