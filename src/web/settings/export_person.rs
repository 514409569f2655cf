//! `/settings/people/{person}/export`: what is stored about one person, as one JSON text.

use axum::extract::Path;
use axum::response::Response;

use crate::base::id::UserId;
use crate::domain::company::Place;
use crate::ops::Ops;
use crate::ops::activity::ActivityFilter;
use crate::ops::activity::export::Piece;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::sessions::LiveSession;
use crate::ops::takeout::person::Stored;
use crate::view::pages::ErrorKind;
use crate::web::download;
use crate::web::download::Pieces;
use crate::web::settings::export::file_name;
use crate::web::workspace::sent::Sent;

/// Answers with the file.
pub(super) async fn take(Path(person): Path<String>, sent: Sent) -> Response {
    match person.parse() {
        Ok(user) => taken(&sent, user).await.unwrap_or_else(|page| *page),
        Err(_) => sent.inside.refuse(ErrorKind::NotFound),
    }
}

async fn taken(sent: &Sent, user: UserId) -> Result<Response, Box<Response>> {
    let inside = &sent.inside;
    let (ops, live, place) = (inside.ops().clone(), inside.live.clone(), inside.open.place);
    let noted = ops.begin_person_takeout(user, place, sent.by()).await;
    inside.told(noted)?;
    let stored = inside.told(ops.stored_about(&live, place, user))?;
    let filter = ActivityFilter {
        everywhere: stored.everywhere,
        person: Some(user),
        ..ActivityFilter::default()
    };
    let activity = Activity { ops, live, place, user, filter, after: Some(0), begun: false };
    let name = file_name(inside, "person", Some(place), "json");
    Ok(download::answer(download::JSON, &name, head(&stored), activity))
}

/// Everything but the activity, whose list is left open.
fn head(stored: &Stored) -> Vec<u8> {
    let mut text = String::from("{");
    for (name, records) in &stored.parts {
        let records = serde_json::to_string(records).unwrap_or_default();
        text.extend(["\"", name, "\":", &records, ",\n"]);
    }
    text.push_str("\"activity\":[");
    text.into_bytes()
}

/// The entries about them and those of what they did, as far as it has come.
struct Activity {
    ops: Ops,
    live: LiveSession,
    place: Place,
    user: UserId,
    filter: ActivityFilter,
    after: Option<u64>,
    /// An entry was written.
    begun: bool,
}

impl Pieces for Activity {
    type Refusal = Refusal;

    fn next(&mut self) -> Result<Vec<u8>, Failure<Refusal>> {
        let mut text = Vec::new();
        while let (true, Some(after)) = (text.is_empty(), self.after) {
            // The person may have lost what let them see this one.
            self.ops.may_take_out(&self.live, self.place, self.user)?;
            let piece = self.ops.export_activity(&self.live, self.place, &self.filter, after);
            let Piece { entries, after } = piece.map_err(|why| why.map(|_| Refusal::NotAllowed))?;
            self.after = after;
            for (told, sealed) in &entries {
                text.extend_from_slice(if self.begun { b",\n" } else { b"\n" });
                self.begun = true;
                let sequence = told.sequence.unwrap_or_default();
                text.extend_from_slice(format!("{{\"sequence\":{sequence},\"event\":").as_bytes());
                text.extend_from_slice(&sealed.json);
                text.push(b'}');
            }
            if after.is_none() {
                text.extend_from_slice(b"]}\n");
            }
        }
        Ok(text)
    }
}
