//! A reference from an error page, looked up.

use axum::extract::Path;
use axum::extract::RawQuery;
use axum::response::Response;
use http::StatusCode;

use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::http::parameters::Parameters;
use crate::ops::activity::look_up::LookedUp;
use crate::view::pages::connect::reference::Found;
use crate::view::pages::connect::reference::Reference;
use crate::view::pages::workspace::Section;
use crate::web::activity::asked;
use crate::web::activity::cause;
use crate::web::activity::rows;
use crate::web::reasons;
use crate::web::workspace::inside::Inside;

/// Letters of what was typed that are shown again.
const SHOWN: usize = 64;

/// The look-up's form.
pub(super) async fn ask(inside: Inside, RawQuery(query): RawQuery) -> Response {
    let query = Parameters::of_query(query.as_deref());
    answer(&inside, query.first("reference"), asked::everywhere(&query))
}

/// The page of a reference.
pub(super) async fn show(
    Path(reference): Path<String>,
    inside: Inside,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Parameters::of_query(query.as_deref());
    answer(&inside, &reference, asked::everywhere(&query))
}

/// What belongs to others is answered like what does not exist.
fn answer(inside: &Inside, reference: &str, everywhere: bool) -> Response {
    let (typed, place) = (reference.trim(), inside.open.place);
    let found = match typed.parse() {
        Ok(reference) => inside.ops().look_up(&inside.live, place, everywhere, reference),
        Err(_) => Ok(None),
    };
    let found = match found {
        Ok(found) => found.map(|found| explained(inside, &found)),
        Err(fault) => return inside.fail(&fault),
    };
    let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let reference = typed.chars().take(SHOWN).collect();
    let page = Reference { frame: inside.frame(Section::Activity), reference, found };
    inside.visitor.show(&page, status)
}

fn explained(inside: &Inside, found: &LookedUp) -> Found {
    let ops = inside.ops();
    let event = &found.told.event;
    Found {
        row: rows::row(&found.told, ops.now()),
        cause: cause::of(found, ops.catalogue()),
        app_href: found.app.as_deref().and_then(|app| page_of(inside, app)),
        docs: reasons::docs_anchor(event.kind, event.cause.as_deref()),
    }
}

/// The app's page, if it has one in the company or firm that is open: its own apps, and OAuth apps of
/// others that its list shows.
fn page_of(inside: &Inside, app: &App) -> Option<String> {
    let place = inside.open.place;
    let section = match app.kind {
        AppKind::ApiCredentials => Section::ApiCredentials,
        AppKind::ApiToken => Section::ApiTokens,
        AppKind::OauthPublic | AppKind::OauthConfidential => Section::OauthApps,
        AppKind::ResourceServer => return None,
    };
    let opens = match section {
        Section::OauthApps => inside.ops().oauth_app_for(&inside.live, place, app.id).is_ok(),
        _ => app.place == Some(place),
    };
    opens.then(|| format!("{}/{}", section.path(), app.id))
}
