//! Changing an OAuth app: the form, the summary where the change widens it, the act.

use axum::extract::Path;
use axum::response::Response;

use crate::ops::administration::change_app::Asked;
use crate::ops::administration::change_oauth_app;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::prove_factor::CodeRefusal;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::oauth_app::OauthAppAct;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::workspace::Flash;
use crate::web::access::entered::Entered;
use crate::web::access::oauth_app;
use crate::web::access::oauth_draft::Draft;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;
use crate::web::workspace::sent::SentWithFiles;

/// The form of what the app is now.
pub(super) async fn ask(Path(app): Path<String>, inside: Inside) -> Response {
    match draft_of(inside, &app) {
        Ok((inside, draft)) => {
            let entered = now(&inside, &draft);
            inside.show(&draft.form(&inside, &entered, None, Mistakes::default()))
        }
        Err(page) => *page,
    }
}

/// Changes it, if that only reduces what it can do and shows; sums up otherwise, and asks.
pub(super) async fn check(Path(app): Path<String>, form: SentWithFiles) -> Response {
    change(&app, form, Asked::NoCode).await
}

/// The form again, from the summary.
pub(super) async fn again(Path(app): Path<String>, sent: Sent) -> Response {
    let fields = sent.fields;
    match draft_of(sent.inside, &app) {
        Ok((inside, draft)) => {
            let entered = Entered::read(&inside, draft.app(), &fields, &[]);
            inside.show(&draft.form(&inside, &entered, None, Mistakes::default()))
        }
        Err(page) => *page,
    }
}

/// Changes it.
pub(super) async fn confirm(Path(app): Path<String>, sent: Sent) -> Response {
    change(&app, SentWithFiles { sent, files: Vec::new() }, Asked::Code).await
}

/// The app that the path names, if the person may change it.
fn draft_of(inside: Inside, app: &str) -> Result<(Inside, Draft), Box<Response>> {
    let (inside, facts) = oauth_app::found(inside, app)?;
    if oauth_app::acts(&inside, &facts).contains(&OauthAppAct::Change) {
        Ok((inside, Draft::change(facts)))
    } else {
        Err(Box::new(inside.refuse(ErrorKind::NotAllowed)))
    }
}

fn now(inside: &Inside, draft: &Draft) -> Entered {
    match draft.app() {
        Some(app) => Entered::of_app(app, oauth_app::may_ask(inside, app)),
        None => Entered::nothing(inside, None),
    }
}

async fn change(app: &str, form: SentWithFiles, asked: Asked) -> Response {
    let SentWithFiles { sent, files } = form;
    let (by, fields) = (sent.by(), sent.fields);
    let (inside, draft) = match draft_of(sent.inside, app) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let Some(app) = draft.app() else { return inside.refuse(ErrorKind::NotFound) };
    let mut entered = Entered::read(&inside, Some(app), &fields, &files);
    if let Some(mistakes) = draft.mistakes(&inside, &entered) {
        return draft.again(&inside, &entered, mistakes);
    }
    match inside.ops().change_oauth_app(app.id, entered.change(), asked, by).await {
        Ok(app) => inside.done(&oauth_app::home_of(app.id), &Flash::Saved),
        Err(Failure::Refused(Refusal::Code(CodeRefusal::Missing))) if asked == Asked::NoCode => {
            inside.show(&draft.summary(&inside, &entered, Mistakes::default()))
        }
        Err(Failure::Refused(Refusal::Code(why))) => {
            let page = draft.summary(&inside, &entered, Mistakes::code(verify::code_error(why)));
            inside.visitor.show(&page, verify::status_of(why))
        }
        Err(Failure::Refused(Refusal::App(AppRefusal::ChangedMeanwhile))) => {
            // What was typed stays, and the next answer is about what the app is now.
            entered.seen = change_oauth_app::version_of(app);
            let wrong = Mistakes::fields([(Field::Name, Problem::ChangedMeanwhile)]);
            draft.again(&inside, &entered, wrong)
        }
        Err(Failure::Refused(Refusal::App(AppRefusal::OwnerElsewhere))) => {
            let wrong = Mistakes::fields([(Field::Owner, Problem::Unknown)]);
            draft.again(&inside, &entered, wrong)
        }
        Err(failure) => inside.tell(failure),
    }
}
