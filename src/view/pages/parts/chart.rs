//! Thirty days of calls and refusals: a picture, and the same numbers in a table.

use serde::Serialize;

use crate::view::pages::parts::moment::Day;

/// Counts day by day, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chart {
    /// What is counted.
    pub kind: ChartKind,
    /// The days.
    pub days: Vec<ChartDay>,
    /// The highest column, at least 1: the picture's scale.
    pub highest: u64,
    /// All calls or issues.
    pub done: u64,
    /// All refusals.
    pub refused: u64,
}

/// What a chart counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Calls, and calls refused.
    Calls,
    /// Tokens issued, and token requests refused.
    Tokens,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChartDay {
    /// The day.
    pub day: Day,
    /// What went well.
    pub done: u64,
    /// What was refused.
    pub refused: u64,
}

impl Chart {
    /// The chart of `days`.
    #[must_use]
    pub fn of(kind: ChartKind, days: Vec<ChartDay>) -> Self {
        let sum = |one: fn(&ChartDay) -> u64| days.iter().map(one).fold(0, u64::saturating_add);
        let highest = days.iter().map(|day| day.done.saturating_add(day.refused)).max();
        Self {
            kind,
            highest: highest.unwrap_or_default().max(1),
            done: sum(|day| day.done),
            refused: sum(|day| day.refused),
            days,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;

    #[test]
    fn adds_up_and_knows_its_highest_column() {
        let day = |done, refused| ChartDay { day: Day::of(Timestamp::EPOCH), done, refused };
        let chart = Chart::of(ChartKind::Calls, vec![day(3, 0), day(1, 4)]);
        assert_eq!((chart.highest, chart.done, chart.refused), (5, 4, 4));
        assert_eq!(Chart::of(ChartKind::Tokens, Vec::new()).highest, 1);
    }
}
