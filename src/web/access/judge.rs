//! Letting a program in, or not: for the installation by its operator, for a company by those who
//! administer it.

use axum::extract::Path;
use axum::response::Response;

use crate::domain::app::App;
use crate::domain::block::Blocked;
use crate::domain::company::Place;
use crate::ops::access::of_app::Judging;
use crate::ops::access::of_app::OauthAppFacts;
use crate::ops::administration::by::Confirming;
use crate::ops::administration::judge_client::Judgement;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::access::oauth_app::found;
use crate::web::access::oauth_app::home_of;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Asks whether to approve.
pub(super) async fn ask_approve(Path(app): Path<String>, inside: Inside) -> Response {
    ask(inside, &app, Act::Approve)
}

/// Approves.
pub(super) async fn approve(Path(app): Path<String>, sent: Sent) -> Response {
    act(&app, sent, Act::Approve).await
}

/// Asks whether to block.
pub(super) async fn ask_block(Path(app): Path<String>, inside: Inside) -> Response {
    ask(inside, &app, Act::Block)
}

/// Blocks.
pub(super) async fn block(Path(app): Path<String>, sent: Sent) -> Response {
    act(&app, sent, Act::Block).await
}

/// Asks whether to let it in again.
pub(super) async fn ask_unblock(Path(app): Path<String>, inside: Inside) -> Response {
    ask(inside, &app, Act::Unblock)
}

/// Lets it in again.
pub(super) async fn unblock(Path(app): Path<String>, sent: Sent) -> Response {
    act(&app, sent, Act::Unblock).await
}

/// Asks whether to revoke.
pub(super) async fn ask_revoke(Path(app): Path<String>, inside: Inside) -> Response {
    ask(inside, &app, Act::Revoke)
}

/// Revokes.
pub(super) async fn revoke(Path(app): Path<String>, sent: Sent) -> Response {
    act(&app, sent, Act::Revoke).await
}

#[derive(Clone, Copy)]
enum Act {
    Approve,
    Block,
    Unblock,
    Revoke,
}

impl Act {
    fn question(self, app: &App) -> Question {
        let (act, word) = match self {
            Self::Approve => (ConfirmAct::ApproveClient, "approve"),
            Self::Block => (ConfirmAct::BlockClient, "block"),
            Self::Unblock => (ConfirmAct::UnblockClient, "unblock"),
            Self::Revoke => (ConfirmAct::RevokeApp, "revoke"),
        };
        let home = home_of(app.id);
        Question::of(act, Section::OauthApps, &app.name, &format!("{home}/{word}"), &home)
    }

    fn flash(self, name: String) -> Flash {
        match self {
            Self::Approve => Flash::Approved(name),
            Self::Block => Flash::Blocked(name),
            Self::Unblock => Flash::Unblocked(name),
            Self::Revoke => Flash::Revoked(name),
        }
    }
}

fn ask(inside: Inside, app: &str, act: Act) -> Response {
    match found(inside, app) {
        Ok((inside, facts)) if may(&facts, act) => inside.ask(act.question(&facts.app)),
        Ok((inside, _)) => inside.tell(Failure::Refused(Refusal::NotAllowed)),
        Err(page) => *page,
    }
}

async fn act(app: &str, sent: Sent, act: Act) -> Response {
    let (by, fields) = (sent.by(), sent.fields);
    let (inside, facts) = match found(sent.inside, app) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let (question, name) = (act.question(&facts.app), facts.app.name.clone());
    let outcome = done(&inside, &facts, act, by).await;
    match inside.answered(question, &fields, outcome) {
        Ok(()) => inside.done(&home_of(facts.app.id), &act.flash(name)),
        Err(page) => *page,
    }
}

const fn may(facts: &OauthAppFacts, act: Act) -> bool {
    match (act, facts.judging) {
        (Act::Revoke, _) => facts.own,
        (Act::Approve, Judging::Installation) => true,
        (Act::Block | Act::Unblock, Judging::Installation | Judging::Company) => true,
        (Act::Approve | Act::Block | Act::Unblock, _) => false,
    }
}

async fn done(
    inside: &Inside,
    facts: &OauthAppFacts,
    act: Act,
    by: Confirming,
) -> Outcome<(), Refusal> {
    let (ops, app) = (inside.ops(), facts.app.id);
    match (act, facts.judging, inside.open.place) {
        (Act::Revoke, _, _) => ops.revoke_app(app, by).await.map(|_| ()),
        (Act::Approve, Judging::Installation, _) => {
            ops.judge_client(app, Judgement::Approve, by).await.map(|_| ())
        }
        (Act::Block, Judging::Installation, _) => {
            ops.judge_client(app, Judgement::Block, by).await.map(|_| ())
        }
        (Act::Unblock, Judging::Installation, _) => {
            ops.judge_client(app, Judgement::Unblock, by).await.map(|_| ())
        }
        (Act::Block, Judging::Company, Place::Company(company)) => {
            ops.block(company, Blocked::App(app), None, "", by).await.map(|_| ())
        }
        (Act::Unblock, Judging::Company, Place::Company(company)) => {
            ops.unblock(company, Blocked::App(app), None, by).await.map(|_| ())
        }
        _ => Err(Failure::Refused(Refusal::NotAllowed)),
    }
}
