//! What ends or changes an app: each act is asked once more, with the second factor.

use axum::extract::Path;
use axum::response::Response;

use crate::base::id::AppId;
use crate::domain::app::App;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Asks whether to revoke.
pub(super) async fn ask_revoke(Path(app): Path<String>, inside: Inside) -> Response {
    match found(inside, &app) {
        Ok((inside, app)) => inside.ask(question(&app, ConfirmAct::RevokeApp, "revoke")),
        Err(page) => *page,
    }
}

/// Revokes.
pub(super) async fn revoke(Path(app): Path<String>, sent: Sent) -> Response {
    let by = sent.by();
    let (inside, app) = match found(sent.inside, &app) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let question = question(&app, ConfirmAct::RevokeApp, "revoke");
    let outcome = inside.ops().revoke_app(app.id, by).await;
    match inside.answered(question, &sent.fields, outcome) {
        Ok(app) => inside.done(&home_of(&app), &Flash::Revoked(app.name)),
        Err(page) => *page,
    }
}

/// The app that the path names, and the person in its company or firm.
fn found(inside: Inside, app: &str) -> Result<(Inside, App), Box<Response>> {
    let Ok(id) = app.parse::<AppId>() else {
        return Err(Box::new(inside.refuse(ErrorKind::NotFound)));
    };
    let app = inside.told(inside.ops().app_for(&inside.live, id))?;
    Ok((inside.beside(app.place), app))
}

fn question(app: &App, act: ConfirmAct, word: &str) -> Question {
    let home = home_of(app);
    Question::of(act, Section::ApiCredentials, &app.name, &format!("{home}/{word}"), &home)
}

/// The app's own page.
fn home_of(app: &App) -> String {
    format!("{}/{}", Section::ApiCredentials.path(), app.id)
}
