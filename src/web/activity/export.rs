//! The activity as a file: written as it is read, a piece at a time.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::activity::ActivityFilter;
use crate::ops::activity::Told;
use crate::ops::activity::export::NotExported;
use crate::ops::activity::export::Piece;
use crate::ops::activity::export::Sealed;
use crate::ops::failure::Failure;
use crate::ops::sessions::LiveSession;
use crate::view::pages::ErrorKind;
use crate::web::activity::asked::Asked;
use crate::web::download;
use crate::web::download::Pieces;
use crate::web::download::spreadsheet;
use crate::web::workspace::inside::Inside;

const COLUMNS: [&str; 17] = [
    "sequence",
    "time",
    "what",
    "outcome",
    "cause",
    "about",
    "app",
    "client_id",
    "person",
    "user_id",
    "by_user_id",
    "connection_id",
    "place",
    "address",
    "reference",
    "count",
    "hash",
];

/// How the entries are written.
#[derive(Clone, Copy)]
enum Form {
    /// For spreadsheets.
    Csv,
    /// An object a line: `event` is, byte for byte, what the hash covers.
    JsonLines,
}

impl Form {
    const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }
}

/// `export.csv`.
pub(super) async fn csv(inside: Inside, RawQuery(query): RawQuery) -> Response {
    answer(&inside, query.as_deref(), Form::Csv, (download::CSV, "activity.csv")).await
}

/// `export.jsonl`.
pub(super) async fn json_lines(inside: Inside, RawQuery(query): RawQuery) -> Response {
    let kind = (download::JSON_LINES, "activity.jsonl");
    answer(&inside, query.as_deref(), Form::JsonLines, kind).await
}

async fn answer(
    inside: &Inside,
    query: Option<&str>,
    form: Form,
    (kind, name): (&'static str, &str),
) -> Response {
    let mut export = Export {
        ops: inside.ops().clone(),
        live: inside.live.clone(),
        place: inside.open.place,
        filter: Asked::read(query).filter,
        form,
        after: Some(0),
    };
    let (ops, origin) = (inside.ops(), inside.visitor.origin());
    let (place, filter) = (export.place, &export.filter);
    let noted = ops.begin_activity_export(&inside.live, place, filter, form.word(), origin).await;
    // The first piece is read here: who may not see it gets a page that says so.
    let first = match noted.and_then(|()| export.next()) {
        Ok(first) => first,
        Err(Failure::Fault(fault)) => return inside.fail(&fault),
        Err(Failure::Refused(NotExported)) => return inside.refuse(ErrorKind::NotFound),
    };
    let mut head = String::new();
    if let Form::Csv = form {
        spreadsheet::line(&mut head, COLUMNS);
    }
    download::answer(kind, name, [head.into_bytes(), first].concat(), export)
}

/// What is exported, and how far it has come.
struct Export {
    ops: Ops,
    live: LiveSession,
    place: Place,
    filter: ActivityFilter,
    form: Form,
    after: Option<u64>,
}

impl Pieces for Export {
    type Refusal = NotExported;

    fn next(&mut self) -> Result<Vec<u8>, Failure<NotExported>> {
        let mut text = Vec::new();
        while let (true, Some(after)) = (text.is_empty(), self.after) {
            let Piece { entries, after } =
                self.ops.export_activity(&self.live, self.place, &self.filter, after)?;
            self.after = after;
            for (told, sealed) in &entries {
                match self.form {
                    Form::Csv => cells(&mut text, told, sealed),
                    Form::JsonLines => object(&mut text, told, sealed),
                }
            }
        }
        Ok(text)
    }
}

fn cells(to: &mut Vec<u8>, told: &Told, sealed: &Sealed) {
    fn text<T: ToString>(value: Option<T>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let event = &told.event;
    let about = event.detail.as_ref().and_then(|detail| serde_json::to_string(detail).ok());
    let cells: [String; 17] = [
        text(told.sequence),
        event.at.rfc3339(),
        event.kind.word(),
        if event.kind.is_refusal() { "refused" } else { "done" }.to_owned(),
        text(event.cause.as_ref()),
        text(about),
        told.app.clone(),
        text(event.app),
        told.person.clone(),
        text(event.user),
        text(event.by),
        text(event.connection),
        text(event.place),
        text(event.address),
        text(event.reference),
        event.count.to_string(),
        sealed.hash.clone(),
    ];
    let mut line = String::new();
    spreadsheet::line(&mut line, cells.iter().map(String::as_str));
    to.extend_from_slice(line.as_bytes());
}

fn object(to: &mut Vec<u8>, told: &Told, sealed: &Sealed) {
    let Sealed { previous, hash, json } = sealed;
    let sequence = told.sequence.unwrap_or_default();
    let head = format!(
        "{{\"sequence\":{sequence},\"previous\":\"{previous}\",\"hash\":\"{hash}\",\"event\":"
    );
    to.extend_from_slice(head.as_bytes());
    to.extend_from_slice(json);
    to.extend_from_slice(b"}\n");
}
