//! Spans of time, written as people write them: `30s`, `15min`, `24h`, `90days`.

use std::time::Duration;

use figment::value::Value;

use crate::config::fault::Wrong;
use crate::config::rule::Rule;
use crate::config::rule::Shape;
use crate::config::value::shown;

pub(super) const ZERO: Duration = Duration::ZERO;
pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const HOUR: Duration = Duration::from_secs(3_600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// A span within bounds, both included.
pub(super) struct Span {
    least: Duration,
    most: Duration,
}

/// `few` times `unit` to `many` times `other`.
pub(super) fn span((few, unit): (u32, Duration), (many, other): (u32, Duration)) -> Span {
    Span { least: unit.saturating_mul(few), most: other.saturating_mul(many) }
}

impl Rule for Span {
    type Output = Duration;

    fn shape(&self) -> Shape {
        Shape::Text
    }

    fn bounds(&self) -> Option<String> {
        Some(format!("{} to {}", written(self.least), written(self.most)))
    }

    fn read(&self, value: &Value) -> Result<Duration, Vec<Wrong>> {
        let Some(span) = parse(value) else {
            let problem = format!("{} is not a span of time", shown(value));
            let fix = "write a number and its unit, as in \"30s\", \"15min\", \"24h\", \"90days\"";
            return Err(vec![Wrong::new(problem, fix)]);
        };
        if (self.least..=self.most).contains(&span) {
            return Ok(span);
        }
        let side = if span < self.least { "short" } else { "long" };
        let fix = format!("give {} to {}", written(self.least), written(self.most));
        Err(vec![Wrong::new(format!("{} is too {side}", shown(value)), fix)])
    }
}

/// The span that a value stands for, whatever the bounds.
pub(super) fn parse(value: &Value) -> Option<Duration> {
    humantime::parse_duration(value.as_str()?.trim()).ok()
}

/// In the largest unit that divides it: `90days`, not `2months 29days`; a single day as `24h`.
pub(super) fn written(span: Duration) -> String {
    let seconds = span.as_secs();
    [(DAY, "days"), (HOUR, "h"), (MINUTE, "min")]
        .into_iter()
        .map(|(unit, name)| (unit.as_secs(), name))
        .filter(|(unit, name)| seconds > *unit || (seconds == *unit && *name != "days"))
        .find(|(unit, _)| seconds.is_multiple_of(*unit))
        .map_or_else(|| format!("{seconds}s"), |(unit, name)| format!("{}{name}", seconds / unit))
}
