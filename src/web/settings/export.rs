//! People, apps and connections as files: of the open company or firm, or of the whole installation.

use axum::response::Response;

use crate::base::id::RawId;
use crate::domain::company::Place;
use crate::domain::gate::PlaceFacts;
use crate::ops::Ops;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::sessions::LiveSession;
use crate::ops::takeout::Part;
use crate::ops::takeout::Taken;
use crate::view::pages::ErrorKind;
use crate::web::download;
use crate::web::download::Pieces;
use crate::web::download::spreadsheet;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// How the rows are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Csv,
    JsonLines,
}

impl Form {
    const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Csv => download::CSV,
            Self::JsonLines => download::JSON_LINES,
        }
    }
}

/// What a form asks for: `people.csv`.
fn asked(file: &str) -> Option<(Taken, Form)> {
    let (what, ending) = file.split_once('.')?;
    let taken = Taken::ALL.into_iter().find(|taken| taken.word() == what)?;
    let form = [Form::Csv, Form::JsonLines].into_iter().find(|form| form.ending() == ending)?;
    Some((taken, form))
}

/// The name of a file: what is in it, of what, and the day.
pub(super) fn file_name(inside: &Inside, what: &str, place: Option<Place>, ending: &str) -> String {
    let known = inside.places().iter().find(|known| Some(known.place) == place);
    let slug = match known.map(|known| &known.facts) {
        Some(PlaceFacts::Company(company)) => company.slug.as_str(),
        Some(PlaceFacts::Firm(firm)) => firm.slug.as_str(),
        Some(PlaceFacts::Gone) | None => "installation",
    };
    let now = inside.ops().now().rfc3339();
    let day = now.split('T').next().unwrap_or_default();
    format!("{what}-{slug}-{day}.{ending}")
}

/// Of the company or firm that the form was shown in.
pub(super) async fn here(sent: Sent) -> Response {
    let place = sent.fields.first("place").parse().unwrap_or(sent.inside.open.place);
    taken(&sent, Some(place)).await.unwrap_or_else(|page| *page)
}

/// Of the whole installation.
pub(super) async fn everywhere(sent: Sent) -> Response {
    taken(&sent, None).await.unwrap_or_else(|page| *page)
}

async fn taken(sent: &Sent, place: Option<Place>) -> Result<Response, Box<Response>> {
    let inside = &sent.inside;
    let Some((taken, form)) = asked(sent.fields.first("file")) else {
        return Err(Box::new(inside.refuse(ErrorKind::RequestBroken)));
    };
    let noted = inside.ops().begin_takeout(taken, place, form.ending(), sent.by()).await;
    inside.told(noted)?;
    let (ops, live) = (inside.ops().clone(), inside.live.clone());
    let mut export = Export { ops, live, taken, place, form, headed: false, next: Next::First };
    let head = inside.told(export.next())?;
    let name = file_name(inside, taken.word(), place, form.ending());
    Ok(download::answer(form.kind(), &name, head, export))
}

/// Where an export goes on.
#[derive(Clone, Copy)]
enum Next {
    First,
    After(RawId),
    End,
}

/// What is exported, and how far it has come.
struct Export {
    ops: Ops,
    live: LiveSession,
    taken: Taken,
    place: Option<Place>,
    form: Form,
    /// The line of names was written.
    headed: bool,
    next: Next,
}

impl Pieces for Export {
    type Refusal = Refusal;

    fn next(&mut self) -> Result<Vec<u8>, Failure<Refusal>> {
        let mut text = String::new();
        while text.is_empty() {
            let after = match self.next {
                Next::First => None,
                Next::After(id) => Some(id),
                Next::End => break,
            };
            let part = self.ops.takeout_part(&self.live, self.taken, self.place, after)?;
            self.next = part.after.map_or(Next::End, Next::After);
            self.write(&mut text, &part);
        }
        Ok(text.into_bytes())
    }
}

impl Export {
    fn write(&mut self, text: &mut String, part: &Part) {
        for record in &part.records {
            match self.form {
                Form::JsonLines => {
                    text.push_str(&serde_json::to_string(record).unwrap_or_default());
                    text.push('\n');
                }
                Form::Csv => {
                    if !self.headed {
                        self.headed = true;
                        spreadsheet::line(text, record.names());
                    }
                    spreadsheet::line(text, record.cells().iter().map(String::as_str));
                }
            }
        }
    }
}
