//! What the filter of the list asks for, as it stands in the address.

use form_urlencoded::Serializer;

use crate::base::clock::Timestamp;
use crate::domain::audit::EventKind;
use crate::http::parameters::Parameters;
use crate::ops::activity::ActivityFilter;
use crate::ops::administration::expiry;
use crate::view::pages::connect::activity::ActivityFilter as Shown;
use crate::view::pages::connect::activity::KindChoice;
use crate::view::pages::connect::activity::OutcomeFilter;
use crate::view::pages::parts::activity::ActivityRow;
use crate::view::pages::parts::activity::What;
use crate::view::pages::parts::form::Choice;
use crate::web::activity::Choices;
use crate::web::activity::rows;

const DAY: std::time::Duration = std::time::Duration::from_secs(24 * 3600);
/// In place of a company or firm: all of the installation.
const EVERYWHERE: &str = "installation";
/// The cursor's parameter.
const CURSOR: &str = "after";

/// What is asked for. What cannot be read is as if it were not there, and the form shows so.
pub(super) struct Asked {
    /// What the rows are filtered by.
    pub filter: ActivityFilter,
    /// Which page.
    pub cursor: Option<String>,
    from: String,
    to: String,
}

/// Whether all of the installation is asked about.
pub(super) fn everywhere(query: &Parameters) -> bool {
    query.first("of") == EVERYWHERE
}

impl Asked {
    /// The row, leading on to its page as it was asked about here.
    pub(super) fn led(&self, row: ActivityRow) -> ActivityRow {
        let href = row.href.map(|href| {
            if self.filter.everywhere { format!("{href}?of={EVERYWHERE}") } else { href }
        });
        ActivityRow { href, ..row }
    }

    /// Reads an address's query.
    pub(super) fn read(query: Option<&str>) -> Self {
        let query = Parameters::of_query(query);
        let (from, first) = day(query.first("from"));
        let (to, end) = day(query.first("to"));
        let refused = match query.first("outcome") {
            "refused" => Some(true),
            "done" => Some(false),
            _ => None,
        };
        let filter = ActivityFilter {
            everywhere: everywhere(&query),
            app: query.first("app").parse().ok(),
            person: query.first("person").parse().ok(),
            kind: EventKind::of_word(query.first("what")),
            refused,
            from: first.map(|end| end.minus(DAY)),
            until: end,
        };
        let cursor = query.first(CURSOR);
        Self { filter, cursor: (!cursor.is_empty()).then(|| cursor.to_owned()), from, to }
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let ActivityFilter { app, person, kind, refused, .. } = self.filter;
        let outcome = refused.map(|refused| if refused { "refused" } else { "done" });
        let of = self.filter.everywhere.then(|| EVERYWHERE.to_owned());
        let pairs = [
            ("of", of),
            ("app", app.map(|app| app.to_string())),
            ("person", person.map(|person| person.to_string())),
            ("what", kind.map(EventKind::word)),
            ("outcome", outcome.map(str::to_owned)),
            ("from", Some(self.from.clone())),
            ("to", Some(self.to.clone())),
        ];
        let given = |value: &String| !value.is_empty();
        pairs.into_iter().filter_map(|(name, value)| Some((name, value.filter(given)?))).collect()
    }

    /// The query of the filter, with its `?`, or nothing.
    pub(super) fn query(&self) -> String {
        let pairs = self.pairs();
        if pairs.is_empty() { String::new() } else { write(&pairs) }
    }

    /// The address of the page at `cursor`.
    pub(super) fn at(&self, cursor: &str) -> String {
        let mut pairs = self.pairs();
        pairs.push((CURSOR, cursor.to_owned()));
        write(&pairs)
    }

    /// The form, as it was sent.
    pub(super) fn shown(&self, choices: Choices) -> Shown {
        let ActivityFilter { app, person, kind, refused, .. } = self.filter;
        let kind = kind.map(rows::what);
        let choice = |value: String, title: String, chosen: Option<String>| Choice {
            chosen: chosen.as_ref() == Some(&value),
            value,
            title,
        };
        let chosen_app = app.map(|app| app.to_string());
        let chosen_person = person.map(|person| person.to_string());
        Shown {
            apps: choices
                .apps
                .into_iter()
                .map(|(id, name)| choice(id.to_string(), name, chosen_app.clone()))
                .collect(),
            people: choices
                .people
                .into_iter()
                .map(|(id, name)| choice(id.to_string(), name, chosen_person.clone()))
                .collect(),
            kinds: What::ALL
                .map(|what| KindChoice { what, chosen: kind == Some(what) })
                .into_iter()
                .collect(),
            outcome: match refused {
                Some(true) => OutcomeFilter::Refused,
                Some(false) => OutcomeFilter::Done,
                None => OutcomeFilter::Any,
            },
            from: self.from.clone(),
            to: self.to.clone(),
            on: self.pairs().iter().any(|(name, _)| *name != "of"),
        }
    }
}

/// A day as it was sent, and its end; neither if it is none.
fn day(text: &str) -> (String, Option<Timestamp>) {
    match expiry::end_of_day(text) {
        Ok(end) => (text.to_owned(), Some(end)),
        Err(_) => (String::new(), None),
    }
}

fn write(pairs: &[(&'static str, String)]) -> String {
    let mut query = Serializer::new(String::from("?"));
    query.extend_pairs(pairs);
    query.finish()
}
