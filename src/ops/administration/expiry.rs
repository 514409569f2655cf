//! Expiry dates: an app that expires on a day works until that day ends, in UTC.

use crate::base::clock::Timestamp;

/// The text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date looks like 2027-12-31")]
pub struct NotADate;

/// The end of the day that `date` names.
///
/// # Errors
/// It names none.
pub fn end_of_day(date: &str) -> Result<Timestamp, NotADate> {
    let well_formed = date.len() == "2027-12-31".len();
    let day: jiff::civil::Date = date.parse().map_err(|_| NotADate)?;
    let next = day.tomorrow().map_err(|_| NotADate)?;
    let midnight = next.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| NotADate)?;
    let millis = u64::try_from(midnight.timestamp().as_millisecond()).map_err(|_| NotADate)?;
    if well_formed { Ok(Timestamp::from_millis(millis)) } else { Err(NotADate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_date_lasts_until_its_day_ends_in_utc() {
        assert_eq!(end_of_day("2027-12-31").unwrap().rfc3339(), "2028-01-01T00:00:00.000Z");
        for wrong in ["", "2027-02-30", "31.12.2027", "2027-1-1", "tomorrow", "20271231"] {
            assert_eq!(end_of_day(wrong), Err(NotADate), "{wrong}");
        }
    }
}
