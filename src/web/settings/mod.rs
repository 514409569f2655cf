//! The workspace beside App Connect: people, roles, companies, firms, exports, and the end of all access.

mod books;
mod change_role;
mod company;
mod data;
mod export;
mod export_person;
mod invite;
mod link;
mod people;
mod person;
mod person_acts;
mod place_form;
mod remove;
mod role_form;
mod roles;
mod webhook;
mod webhooks;

use axum::Router;
use axum::routing::get;
use axum::routing::post;

use crate::view::pages::settings::person::PersonAct as Act;
use crate::web::WebState;
use crate::web::settings::person_acts::ask;
use crate::web::settings::person_acts::done;

/// The pages below `/settings` that are not App Connect's or one's own.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route("/settings/people", get(people::list))
        .route("/settings/people/invite", get(invite::form).post(invite::check))
        .route("/settings/people/invite/change", post(invite::change))
        .route("/settings/people/invite/confirm", post(invite::confirm))
        .route("/settings/people/{person}", get(person::show))
        .route("/settings/people/{person}/link", get(link::show).post(link::saved))
        .route(
            "/settings/people/{person}/change_role",
            get(change_role::form).post(change_role::check),
        )
        .route("/settings/people/{person}/change_role/change", post(change_role::change))
        .route("/settings/people/{person}/change_role/confirm", post(change_role::confirm))
        .route("/settings/people/{person}/remove_person", get(remove::ask).post(remove::remove))
        .merge(acts())
        .merge(role_pages())
        .route("/settings/people/{person}/export", post(export_person::take))
        .merge(book_pages())
        .merge(webhook_pages())
        .route("/settings/data", get(data::show))
        .route(data::EXPORT, post(export::here))
        .route(data::EXPORT_EVERYWHERE, post(export::everywhere))
        .route("/settings/data/end-all-access", get(data::ask_end).post(data::end))
        .route(
            "/settings/data/end-all-access-everywhere",
            get(data::ask_end_everywhere).post(data::end_everywhere),
        )
}

/// What is asked once more and then done, each at its own path.
fn acts() -> Router<WebState> {
    let acts = [
        ("invite_again", Act::InviteAgain),
        ("end_sessions", Act::EndSessions),
        ("password_link", Act::PasswordLink),
        ("factor_link", Act::FactorLink),
        ("enable", Act::Enable),
        ("disable", Act::Disable),
        ("erase", Act::Erase),
    ];
    acts.into_iter().fold(Router::new(), |router, (word, act)| {
        router.route(
            &format!("/settings/people/{{person}}/{word}"),
            get(move |path, inside| ask(act, path, inside))
                .post(move |path, sent| done(act, path, sent)),
        )
    })
}

/// The pages below `/settings/roles`.
fn role_pages() -> Router<WebState> {
    Router::new()
        .route("/settings/roles", get(roles::list))
        .route("/settings/roles/create", get(roles::new).post(roles::check_new))
        .route("/settings/roles/create/change", post(roles::change_new))
        .route("/settings/roles/create/confirm", post(roles::confirm_new))
        .route("/settings/roles/{role}", get(roles::one).post(roles::check_one))
        .route("/settings/roles/{role}/change", post(roles::change_one))
        .route("/settings/roles/{role}/confirm", post(roles::confirm_one))
        .route("/settings/roles/{role}/delete", get(roles::ask_delete).post(roles::delete))
}

/// The pages below `/settings/webhooks`.
fn webhook_pages() -> Router<WebState> {
    Router::new()
        .route("/settings/webhooks", get(webhooks::list))
        .route("/settings/webhooks/create", get(webhooks::new).post(webhooks::create))
        .route("/settings/webhooks/{webhook}", get(webhook::show))
        .route("/settings/webhooks/{webhook}/secret", get(webhook::secret).post(webhook::saved))
        .route("/settings/webhooks/{webhook}/test", post(webhook::test))
        .route("/settings/webhooks/{webhook}/retry", post(webhook::retry))
        .route(
            "/settings/webhooks/{webhook}/rotate",
            get(webhook::ask_rotate).post(webhook::rotate),
        )
        .route(
            "/settings/webhooks/{webhook}/delete",
            get(webhook::ask_delete).post(webhook::delete),
        )
}

/// The pages below `/settings/companies` and `/settings/firms`.
fn book_pages() -> Router<WebState> {
    let company = |word: &str| format!("/settings/companies/{{slug}}/{word}");
    Router::new()
        .route("/settings/companies", get(books::companies))
        .route(
            "/settings/companies/create",
            get(place_form::new_company).post(place_form::create_company),
        )
        .route(&company("link"), get(company::ask_link).post(company::link))
        .route(&company("unlink"), get(company::ask_unlink).post(company::unlink))
        .route(&company("confide"), get(company::ask_confide).post(company::confide))
        .route(&company("open"), get(company::ask_open).post(company::open))
        .route("/settings/firms", get(books::firms))
        .route("/settings/firms/create", get(place_form::new_firm).post(place_form::create_firm))
}
