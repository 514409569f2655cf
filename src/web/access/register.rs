//! Registering an OAuth app: the form, the summary, the act.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::http::parameters::Parameters;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::view::pages::ErrorKind;
use crate::view::pages::parts::form::Mistakes;
use crate::web::access::entered::Entered;
use crate::web::access::known_clients;
use crate::web::access::oauth_draft::Draft;
use crate::web::connect::saved;
use crate::web::connect::saved::Fresh;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;
use crate::web::workspace::sent::SentWithFiles;

/// The form, filled for a known program where the address names one.
pub(super) async fn ask(inside: Inside, RawQuery(query): RawQuery) -> Response {
    if !inside.open.administers {
        return inside.refuse(ErrorKind::NotAllowed);
    }
    let query = Parameters::of_query(query.as_deref());
    let known = known_clients::of_word(query.first("client"));
    let entered = Entered::nothing(&inside, known);
    inside.show(&Draft::new().form(&inside, &entered, known, Mistakes::default()))
}

/// The summary, or the form with what is wrong.
pub(super) async fn check(form: SentWithFiles) -> Response {
    let SentWithFiles { sent: Sent { inside, fields, .. }, files } = form;
    if !inside.open.administers {
        return inside.refuse(ErrorKind::NotAllowed);
    }
    let (draft, entered) = (Draft::new(), Entered::read(&inside, None, &fields, &files));
    match draft.mistakes(&inside, &entered) {
        Some(mistakes) => draft.again(&inside, &entered, mistakes),
        None => inside.show(&draft.summary(&inside, &entered, Mistakes::default())),
    }
}

/// The form again, from the summary.
pub(super) async fn again(sent: Sent) -> Response {
    let Sent { inside, fields, .. } = sent;
    if !inside.open.administers {
        return inside.refuse(ErrorKind::NotAllowed);
    }
    let entered = Entered::read(&inside, None, &fields, &[]);
    inside.show(&Draft::new().form(&inside, &entered, None, Mistakes::default()))
}

/// Registers, and leads to what is shown once. All that the summary carried is checked anew.
pub(super) async fn create(sent: Sent) -> Response {
    let by = sent.by();
    let Sent { inside, fields, .. } = sent;
    let (draft, entered) = (Draft::new(), Entered::read(&inside, None, &fields, &[]));
    if let Some(mistakes) = draft.mistakes(&inside, &entered) {
        return draft.again(&inside, &entered, mistakes);
    }
    match inside.ops().create_app(entered.new.clone(), by).await {
        Ok(created) => saved::lead(&inside, created, Fresh::Created),
        Err(Failure::Refused(Refusal::Code(why))) => {
            let page = draft.summary(&inside, &entered, Mistakes::code(verify::code_error(why)));
            inside.visitor.show(&page, verify::status_of(why))
        }
        Err(failure) => inside.tell(failure),
    }
}
