//! What is shown once after an OAuth app was registered: its client ID, and the secret of one that
//! keeps one.

use axum::extract::Path;
use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::CONTENT_DISPOSITION;
use http::header::CONTENT_TYPE;

use crate::domain::app::App;
use crate::ops::administration::create_app::CreatedApp;
use crate::view::pages::connect::shown_once::OnceKind;
use crate::view::pages::connect::shown_once::ShownOnce;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::access::oauth_app::found;
use crate::web::access::oauth_app::home_of;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Keeps the secret for the page that shows it, and leads there.
pub(super) fn shown(inside: &Inside, created: CreatedApp) -> Response {
    let CreatedApp { app, secret } = created;
    if let Some(secret) = secret {
        inside.ops().keep_secret(&inside.live, &of(&app), secret);
    }
    inside.visitor.go(&format!("{}/saved", home_of(app.id)))
}

fn of(app: &App) -> String {
    format!("oauth app {}", app.id)
}

/// The page.
pub(super) async fn show(Path(app): Path<String>, inside: Inside) -> Response {
    match found(inside, &app) {
        Ok((inside, facts)) => inside.show(&page(&inside, &facts.app, false)),
        Err(page) => *page,
    }
}

/// "Done": forgets the secret, if it was said that it is saved.
pub(super) async fn done(Path(app): Path<String>, sent: Sent) -> Response {
    let ticked = !sent.fields.first("saved").is_empty();
    let (inside, facts) = match found(sent.inside, &app) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let app = facts.app;
    if app.kind.is_confidential() && !ticked {
        return inside.show_again(&page(&inside, &app, true));
    }
    inside.ops().forget_secret(&inside.live, &of(&app));
    inside.done(&home_of(app.id), &Flash::Registered(app.name))
}

/// The file for a program's environment.
pub(super) async fn file(Path(app): Path<String>, sent: Sent) -> Response {
    let (inside, facts) = match found(sent.inside, &app) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let app = facts.app;
    let Some(secret) = inside.ops().kept_secret(&inside.live, &of(&app)) else {
        return inside.visitor.go(&format!("{}/saved", home_of(app.id)));
    };
    let issuer = inside.ops().settings().issuer.as_str();
    let text = format!(
        "COUNTERSIGN_ISSUER={issuer}\nCOUNTERSIGN_CLIENT_ID={}\nCOUNTERSIGN_CLIENT_SECRET={}\n",
        app.client_id(),
        secret.expose(),
    );
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"countersign.env\""),
    ];
    (headers, text).into_response()
}

fn page(inside: &Inside, app: &App, not_ticked: bool) -> ShownOnce {
    let action = format!("{}/saved", home_of(app.id));
    let secret = inside.ops().kept_secret(&inside.live, &of(app));
    let confidential = app.kind.is_confidential();
    let file = format!("{action}/env");
    ShownOnce {
        frame: inside.frame(Section::OauthApps),
        kind: if confidential { OnceKind::ConfidentialApp } else { OnceKind::PublicApp },
        name: app.name.clone(),
        test: app.environment.is_some_and(|environment| environment.is_test()),
        csrf: inside.tag(&action),
        download_csrf: secret.is_some().then(|| inside.tag(&file)),
        action,
        client_id: Some(app.client_id()),
        secret: secret.map(|secret| secret.expose().to_owned()),
        try_it: None,
        not_ticked,
    }
}
