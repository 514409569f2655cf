//! Whether the time can be right.

use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::domain::checkup::Finding;

/// Clocks differ a little, and are corrected a little.
const TOLERATED: Duration = Duration::from_secs(60);
/// A machine that was off for longer is rarer than one whose date is wrong.
const LONGEST_REST: Duration = Duration::from_secs(366 * 86_400);
const MEND: &str = "set the machine's clock (timedatectl set-ntp true), then restart the server";

/// What clocks say.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    /// The machine's.
    pub wall: Timestamp,
    /// The running server's, less what it was told to stand ahead.
    pub server: Option<Timestamp>,
    /// The last time that was noted in the data file.
    pub noted: Timestamp,
    /// The last time noted before the date jumped, if nobody has accepted the jump.
    pub doubted_since: Option<Timestamp>,
}

/// Whether time since the last that was noted went on for so long that the date may be wrong.
#[must_use]
pub fn is_doubtful(noted: Timestamp, wall: Timestamp) -> bool {
    noted > Timestamp::EPOCH && wall > noted.plus(LONGEST_REST)
}

/// What is wrong with the time.
#[must_use]
pub fn judge(clocks: Clocks) -> Vec<Finding> {
    let Clocks { wall, server, noted, doubted_since } = clocks;
    let mut found = Vec::new();
    if let Some(since) = doubted_since {
        let about = format!(
            "the date is more than a year after the last that was noted ({}), so nothing old is removed",
            since.rfc3339()
        );
        let fix = "if the date is right: countersign doctor --accept-clock; if not, stop the server and set the clock";
        found.push(Finding::attention("clock.jumped", about, fix));
    }
    if let Some(server) = server {
        let apart = server.since(wall).max(wall.since(server));
        if apart > TOLERATED {
            let side = if server > wall { "behind" } else { "ahead of" };
            let about = format!(
                "the machine's clock is {} s {side} the time that the server goes by",
                apart.as_secs()
            );
            found.push(Finding::attention("clock.drift", about, MEND));
        }
    } else if noted > wall.plus(TOLERATED) {
        let about = format!(
            "the machine's clock says {}, before the last time that was noted ({}); the server would go on from there",
            wall.rfc3339(),
            noted.rfc3339()
        );
        found.push(Finding::attention("clock.behind", about, MEND));
    }
    if found.is_empty() {
        found.push(Finding::good("clock", format!("it is {}", wall.rfc3339())));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: Timestamp = Timestamp::from_seconds(1_790_000_000);
    const GOOD: Clocks =
        Clocks { wall: WALL, server: Some(WALL), noted: WALL, doubted_since: None };

    fn codes(clocks: Clocks) -> Vec<&'static str> {
        judge(clocks).iter().map(|finding| finding.code).collect()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_skewed_clock_is_named_in_either_direction() {
        assert_eq!(codes(GOOD), ["clock"]);
        for server in [WALL.plus(seconds(61)), WALL.minus(seconds(61))] {
            assert_eq!(codes(Clocks { server: Some(server), ..GOOD }), ["clock.drift"]);
        }
        let near = Clocks { server: Some(WALL.plus(seconds(59))), ..GOOD };
        assert_eq!(codes(near), ["clock"]);
    }

    #[test]
    fn a_clock_before_the_last_noted_time_is_named_while_no_server_runs() {
        let behind = Clocks { server: None, noted: WALL.plus(seconds(3600)), ..GOOD };
        assert_eq!(codes(behind), ["clock.behind"]);
        let fix = judge(behind).remove(0).fix.unwrap();
        assert!(fix.contains("set-ntp"), "{fix}");
    }

    #[test]
    fn a_date_more_than_a_year_on_is_doubted_until_somebody_accepts_it() {
        assert!(!is_doubtful(WALL, WALL.plus(seconds(300 * 86_400))));
        assert!(is_doubtful(WALL, WALL.plus(seconds(367 * 86_400))));
        assert!(!is_doubtful(Timestamp::EPOCH, WALL), "a file in which nothing was noted");
        let doubted = Clocks { doubted_since: Some(WALL), ..GOOD };
        assert_eq!(codes(doubted), ["clock.jumped"]);
        assert!(judge(doubted).remove(0).fix.unwrap().contains("--accept-clock"));
    }
}
