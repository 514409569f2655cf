//! `/settings/data`: the end of all access.

use axum::response::Response;

use crate::domain::company::Place;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::confirm::ConfirmAct;
use crate::view::pages::settings::data::DataPage;
use crate::view::pages::workspace::Flash;
use crate::view::pages::workspace::Section;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

const END: &str = "/settings/data/end-all-access";
const END_EVERYWHERE: &str = "/settings/data/end-all-access-everywhere";

/// Shows what can be done.
pub(super) async fn show(inside: Inside) -> Response {
    let (administers, operator) = (inside.open.administers, inside.live.user.operator);
    if !administers && !operator {
        return inside.refuse(ErrorKind::NotAllowed);
    }
    let access = match administers {
        true => inside.told(inside.ops().access_of(&inside.live, inside.open.place)),
        false => Ok(0),
    };
    match access {
        Ok(access) => inside.show(&DataPage {
            frame: inside.frame(Section::Data),
            csrf: inside.tag("/settings/data/export"),
            may_export: false,
            may_end: administers,
            may_end_everywhere: operator,
            access,
        }),
        Err(page) => *page,
    }
}

/// The question, if the person may do it.
fn question(inside: &Inside, everywhere: bool) -> Result<Question, Box<Response>> {
    let may = if everywhere { inside.live.user.operator } else { inside.open.administers };
    if !may {
        return Err(Box::new(inside.refuse(ErrorKind::NotAllowed)));
    }
    let (act, action, name) = if everywhere {
        let host = inside.ops().settings().issuer.host().clone();
        (ConfirmAct::EndAllAccessEverywhere, END_EVERYWHERE, host)
    } else {
        (ConfirmAct::EndAllAccess, END, inside.open.shown().name)
    };
    let question = Question::of(act, Section::Data, &name, action, Section::Data.path());
    Ok(Question { type_name: true, ..question })
}

/// Asks whether to end all access to the open company or firm.
pub(super) async fn ask_end(inside: Inside) -> Response {
    question(&inside, false).map_or_else(|page| *page, |question| inside.ask(question))
}

/// Asks whether to end all access on the installation.
pub(super) async fn ask_end_everywhere(inside: Inside) -> Response {
    question(&inside, true).map_or_else(|page| *page, |question| inside.ask(question))
}

/// Ends all access to the open company or firm.
pub(super) async fn end(sent: Sent) -> Response {
    let place = sent.inside.open.place;
    ended(&sent, Some(place)).await.unwrap_or_else(|page| *page)
}

/// Ends all access on the installation.
pub(super) async fn end_everywhere(sent: Sent) -> Response {
    ended(&sent, None).await.unwrap_or_else(|page| *page)
}

async fn ended(sent: &Sent, place: Option<Place>) -> Result<Response, Box<Response>> {
    let inside = &sent.inside;
    let question = question(inside, place.is_none())?;
    inside.name_typed(&question, &sent.fields)?;
    let outcome = inside.ops().end_all_access(place, sent.by()).await;
    inside.answered(question, &sent.fields, outcome)?;
    Ok(inside.done(Section::Data.path(), &Flash::AllAccessEnded))
}
