//! What ends or changes an app: each act is asked once more, with the second factor.

use axum::response::Response;

use crate::base::id::UserId;
use crate::domain::app::AppKind;
use crate::domain::app_life;
use crate::domain::user::User;
use crate::ops::administration::app_facts::CredentialFacts;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::connect::confirm::Overlap;
use crate::view::pages::connect::credential::CredentialAct;
use crate::view::pages::parts::form::Choice;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::parts::moment::Moment;
use crate::view::pages::workspace::Flash;
use crate::web::connect::credential;
use crate::web::connect::object::Object;
use crate::web::connect::object::home_of;
use crate::web::connect::object::section_of;
use crate::web::connect::saved;
use crate::web::connect::saved::Fresh;
use crate::web::workspace::confirming;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Asks whether to do `act`.
pub(super) async fn ask(act: CredentialAct, object: Object, inside: Inside) -> Response {
    match found(act, &object, inside) {
        Ok((inside, facts)) => match question(act, &facts, &inside) {
            Ok(question) => inside.ask(question),
            Err(page) => *page,
        },
        Err(page) => *page,
    }
}

/// Does it.
pub(super) async fn act(act: CredentialAct, object: Object, sent: Sent) -> Response {
    let by = sent.by();
    // Whether it may be done is for the act itself to say: what was offered may have changed.
    let (inside, facts) = match object.credential(sent.inside) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let question = match question(act, &facts, &inside) {
        Ok(question) => question,
        Err(page) => return *page,
    };
    if let Err(page) = inside.name_typed(&question, &sent.fields) {
        return *page;
    }
    let (ops, id) = (inside.ops(), facts.app.id);
    let home = home_of(&facts.app);
    let list = section_of(facts.app.kind).path();
    let done = match act {
        CredentialAct::Rotate => {
            let Some(overlap) = overlap(sent.fields.first("overlap")) else {
                let mistakes = Mistakes::fields([(Field::Overlap, Problem::Missing)]);
                return inside.ask_again(question, &sent.fields, mistakes);
            };
            let outcome = ops.rotate_secret(id, overlap, by).await;
            inside
                .answered(question, &sent.fields, outcome)
                .map(|created| saved::lead(&inside, created, Fresh::Rotated))
        }
        CredentialAct::Restore => {
            let outcome = ops.restore_app(id, by).await;
            inside
                .answered(question, &sent.fields, outcome)
                .map(|created| saved::lead(&inside, created, Fresh::Restored))
        }
        CredentialAct::Revoke => {
            let outcome = ops.revoke_app(id, by).await;
            inside
                .answered(question, &sent.fields, outcome)
                .map(|app| inside.done(&home, &Flash::Revoked(app.name)))
        }
        CredentialAct::Delete => {
            let outcome = ops.delete_app(id, by).await;
            inside
                .answered(question, &sent.fields, outcome)
                .map(|app| inside.done(list, &Flash::Deleted(app.name)))
        }
        CredentialAct::Review => {
            let outcome = ops.review_app(id, by).await;
            inside
                .answered(question, &sent.fields, outcome)
                .map(|app| inside.done(&home, &Flash::Reviewed(app.name)))
        }
        CredentialAct::TakeOver => {
            let outcome = ops.take_over_app(id, by).await;
            inside
                .answered(question, &sent.fields, outcome)
                .map(|app| inside.done(&home, &Flash::HandedOver(app.name)))
        }
        CredentialAct::HandOver => {
            let Ok(successor) = sent.fields.first("successor").parse::<UserId>() else {
                let mistakes = Mistakes::fields([(Field::Successor, Problem::Missing)]);
                return inside.ask_again(question, &sent.fields, mistakes);
            };
            let outcome = ops.hand_over_app(id, successor, by).await;
            if matches!(&outcome, Err(Failure::Refused(Refusal::App(_) | Refusal::UnknownUser))) {
                let mistakes = Mistakes::fields([(Field::Successor, Problem::Unknown)]);
                return inside.ask_again(question, &sent.fields, mistakes);
            }
            inside
                .answered(question, &sent.fields, outcome)
                .map(|app| inside.done(&home, &Flash::HandedOver(app.name)))
        }
        CredentialAct::Change | CredentialAct::Publish => {
            return inside.refuse(ErrorKind::NotFound);
        }
    };
    done.unwrap_or_else(|page| *page)
}

/// What the path names, if `act` is among what the person may do with it.
fn found(
    act: CredentialAct,
    object: &Object,
    inside: Inside,
) -> Result<(Inside, CredentialFacts), Box<Response>> {
    let (inside, facts) = object.credential(inside)?;
    if credential::acts(&inside, &facts).contains(&act) {
        Ok((inside, facts))
    } else {
        Err(Box::new(inside.refuse(ErrorKind::NotFound)))
    }
}

fn question(
    act: CredentialAct,
    facts: &CredentialFacts,
    inside: &Inside,
) -> Result<Question, Box<Response>> {
    let (app, now) = (&facts.app, inside.ops().now());
    let (home, section) = (home_of(app), section_of(app.kind));
    let (asked, word) = words(act, app.kind);
    let question = Question::of(asked, section, &app.name, &format!("{home}/{word}"), &home);
    let in_use = app.live_secrets(now).first().and_then(|secret| facts.last_use_of(secret.id));
    let successors = match act {
        CredentialAct::HandOver => inside.told(inside.ops().successors(&inside.live, app.id))?,
        _ => Vec::new(),
    };
    let choice =
        |user: User| Choice { value: user.id.to_string(), title: user.name, chosen: false };
    Ok(Question {
        last_used: in_use.map(|at| Moment::at(at, now)),
        successors: successors.into_iter().map(choice).collect(),
        type_name: asked == ConfirmAct::DeleteApp,
        ..question
    })
}

/// The question, and the last part of its path.
const fn words(act: CredentialAct, kind: AppKind) -> (ConfirmAct, &'static str) {
    match (act, kind) {
        (CredentialAct::Delete, AppKind::ApiToken) => (ConfirmAct::DeleteToken, "delete"),
        (CredentialAct::Delete, _) => (ConfirmAct::DeleteApp, "delete"),
        (CredentialAct::Rotate, _) => (ConfirmAct::RotateSecret, "rotate"),
        (CredentialAct::Restore, _) => (ConfirmAct::RestoreApp, "restore"),
        (CredentialAct::Review, _) => (ConfirmAct::ReviewApp, "review"),
        (CredentialAct::TakeOver, _) => (ConfirmAct::TakeOver, "take_over"),
        (CredentialAct::HandOver, _) => (ConfirmAct::HandOver, "hand_over"),
        // The other two have forms of their own and never get here.
        (CredentialAct::Revoke | CredentialAct::Change | CredentialAct::Publish, _) => {
            (ConfirmAct::RevokeApp, "revoke")
        }
    }
}

/// When the former secret is to stop; none if nothing that the question offers was chosen.
fn overlap(word: &str) -> Option<app_life::Overlap> {
    let shown = confirming::overlap_of(word)?;
    Some(match shown {
        Overlap::Now => app_life::Overlap::Now,
        Overlap::Hour => app_life::Overlap::Hour,
        Overlap::Day => app_life::Overlap::Day,
        Overlap::Week => app_life::Overlap::Week,
    })
}
