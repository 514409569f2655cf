//! `/settings/switch` and `/settings/language`: which company or firm, and which language.

use axum::response::Response;
use http::header::SET_COOKIE;

use crate::domain::company::Place;
use crate::http::cookies;
use crate::view::language::Language;
use crate::view::pages::ErrorKind;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::workspace::sent::Sent;

/// Opens another company or firm.
pub(super) async fn place(sent: Sent) -> Response {
    let asked: Option<Place> = sent.fields.first("place").parse().ok();
    let Some(open) = sent.inside.places().iter().find(|at| Some(at.place) == asked) else {
        return sent.inside.refuse(ErrorKind::NotFound);
    };
    let flash = Flash::Switched(open.shown().name);
    let mut response = sent.inside.done(Section::Overview.path(), &flash);
    if let Some(cookie) = cookies::for_long(cookies::PLACE, &open.place.to_string()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Speaks another language from here on, in this browser.
pub(super) async fn language(sent: Sent) -> Response {
    let Some(language) = Language::of_code(sent.fields.first("language")) else {
        return sent.inside.refuse(ErrorKind::FormBroken);
    };
    let mut response = sent.inside.visitor.go(Section::Overview.path());
    if let Some(cookie) = cookies::for_long(cookies::LANGUAGE, language.code()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}
