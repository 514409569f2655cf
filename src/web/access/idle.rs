//! Ending the idle connections together: named in the question, judged again when it is answered.

use axum::response::Response;

use crate::base::id::ConnectionId;
use crate::ops::access::List;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::parts::form::Carried;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::access::asked::Asked;
use crate::web::access::lists;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

const HOME: &str = Section::OauthConnections.path();

/// Asks, naming those that are idle now.
pub(super) async fn ask(inside: Inside) -> Response {
    match idle_now(&inside) {
        Ok(named) if named.is_empty() => inside.refuse(ErrorKind::NotFound),
        Ok(named) => inside.ask(question(&named)),
        Err(page) => *page,
    }
}

/// Those that are idle: as they were counted, or while a large place is being counted the newest.
fn idle_now(inside: &Inside) -> Result<Vec<ConnectionId>, Box<Response>> {
    let counts = inside.ops().counts_of(&inside.live, inside.open.place);
    match counts.map_err(|fault| Box::new(inside.fail(&fault)))? {
        Some(counts) => Ok(counts.revocable),
        None => {
            let asked = Asked::read(List::OauthConnections, Some("status=idle"));
            let rows = lists::found(inside, &asked)?.rows.into_iter();
            Ok(rows.filter_map(|row| row.connection).map(|connection| connection.id).collect())
        }
    }
}

/// Ends those that are still idle.
pub(super) async fn revoke(sent: Sent) -> Response {
    let named = sent.fields.all("connection");
    let named: Vec<ConnectionId> = named.iter().filter_map(|id| id.parse().ok()).collect();
    let (by, place) = (sent.by(), sent.inside.open.place);
    let Sent { inside, fields, .. } = sent;
    if named.is_empty() {
        return inside.refuse(ErrorKind::FormBroken);
    }
    let outcome = inside.ops().end_idle(place, named.clone(), by).await;
    match inside.answered(question(&named), &fields, outcome) {
        Ok(ended) => inside.done(HOME, &Flash::IdleRevoked(ended)),
        Err(page) => *page,
    }
}

fn question(named: &[ConnectionId]) -> Question {
    let path = format!("{HOME}/idle");
    let question = Question::of(ConfirmAct::RevokeIdle, Section::OauthConnections, "", &path, HOME);
    let carried =
        |id: &ConnectionId| Carried { name: "connection".to_owned(), value: id.to_string() };
    let count = named.len() as u64;
    Question { count, carried: named.iter().map(carried).collect(), ..question }
}
