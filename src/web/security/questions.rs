//! Acts that a question and a second factor are enough for: new recovery codes, and the end of all
//! other sessions.

use axum::response::Response;

use crate::http::paths;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::workspace::Flash;
use crate::web::security::END_SESSIONS;
use crate::web::security::RECOVERY_CODES;
use crate::web::security::SECTION;
use crate::web::security::answered;
use crate::web::visitor;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

fn codes() -> Question {
    let (act, back) = (ConfirmAct::NewRecoveryCodes, SECTION.path());
    Question::of(act, SECTION, "", RECOVERY_CODES, back)
}

/// Asks whether to make new recovery codes.
pub(super) async fn ask_codes(inside: Inside) -> Response {
    inside.ask(codes())
}

/// Makes them, and goes on to where they are shown until they are acknowledged.
pub(super) async fn submit_codes(sent: Sent) -> Response {
    let made = sent.inside.ops().new_recovery_codes(sent.by()).await;
    match answered(&sent, codes(), made) {
        Ok(session) => {
            let back = visitor::return_to(SECTION.path());
            let next = paths::resuming(paths::RECOVERY_CODES, back.as_deref());
            sent.inside.visitor.go_with(&session, &next)
        }
        Err(page) => *page,
    }
}

fn sessions(inside: &Inside) -> Result<Question, Box<Response>> {
    let own = inside.ops().own_security(&inside.live).map_err(|fault| inside.fail(&fault))?;
    let others = own.sessions.len().saturating_sub(1);
    let (act, back) = (ConfirmAct::EndOtherSessions, SECTION.path());
    let question = Question::of(act, SECTION, "", END_SESSIONS, back);
    Ok(Question { count: u64::try_from(others).unwrap_or(u64::MAX), ..question })
}

/// Asks whether to sign out everywhere else.
pub(super) async fn ask_sessions(inside: Inside) -> Response {
    match sessions(&inside) {
        Ok(question) => inside.ask(question),
        Err(page) => *page,
    }
}

/// Ends all other sessions.
pub(super) async fn submit_sessions(sent: Sent) -> Response {
    let inside = &sent.inside;
    let question = match sessions(inside) {
        Ok(question) => question,
        Err(page) => return *page,
    };
    let ended = inside.ops().end_other_sessions(sent.by()).await;
    match answered(&sent, question, ended) {
        Ok(_) => inside.done(SECTION.path(), &Flash::OtherSessionsEnded),
        Err(page) => *page,
    }
}
