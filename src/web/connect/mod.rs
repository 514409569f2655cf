//! App Connect: what is connected, and how it is made, changed and ended.

mod app_acts;
mod choose;
mod credential;
mod draft;
mod drafting;
mod entered;
mod object;
pub(in crate::web) mod permissions;
pub(in crate::web) mod saved;
mod template;

use axum::Router;
use axum::routing::get;
use axum::routing::post;

use crate::view::pages::connect::credential::CredentialAct;
use crate::view::pages::connect::credential_form::FormAct;
use crate::view::pages::workspace::Section;
use crate::web::WebState;

const CREDENTIALS: &str = Section::ApiCredentials.path();
const TOKENS: &str = Section::ApiTokens.path();

/// The pages below `/settings/app-connect`.
pub(super) fn routes() -> Router<WebState> {
    let credentials = [
        (CredentialAct::Review, "review"),
        (CredentialAct::Rotate, "rotate"),
        (CredentialAct::Revoke, "revoke"),
        (CredentialAct::Delete, "delete"),
        (CredentialAct::Restore, "restore"),
        (CredentialAct::TakeOver, "take_over"),
        (CredentialAct::HandOver, "hand_over"),
    ];
    let tokens = [
        (CredentialAct::Review, "review"),
        (CredentialAct::Delete, "delete"),
        (CredentialAct::TakeOver, "take_over"),
        (CredentialAct::HandOver, "hand_over"),
    ];
    let oauth_apps = [
        (CredentialAct::Review, "review"),
        (CredentialAct::Rotate, "rotate"),
        (CredentialAct::Delete, "delete"),
        (CredentialAct::Restore, "restore"),
    ];
    drafting_routes()
        .route(&format!("{}/create", Section::Overview.path()), get(choose::show))
        .merge(act_routes(Section::OauthApps.path(), &oauth_apps))
        .merge(saved_routes(Section::OauthApps.path()))
        .merge(making_routes(CREDENTIALS, FormAct::CreateCredentials))
        .merge(making_routes(TOKENS, FormAct::GenerateToken))
        .merge(object_routes(CREDENTIALS, &credentials))
        .merge(object_routes(TOKENS, &tokens))
}

/// The way from an empty form to something new.
fn making_routes(list: &str, act: FormAct) -> Router<WebState> {
    let form = get(move |inside, query| drafting::show_new(act, inside, query))
        .post(move |sent| drafting::check_new(act, sent));
    Router::new()
        .route(&format!("{list}/create"), form)
        .route(&format!("{list}/create/again"), post(move |sent| drafting::again_new(act, sent)))
        .route(&format!("{list}/create/confirm"), post(move |sent| drafting::make_new(act, sent)))
}

/// The forms that begin with what an app is.
fn drafting_routes() -> Router<WebState> {
    let app = format!("{CREDENTIALS}/{{app}}");
    Router::new()
        .route(&format!("{app}/change"), get(drafting::show_change).post(drafting::check_change))
        .route(&format!("{app}/change/again"), post(drafting::again_change))
        .route(&format!("{app}/change/confirm"), post(drafting::make_change))
        .route(&format!("{app}/publish"), get(drafting::show_publish).post(drafting::check_publish))
        .route(&format!("{app}/publish/again"), post(drafting::again_publish))
        .route(&format!("{app}/publish/confirm"), post(drafting::make_publish))
}

/// An app's page, its secret, and what is done to it.
fn object_routes(list: &str, acts: &[(CredentialAct, &str)]) -> Router<WebState> {
    let app = format!("{list}/{{app}}");
    act_routes(list, acts).merge(saved_routes(list)).route(&app, get(credential::show))
}

/// What is shown once.
fn saved_routes(list: &str) -> Router<WebState> {
    let saved = format!("{list}/{{app}}/saved");
    Router::new()
        .route(&saved, get(saved::show).post(saved::done))
        .route(&format!("{saved}/env"), post(saved::file))
}

/// What is done to an app after a question.
fn act_routes(list: &str, acts: &[(CredentialAct, &str)]) -> Router<WebState> {
    let app = format!("{list}/{{app}}");
    acts.iter().fold(Router::new(), |routes, (act, word)| {
        let act = *act;
        let ask = get(move |object, inside| app_acts::ask(act, object, inside));
        let both = ask.post(move |object, sent| app_acts::act(act, object, sent));
        routes.route(&format!("{app}/{word}"), both)
    })
}
