//! The workspace: the pages below `/settings`.
//!
//! [`inside`] finds out who is there and in which company or firm; [`sent`] reads a form and checks
//! that it was shown to them; [`confirming`] asks for the second factor; [`told`] turns what an act
//! refused into a page.

mod certificate;
pub mod confirming;
mod flash;
pub mod inside;
pub mod sent;
mod switch;
pub mod told;

use axum::Router;
use axum::routing::post;

use crate::web::WebState;

/// The pages.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/settings/switch", post(switch::place))
        .route("/settings/language", post(switch::language))
}
