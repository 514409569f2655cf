//! The web door: sign-in, consent, first run, home. Pages for people, complete without JavaScript.
//!
//! State changes only by POST, answered 303, with a form tag that binds the form to the session and
//! the browser it was shown in. Pages of an authorization request keep their opener, for clients
//! that open a popup.

mod access;
pub mod activity;
mod assets;
mod ca_file;
mod connect;
mod consent;
mod consent_page;
mod download;
mod enrol;
mod guide;
mod home;
mod logos;
pub mod reasons;
mod recovering;
mod security;
mod settings;
mod setup;
mod sign_in;
mod sign_out;
mod verify;
pub mod visitor;
pub mod workspace;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;

use crate::domain::surfaces::Surfaces;
use crate::http::paths;
use crate::ops::Ops;
use crate::view::assets as files;
use crate::view::pages::ErrorKind;
use crate::view::renderer::Views;
pub use crate::web::access::ConnectFacts;
pub use crate::web::ca_file::ca_file;
use crate::web::visitor::Visitor;

/// What the pages need.
#[derive(Clone)]
pub struct WebState {
    /// The operations.
    pub ops: Ops,
    /// The pages.
    pub views: Arc<Views>,
    /// What pages tell of how this installation is reached.
    pub connect: ConnectFacts,
    /// The protected surfaces, as far as the guide tells of them.
    pub surfaces: Arc<Surfaces>,
}

/// The pages.
pub fn routes(state: WebState) -> Router {
    let pages = Router::new()
        .route(paths::HOME, get(home::show))
        .route(paths::SIGN_IN, get(sign_in::show).post(sign_in::submit))
        .route(paths::VERIFY, get(verify::show).post(verify::submit))
        .route(paths::ENROL, get(enrol::show).post(enrol::submit))
        .route(paths::RECOVERY_CODES, get(enrol::show_codes).post(enrol::submit_codes))
        .route(paths::SIGN_OUT, post(sign_out::submit))
        .route("/consent/{handle}", get(consent::show).post(consent::allow))
        .route("/consent/{handle}/cancel", post(consent::cancel))
        .route(logos::PATH, get(logos::answer))
        .route("/setup/{link}", get(setup::show).post(setup::submit));
    let workspace = workspace::routes()
        .merge(activity::routes())
        .merge(connect::routes())
        .merge(security::routes())
        .merge(access::routes())
        .merge(settings::routes());
    let pages = guide::add(pages.merge(workspace));
    files::all()
        .iter()
        .fold(pages, |pages, asset| pages.route(&asset.path, get(move || assets::answer(asset))))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(state)
}

/// The answer for an address that nobody has.
async fn not_found(State(_): State<WebState>, visitor: Visitor) -> Response {
    visitor.refuse(ErrorKind::NotFound)
}

/// The answer for a method that an address does not have.
async fn method_not_allowed(State(_): State<WebState>, visitor: Visitor) -> Response {
    visitor.refuse(ErrorKind::MethodNotAllowed)
}
