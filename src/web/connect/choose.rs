//! Which kind of access to make: the question that decides.

use axum::response::Response;

use crate::view::pages::connect::choose_kind::ChooseKind;
use crate::view::pages::workspace::Section;
use crate::web::workspace::inside::Inside;

/// The page.
pub(super) async fn show(inside: Inside) -> Response {
    let page = ChooseKind {
        frame: inside.frame(Section::Overview),
        may_register: inside.open.administers,
    };
    inside.show(&page)
}
