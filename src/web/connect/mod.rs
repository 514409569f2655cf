//! App Connect: what is connected, and how it is ended.

mod app_acts;

use axum::Router;
use axum::routing::get;

use crate::web::WebState;

/// The pages below `/settings/app-connect`.
pub(super) fn routes() -> Router<WebState> {
    const CREDENTIALS: &str = "/settings/app-connect/api-credentials";
    Router::new().route(
        &format!("{CREDENTIALS}/{{app}}/revoke"),
        get(app_acts::ask_revoke).post(app_acts::revoke),
    )
}
