//! Lists of what has access, and the pages of connections, OAuth apps and MCP servers.

mod acts;
mod asked;
mod change_app;
mod connections;
mod entered;
mod facts;
mod idle;
mod judge;
mod known_clients;
mod lists;
mod mcp_server;
mod oauth_app;
mod oauth_apps;
mod oauth_draft;
pub mod reach;
mod register;
mod reviews;
pub(in crate::web) mod rows;
mod scopes;
mod through_firm;
mod upkeep;

pub use facts::ConnectFacts;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::routing::post;

use crate::http::request_body::limit_body;
use crate::view::pages::workspace::Section;
use crate::web::WebState;

/// The longest form with a logo: the picture, which pages carry along in base64url, beside as much as any
/// other form has.
const WITH_LOGO: u64 = 160 * 1024;

/// The pages.
pub(super) fn routes() -> Router<WebState> {
    lists().merge(connections()).merge(drafts()).merge(oauth_apps()).merge(others())
}

fn lists() -> Router<WebState> {
    Router::new()
        .route(Section::Overview.path(), get(lists::overview))
        .route(Section::ApiCredentials.path(), get(lists::api_credentials))
        .route(Section::OauthConnections.path(), get(lists::oauth_connections))
        .route(Section::ApiTokens.path(), get(lists::api_tokens))
        .route(Section::OauthApps.path(), get(oauth_apps::show))
        .route(Section::Reviews.path(), get(reviews::show))
}

fn connections() -> Router<WebState> {
    const AT: &str = Section::OauthConnections.path();
    Router::new()
        .route(&format!("{AT}/idle"), get(idle::ask).post(idle::revoke))
        .route(&format!("{AT}/{{connection}}"), get(connections::show))
        .route(&format!("{AT}/{{connection}}/change"), get(upkeep::ask).post(upkeep::change))
        .route(&format!("{AT}/{{connection}}/review"), get(acts::ask_review).post(acts::review))
        .route(&format!("{AT}/{{connection}}/delete"), get(acts::ask_delete).post(acts::delete))
}

/// The forms that carry a picture.
fn drafts() -> Router<WebState> {
    const AT: &str = Section::OauthApps.path();
    let change = format!("{AT}/{{app}}/change");
    Router::new()
        .route(&format!("{AT}/create"), get(register::ask).post(register::check))
        .route(&format!("{AT}/create/again"), post(register::again))
        .route(&format!("{AT}/create/confirm"), post(register::create))
        .route(&change, get(change_app::ask).post(change_app::check))
        .route(&format!("{change}/again"), post(change_app::again))
        .route(&format!("{change}/confirm"), post(change_app::confirm))
        .layer(from_fn_with_state(WITH_LOGO, limit_body))
}

fn oauth_apps() -> Router<WebState> {
    const AT: &str = Section::OauthApps.path();
    Router::new()
        .route(&format!("{AT}/{{app}}"), get(oauth_app::show))
        .route(&format!("{AT}/{{app}}/approve"), get(judge::ask_approve).post(judge::approve))
        .route(&format!("{AT}/{{app}}/block"), get(judge::ask_block).post(judge::block))
        .route(&format!("{AT}/{{app}}/unblock"), get(judge::ask_unblock).post(judge::unblock))
        .route(&format!("{AT}/{{app}}/revoke"), get(judge::ask_revoke).post(judge::revoke))
}

fn others() -> Router<WebState> {
    const FIRM: &str = Section::ThroughFirm.path();
    const MCP: &str = Section::McpServer.path();
    Router::new()
        .route(MCP, get(mcp_server::show))
        .route(&format!("{MCP}/check"), post(mcp_server::check))
        .route(Section::Integrations.path(), get(mcp_server::integrations))
        .route(FIRM, get(through_firm::show))
        .route(
            &format!("{FIRM}/{{what}}/block"),
            get(through_firm::ask_block).post(through_firm::block),
        )
        .route(
            &format!("{FIRM}/{{what}}/unblock"),
            get(through_firm::ask_unblock).post(through_firm::unblock),
        )
}
