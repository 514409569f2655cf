//! What is shown once: the page with the new secret, its file, and the tick that it is saved.

use axum::response::IntoResponse as _;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_DISPOSITION;
use http::header::CONTENT_TYPE;

use crate::base::secret::Secret;
use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::domain::company::Environment;
use crate::domain::resource::API_PATH;
use crate::ops::administration::create_app::CreatedApp;
use crate::view::pages::connect::shown_once::OnceKind;
use crate::view::pages::connect::shown_once::ShownOnce;
use crate::view::pages::workspace::Flash;
use crate::web::connect::object::Object;
use crate::web::connect::object::home_of;
use crate::web::connect::object::section_of;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// Why there is a new secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Fresh {
    /// The app was made.
    Created,
    /// Its secret was rotated.
    Rotated,
    /// It was restored.
    Restored,
}

impl Fresh {
    const ALL: [Self; 3] = [Self::Created, Self::Rotated, Self::Restored];

    /// Under what its secret waits.
    fn of(self, app: &App) -> String {
        format!("{self:?} {}", app.id)
    }

    const fn kind(self, app: &App) -> OnceKind {
        match (self, app.kind) {
            (Self::Rotated, _) => OnceKind::Rotated,
            (Self::Restored, _) => OnceKind::Restored,
            (Self::Created, AppKind::ApiToken) => OnceKind::Token,
            (Self::Created, AppKind::OauthConfidential) => OnceKind::ConfidentialApp,
            (Self::Created, AppKind::OauthPublic) => OnceKind::PublicApp,
            (Self::Created, AppKind::ApiCredentials | AppKind::ResourceServer) => {
                OnceKind::Credentials
            }
        }
    }

    fn told(self, app: &App) -> Flash {
        let name = app.name.clone();
        match self {
            Self::Created if app.kind.uses_consent() => Flash::Registered(name),
            Self::Created => Flash::Created(name),
            Self::Rotated => Flash::Rotated(name),
            Self::Restored => Flash::Restored(name),
        }
    }
}

/// Keeps the new secret for the page that shows it, and leads there.
pub(in crate::web) fn lead(inside: &Inside, created: CreatedApp, fresh: Fresh) -> Response {
    let CreatedApp { app, secret } = created;
    forget(inside, &app);
    if let Some(secret) = secret {
        inside.ops().keep_secret(&inside.live, &fresh.of(&app), secret);
    }
    inside.visitor.go(&page_of(&app))
}

/// The page, as often as it is opened until the secret is saved.
pub(super) async fn show(object: Object, inside: Inside) -> Response {
    match object.find(inside) {
        Ok((inside, app)) => inside.show(&page(&inside, &app, false)),
        Err(page) => *page,
    }
}

/// "Done".
pub(super) async fn done(object: Object, sent: Sent) -> Response {
    let (inside, app) = match object.find(sent.inside) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let has_secret = app.kind != AppKind::OauthPublic;
    if has_secret && sent.fields.first("saved").is_empty() {
        return inside.show_again(&page(&inside, &app, true));
    }
    // A public app has no secret that could wait.
    let without = (!has_secret).then_some(Fresh::Created);
    let fresh = waiting(&inside, &app).map(|(fresh, _)| fresh).or(without);
    forget(&inside, &app);
    let home = home_of(&app);
    match fresh {
        Some(fresh) => inside.done(&home, &fresh.told(&app)),
        None => inside.visitor.go(&home),
    }
}

/// The file.
pub(super) async fn file(object: Object, sent: Sent) -> Response {
    let (inside, app) = match object.find(sent.inside) {
        Ok(found) => found,
        Err(page) => return *page,
    };
    let Some((_, secret)) = waiting(&inside, &app) else {
        return inside.visitor.go(&page_of(&app));
    };
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CONTENT_DISPOSITION, "attachment; filename=\"countersign.env\""),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, written(&app, &secret)).into_response()
}

/// Nothing of it was typed by anybody: it can be read by a shell.
fn written(app: &App, secret: &Secret) -> String {
    let secret = secret.expose();
    if app.kind == AppKind::ApiToken {
        return format!("COUNTERSIGN_API_TOKEN={secret}\n");
    }
    let id = app.client_id();
    format!("COUNTERSIGN_CLIENT_ID={id}\nCOUNTERSIGN_CLIENT_SECRET={secret}\n")
}

fn page_of(app: &App) -> String {
    format!("{}/saved", home_of(app))
}

fn waiting(inside: &Inside, app: &App) -> Option<(Fresh, Secret)> {
    let kept = |fresh: Fresh| {
        inside.ops().kept_secret(&inside.live, &fresh.of(app)).map(|secret| (fresh, secret))
    };
    Fresh::ALL.into_iter().find_map(kept)
}

fn forget(inside: &Inside, app: &App) {
    for fresh in Fresh::ALL {
        inside.ops().forget_secret(&inside.live, &fresh.of(app));
    }
}

fn page(inside: &Inside, app: &App, not_ticked: bool) -> ShownOnce {
    let (fresh, secret) = match waiting(inside, app) {
        Some((fresh, secret)) => (fresh, Some(secret)),
        None => (Fresh::Created, None),
    };
    let action = page_of(app);
    let is_token = app.kind == AppKind::ApiToken;
    ShownOnce {
        frame: inside.frame(section_of(app.kind)),
        kind: fresh.kind(app),
        name: app.name.clone(),
        test: app.environment.is_some_and(Environment::is_test),
        csrf: inside.tag(&action),
        download_csrf: secret.is_some().then(|| inside.tag(&format!("{action}/env"))),
        action,
        client_id: (!is_token).then(|| app.client_id()),
        try_it: secret.is_some().then(|| tried(inside, app.kind)).flatten(),
        secret: secret.map(|secret| secret.expose().to_owned()),
        not_ticked,
    }
}

/// A command line that works with the file's values in the environment.
fn tried(inside: &Inside, kind: AppKind) -> Option<String> {
    let issuer = &inside.ops().settings().issuer;
    match kind {
        AppKind::ApiCredentials => Some(format!(
            "curl -u \"$COUNTERSIGN_CLIENT_ID:$COUNTERSIGN_CLIENT_SECRET\" \
             -d grant_type=client_credentials {}",
            issuer.url("/oauth/token")
        )),
        AppKind::ApiToken => Some(format!(
            "curl -H \"Authorization: Bearer $COUNTERSIGN_API_TOKEN\" {}",
            issuer.url(&format!("{API_PATH}/me"))
        )),
        AppKind::OauthPublic | AppKind::OauthConfidential | AppKind::ResourceServer => None,
    }
}
