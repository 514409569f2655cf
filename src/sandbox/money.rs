//! Decimal numbers as the ledger writes them: text, so that no reader turns them into floats.

use std::fmt;

use serde::Serialize;
use serde::Serializer;

/// An amount in the smallest unit of its currency, written as `1250.00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Money(pub(super) i64);

impl Money {
    /// Reads at most two decimals.
    pub(super) fn read(text: &str) -> Option<Self> {
        decimal(text, 2).map(Self)
    }

    /// This much `quantity` times, `None` beyond what a number holds.
    pub(super) fn times(self, quantity: Quantity) -> Option<Self> {
        rounded(self.0.checked_mul(quantity.0)?, 1000).map(Self)
    }

    /// So many per cent of this.
    pub(super) fn percent(self, percent: u8) -> Option<Self> {
        rounded(self.0.checked_mul(i64::from(percent))?, 100).map(Self)
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let units = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", units / 100, units % 100)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A quantity in thousandths, written as `2` or `1.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity(pub(super) i64);

impl Quantity {
    /// Reads at most three decimals.
    pub(super) fn read(text: &str) -> Option<Self> {
        decimal(text, 3).map(Self)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A number without sign or exponent, at most `places` decimals, scaled to a whole number.
fn decimal(text: &str, places: usize) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str, longest: usize| {
        (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole, 9) || !digits(part, places) {
        return None;
    }
    format!("{whole}{part:0<places$}").parse().ok()
}

/// Half away from zero; only ever asked about numbers that are not negative.
fn rounded(number: i64, by: i64) -> Option<i64> {
    Some(number.checked_add(by / 2)? / by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_without_floats() {
        assert_eq!(Money::read("1250.5").unwrap().to_string(), "1250.50");
        assert_eq!(Money(-5).to_string(), "-0.05");
        assert_eq!(Quantity::read("1.500").unwrap().to_string(), "1.5");
        for wrong in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1.234", "1,5", "1234567890", "٣"] {
            assert_eq!(Money::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn half_a_unit_is_rounded_up() {
        let price = Money::read("0.05").unwrap();
        assert_eq!(price.times(Quantity::read("0.5").unwrap()), Some(Money(3)));
        assert_eq!(Money(33).percent(20), Some(Money(7)));
    }
}
