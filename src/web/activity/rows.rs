//! What happened as a row, and what was counted as a chart; for every page that shows either.

use crate::base::clock::Timestamp;
use crate::domain::audit::EventKind;
use crate::ops::activity::Told;
use crate::ops::counters::DayUsage;
use crate::view::pages::parts::activity::ActivityRow;
use crate::view::pages::parts::activity::What;
use crate::view::pages::parts::chart::Chart;
use crate::view::pages::parts::chart::ChartDay;
use crate::view::pages::parts::chart::ChartKind;
use crate::view::pages::parts::moment::Day;
use crate::view::pages::parts::moment::Moment;
use crate::web::activity::PATH;

/// The row of `told`, as seen from `now`.
#[must_use]
pub fn row(told: &Told, now: Timestamp) -> ActivityRow {
    let event = &told.event;
    let refused = event.kind.is_refusal();
    let reference = event.reference.filter(|_| refused);
    ActivityRow {
        at: Moment::at(event.at, now),
        what: what(event.kind),
        refused,
        app: told.app.clone(),
        person: told.person.clone(),
        address: event.address.map(|address| address.to_string()).unwrap_or_default(),
        cause: event.cause.clone(),
        count: event.count.into(),
        href: reference.map(|reference| format!("{PATH}/{reference}")),
    }
}

/// A kind as pages name it: by the same word.
#[must_use]
pub fn what(kind: EventKind) -> What {
    let word = kind.word();
    // Always found: a test holds the two lists against each other, both ways.
    What::ALL.into_iter().find(|what| what.word() == word).unwrap_or(What::AppChanged)
}

/// The picture of what was counted.
#[must_use]
pub fn chart(kind: ChartKind, days: &[DayUsage]) -> Chart {
    let shown = days.iter().map(|day| {
        let usage = &day.usage;
        let (done, refused) = match kind {
            ChartKind::Calls => (usage.called, usage.call_refused),
            ChartKind::Tokens => (usage.issued, usage.issue_refused),
        };
        ChartDay { day: Day::of(day.day), done: done.count, refused: refused.count }
    });
    Chart::of(kind, shown.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words of an enum in a source file, as they are stored.
    fn words(source: &str, of: &str) -> Vec<String> {
        let body = source.split(&format!("pub enum {of} {{")).nth(1).unwrap();
        let body = body.split("\n}").next().unwrap();
        let names = body.lines().map(str::trim).filter(|line| !line.starts_with("//"));
        let snake = |name: &str| {
            let parts = name.trim_end_matches(',').chars().map(|letter| {
                let lower = letter.to_ascii_lowercase();
                if letter.is_uppercase() { format!("_{lower}") } else { letter.to_string() }
            });
            parts.collect::<String>().trim_start_matches('_').to_owned()
        };
        names.filter(|name| !name.is_empty()).map(snake).collect()
    }

    #[test]
    fn every_kind_of_the_trail_has_its_own_words_on_the_pages() {
        let kinds = words(include_str!("../../domain/audit.rs"), "EventKind");
        assert!(kinds.len() > 40, "{kinds:?}");
        assert_eq!(kinds.len(), What::ALL.len(), "`What` names what the trail does not know");
        for word in kinds {
            let kind = EventKind::of_word(&word).expect(&word);
            assert_eq!(kind.word(), word);
            assert_eq!(what(kind).word(), word, "`What` lacks it");
        }
    }
}
