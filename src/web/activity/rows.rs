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
        cause: event.cause.as_deref().map(|cause| shown(event.kind, cause)),
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

/// A cause as people read it: our own words in kebab-case, as the guide names them, however they were
/// written down; what people and programs said of themselves as they said it.
fn shown(kind: EventKind, cause: &str) -> String {
    if kind == EventKind::AccessBlocked {
        return cause.to_owned();
    }
    let bare = ["pushed: ", "client: ", "gate: ", "MCP: "]
        .iter()
        .fold(cause, |text, prefix| text.strip_prefix(prefix).unwrap_or(text));
    let bare = bare.strip_prefix("Gate(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(bare);
    let refusal = bare.starts_with(|first: char| first.is_ascii_uppercase());
    // Of a refusal with something in it, its name: the rest stands on its page.
    let bare = if refusal { bare.split(['(', ' ', '{']).next().unwrap_or_default() } else { bare };
    let ours = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == ' ';
    if bare.is_empty() || !bare.chars().all(ours) {
        return cause.to_owned();
    }
    let mut words = String::new();
    for letter in bare.chars() {
        match letter {
            '_' | ' ' => words.push('-'),
            letter if letter.is_ascii_uppercase() => {
                let begins = words.is_empty() || words.ends_with('-');
                words.extend(
                    (!begins).then_some('-').into_iter().chain([letter.to_ascii_lowercase()]),
                );
            }
            letter => words.push(letter),
        }
    }
    words
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

    #[test]
    fn causes_of_ours_are_told_in_kebab_case_and_what_others_said_as_they_said_it() {
        for (kind, stored, told) in [
            (EventKind::ConnectionEnded, "DeletedByUser", "deleted-by-user"),
            (EventKind::RoleRemoved, "invitation_withdrawn", "invitation-withdrawn"),
            (EventKind::SessionsEnded, "all others", "all-others"),
            (EventKind::TokenRefused, "client: WrongSecret", "wrong-secret"),
            (EventKind::TokenRefused, "Gate(NoRole)", "no-role"),
            (EventKind::AuthorizationRefused, "Scope(\"a:all\")", "scope"),
            (EventKind::AccessBlocked, "Too Big", "Too Big"),
            (EventKind::ConsentGiven, "granted: customers:all", "granted: customers:all"),
            (EventKind::AppApproved, "\"Acme\"", "\"Acme\""),
            (EventKind::ConnectionChanged, "without a:all", "without a:all"),
        ] {
            assert_eq!(shown(kind, stored), told, "{stored}");
        }
    }
}
