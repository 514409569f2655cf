//! Times as people read them: relative, with the exact one behind it.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::base::clock::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const MONTH: u64 = 30 * DAY;
const YEAR: u64 = 365 * DAY;

/// A moment, relative to the one at which the page is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// RFC 3339, for machines.
    pub iso: String,
    /// To the second, in UTC.
    pub exact: String,
    /// Its day.
    pub day: Day,
    /// How far it is from now.
    pub away: Away,
}

/// A day, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    /// `2027-02-19`, as fields of forms have it.
    pub iso: String,
    /// The year.
    pub year: i16,
    /// The month, from 1.
    pub month: i8,
    /// The day of the month.
    pub day: i8,
}

/// How far a moment is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "unit", content = "count", rename_all = "snake_case")]
pub enum Away {
    /// Less than a minute, before or after.
    Now,
    /// Minutes ago.
    MinutesAgo(u64),
    /// Hours ago.
    HoursAgo(u64),
    /// Days ago.
    DaysAgo(u64),
    /// Months ago.
    MonthsAgo(u64),
    /// Years ago.
    YearsAgo(u64),
    /// In so many minutes.
    InMinutes(u64),
    /// In so many hours.
    InHours(u64),
    /// In so many days.
    InDays(u64),
    /// In so many months.
    InMonths(u64),
    /// In so many years.
    InYears(u64),
}

impl Moment {
    /// The moment `at` as seen from `now`.
    #[must_use]
    pub fn at(at: Timestamp, now: Timestamp) -> Self {
        let day = Day::of(at);
        let time = at.seconds() % DAY;
        let time = format!("{:02}:{:02}:{:02}", time / HOUR, time % HOUR / MINUTE, time % MINUTE);
        Self {
            iso: format!("{}T{time}Z", day.iso),
            exact: format!("{} {time} UTC", day.iso),
            day,
            away: Away::between(at, now),
        }
    }
}

impl Day {
    /// The day of `at`; the last there is, for moments beyond all calendars.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let date = i64::try_from(at.seconds())
            .ok()
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
            .map_or(Date::MAX, |moment| moment.to_zoned(TimeZone::UTC).date());
        Self { iso: date.to_string(), year: date.year(), month: date.month(), day: date.day() }
    }
}

impl Day {
    /// The last day of what works until `end`: the one before, for what ends at midnight.
    #[must_use]
    pub fn last_before(end: Timestamp) -> Self {
        Self::of(end.minus(Duration::from_millis(1)))
    }
}

impl Away {
    fn between(at: Timestamp, now: Timestamp) -> Self {
        let (past, ahead) = (now.since(at).as_secs(), at.since(now).as_secs());
        match past.max(ahead) {
            ..MINUTE => Self::Now,
            span if past > 0 => match span {
                ..HOUR => Self::MinutesAgo(span / MINUTE),
                HOUR..DAY => Self::HoursAgo(span / HOUR),
                DAY..MONTH => Self::DaysAgo(span / DAY),
                MONTH..YEAR => Self::MonthsAgo(span / MONTH),
                _ => Self::YearsAgo(span / YEAR),
            },
            span => match span {
                ..HOUR => Self::InMinutes(span / MINUTE),
                HOUR..DAY => Self::InHours(span / HOUR),
                DAY..MONTH => Self::InDays(span / DAY),
                MONTH..YEAR => Self::InMonths(span / MONTH),
                _ => Self::InYears(span / YEAR),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_276_800);

    fn from_now(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(NOW.seconds().checked_add_signed(seconds).unwrap())
    }

    #[test]
    fn tells_the_day_and_the_second_in_utc() {
        let moment = Moment::at(from_now(7327), NOW);
        assert_eq!(moment.iso, "2026-11-21T18:02:07Z");
        assert_eq!(moment.exact, "2026-11-21 18:02:07 UTC");
        assert_eq!((moment.day.year, moment.day.month, moment.day.day), (2026, 11, 21));
    }

    #[test]
    fn tells_how_far_a_moment_is_in_the_largest_whole_unit() {
        let hour = 3600;
        let day = 24 * hour;
        let examples = [
            (0, Away::Now),
            (-59, Away::Now),
            (-60, Away::MinutesAgo(1)),
            (-hour + 1, Away::MinutesAgo(59)),
            (-hour, Away::HoursAgo(1)),
            (-day, Away::DaysAgo(1)),
            (-71 * day, Away::MonthsAgo(2)),
            (-800 * day, Away::YearsAgo(2)),
            (90, Away::InMinutes(1)),
            (5 * hour, Away::InHours(5)),
            (6 * day, Away::InDays(6)),
            (90 * day, Away::InMonths(3)),
            (366 * day, Away::InYears(1)),
        ];
        for (seconds, away) in examples {
            assert_eq!(Moment::at(from_now(seconds), NOW).away, away, "{seconds}");
        }
    }

    #[test]
    fn what_ends_at_midnight_works_until_the_day_before() {
        let midnight = Timestamp::from_seconds(1_795_219_200);
        assert_eq!(Day::of(midnight).iso, "2026-11-21");
        assert_eq!(Day::last_before(midnight).iso, "2026-11-20");
        assert_eq!(Day::last_before(midnight.plus(Duration::from_secs(1))).iso, "2026-11-21");
    }

    #[test]
    fn a_moment_beyond_all_calendars_is_the_last_day() {
        assert_eq!(Day::of(Timestamp::NEVER).iso, "9999-12-31");
    }
}
