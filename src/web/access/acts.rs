//! What is done to a connection after a question: ending it, and noting that somebody looked.

use axum::extract::Path;
use axum::response::Response;

use crate::ops::access::of_app::ConnectionFacts;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::access::connections::found;
use crate::web::access::connections::home_of;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Asks whether to end it.
pub(super) async fn ask_delete(Path(connection): Path<String>, inside: Inside) -> Response {
    match found(inside, &connection) {
        Ok((inside, facts)) => inside.ask(question(&facts, ConfirmAct::DeleteConnection, "delete")),
        Err(page) => *page,
    }
}

/// Ends it.
pub(super) async fn delete(Path(connection): Path<String>, sent: Sent) -> Response {
    let (by, fields) = (sent.by(), sent.fields);
    let (inside, facts) = match found(sent.inside, &connection) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let question = question(&facts, ConfirmAct::DeleteConnection, "delete");
    let outcome = inside.ops().end_connection(facts.connection.id, by).await;
    match inside.answered(question, &fields, outcome) {
        Ok(_) => {
            let flash = Flash::Ended(facts.app.name.clone());
            inside.done(Section::OauthConnections.path(), &flash)
        }
        Err(page) => *page,
    }
}

/// Asks whether somebody looked.
pub(super) async fn ask_review(Path(connection): Path<String>, inside: Inside) -> Response {
    match found(inside, &connection) {
        Ok((inside, facts)) => inside.ask(question(&facts, ConfirmAct::ReviewApp, "review")),
        Err(page) => *page,
    }
}

/// Notes that somebody looked.
pub(super) async fn review(Path(connection): Path<String>, sent: Sent) -> Response {
    let (by, fields) = (sent.by(), sent.fields);
    let (inside, facts) = match found(sent.inside, &connection) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let question = question(&facts, ConfirmAct::ReviewApp, "review");
    let outcome = inside.ops().review_connection(facts.connection.id, by).await;
    match inside.answered(question, &fields, outcome) {
        Ok(connection) => {
            inside.done(&home_of(connection.id), &Flash::Reviewed(facts.app.name.clone()))
        }
        Err(page) => *page,
    }
}

fn question(facts: &ConnectionFacts, act: ConfirmAct, word: &str) -> Question {
    let home = home_of(facts.connection.id);
    let path = format!("{home}/{word}");
    Question::of(act, Section::OauthConnections, &facts.app.name, &path, &home)
}
