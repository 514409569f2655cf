//! What is asked once more before it is done to somebody: links, sessions, their account.

use axum::extract::Path;
use axum::response::Response;

use crate::domain::link::Lost;
use crate::ops::administration::issue_recovery::Account;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::settings::person::PersonAct as Act;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::settings::invite;
use crate::web::settings::link;
use crate::web::settings::link::Made;
use crate::web::settings::people;
use crate::web::settings::person::Whom;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Whom the path names, if the person may do this to them, and the question.
fn asked(act: Act, person: &str, inside: &Inside) -> Result<(Whom, Question), Box<Response>> {
    let whom = Whom::find(inside, person)?;
    let Some((word, confirm)) = words(act).filter(|_| whom.acts().contains(&act)) else {
        return Err(Box::new(inside.refuse(ErrorKind::NotAllowed)));
    };
    let href = people::href(person);
    let action = format!("{href}/{word}");
    let count = match &whom {
        Whom::Member(found) => found.sessions,
        Whom::Waiting(_) => 0,
    };
    let question = Question {
        count,
        type_name: act == Act::Erase,
        ..Question::of(confirm, Section::People, whom.name(), &action, &href)
    };
    Ok((whom, question))
}

const fn words(act: Act) -> Option<(&'static str, ConfirmAct)> {
    Some(match act {
        Act::InviteAgain => ("invite_again", ConfirmAct::InviteAgain),
        Act::EndSessions => ("end_sessions", ConfirmAct::EndSessions),
        Act::PasswordLink => ("password_link", ConfirmAct::IssuePasswordLink),
        Act::FactorLink => ("factor_link", ConfirmAct::IssueFactorLink),
        Act::Enable => ("enable", ConfirmAct::EnablePerson),
        Act::Disable => ("disable", ConfirmAct::DisablePerson),
        Act::Erase => ("erase", ConfirmAct::ErasePerson),
        Act::ChangeRole | Act::RemovePerson => return None,
    })
}

/// Asks.
pub(super) async fn ask(act: Act, Path(person): Path<String>, inside: Inside) -> Response {
    asked(act, &person, &inside).map_or_else(|page| *page, |(_, question)| inside.ask(question))
}

/// Does it.
pub(super) async fn done(act: Act, Path(person): Path<String>, sent: Sent) -> Response {
    let (whom, question) = match asked(act, &person, &sent.inside) {
        Ok(asked) => asked,
        Err(page) => return *page,
    };
    if let Err(page) = sent.inside.name_typed(&question, &sent.fields) {
        return *page;
    }
    let result = match &whom {
        Whom::Waiting(found) => {
            let new = invite::again(found, &sent.inside);
            let outcome = sent.inside.ops().invite(new, sent.by()).await;
            sent.inside.answered(question, &sent.fields, outcome).map(|invited| {
                let id = invited.id.to_string();
                link::keep(&sent.inside, Made::Invitation, &id, invited.link.url)
            })
        }
        Whom::Member(_) => to_member(act, &whom, question, &sent).await,
    };
    result.unwrap_or_else(|page| *page)
}

async fn to_member(
    act: Act,
    whom: &Whom,
    question: Question,
    sent: &Sent,
) -> Result<Response, Box<Response>> {
    let Whom::Member(found) = whom else {
        return Err(Box::new(sent.inside.refuse(ErrorKind::NotFound)));
    };
    let (inside, name, place) = (&sent.inside, whom.name().to_owned(), sent.inside.open.place);
    let user = found.member.user.id;
    let account = Account { user, place: Some(place) };
    let (ops, by, href) = (inside.ops(), sent.by(), people::href(user));
    let told = |flash| inside.done(&href, &flash);
    match act {
        Act::PasswordLink | Act::FactorLink => {
            let (lost, made) = match act {
                Act::PasswordLink => (Lost::Password, Made::Password),
                _ => (Lost::Factor, Made::Factor),
            };
            let outcome = ops.issue_recovery(account, lost, by).await;
            let issued = inside.answered(question, &sent.fields, outcome)?;
            Ok(link::keep(inside, made, &user.to_string(), issued.url))
        }
        Act::EndSessions => {
            let outcome = ops.end_sessions(user, place, by).await;
            inside.answered(question, &sent.fields, outcome)?;
            Ok(told(Flash::SessionsEnded(name)))
        }
        Act::Enable => {
            let outcome = ops.enable_person(account, by).await;
            inside.answered(question, &sent.fields, outcome)?;
            Ok(told(Flash::Enabled(name)))
        }
        Act::Disable => {
            let outcome = ops.disable_person(account, by).await;
            inside.answered(question, &sent.fields, outcome)?;
            Ok(told(Flash::Disabled(name)))
        }
        Act::Erase => {
            let outcome = ops.erase_person(account, by).await;
            inside.answered(question, &sent.fields, outcome)?;
            Ok(inside.done(Section::People.path(), &Flash::Erased))
        }
        Act::ChangeRole | Act::InviteAgain | Act::RemovePerson => {
            Err(Box::new(inside.refuse(ErrorKind::NotFound)))
        }
    }
}
