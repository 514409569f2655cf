//! From the form to the secret: the form, its summary with the second factor, and what comes of it.

use axum::extract::RawQuery;
use axum::response::Response;

use crate::domain::app::App;
use crate::domain::app::AppKind;
use crate::http::parameters::Parameters;
use crate::ops::administration::by::Confirming;
use crate::ops::administration::change_app::AppChange;
use crate::ops::administration::change_app::Asked;
use crate::ops::administration::create_app::NewApp;
use crate::ops::administration::refusal::AppRefusal;
use crate::ops::administration::refusal::Refusal;
use crate::ops::failure::Failure;
use crate::ops::failure::Fault;
use crate::ops::prove_factor::CodeRefusal;
use crate::view::pages::ErrorKind;
use crate::view::pages::connect::credential::CredentialAct;
use crate::view::pages::connect::credential_form::FormAct;
use crate::view::pages::connect::credential_form::Template;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::workspace::Flash;
use crate::web::connect::credential;
use crate::web::connect::draft::Chosen;
use crate::web::connect::draft::Draft;
use crate::web::connect::entered::Entered;
use crate::web::connect::object::Object;
use crate::web::connect::object::home_of;
use crate::web::connect::saved;
use crate::web::connect::saved::Fresh;
use crate::web::connect::template;
use crate::web::verify;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

type Drafted = Result<(Inside, Draft, Option<App>), Box<Response>>;

/// A form for something new.
pub(super) async fn show_new(act: FormAct, inside: Inside, RawQuery(query): RawQuery) -> Response {
    let query = Parameters::of_query(query.as_deref());
    show(new(act, inside), template::of_word(query.first("template")))
}

/// Its summary.
pub(super) async fn check_new(act: FormAct, sent: Sent) -> Response {
    let entered = Entered::read(&sent.fields);
    sum_up(new(act, sent.inside), &entered)
}

/// The form again, as it was.
pub(super) async fn again_new(act: FormAct, sent: Sent) -> Response {
    let entered = Entered::read(&sent.fields);
    back(new(act, sent.inside), &entered)
}

/// It is made.
pub(super) async fn make_new(act: FormAct, sent: Sent) -> Response {
    let (entered, by) = (Entered::read(&sent.fields), sent.by());
    make(new(act, sent.inside), &entered, by).await
}

/// A form for a production app like a test app.
pub(super) async fn show_publish(object: Object, inside: Inside) -> Response {
    show(of_app(&object, inside, CredentialAct::Publish), Template::Own)
}

/// Its summary.
pub(super) async fn check_publish(object: Object, sent: Sent) -> Response {
    let entered = Entered::read(&sent.fields);
    sum_up(of_app(&object, sent.inside, CredentialAct::Publish), &entered)
}

/// The form again, as it was.
pub(super) async fn again_publish(object: Object, sent: Sent) -> Response {
    let entered = Entered::read(&sent.fields);
    back(of_app(&object, sent.inside, CredentialAct::Publish), &entered)
}

/// The production app is made.
pub(super) async fn make_publish(object: Object, sent: Sent) -> Response {
    let (entered, by) = (Entered::read(&sent.fields), sent.by());
    make(of_app(&object, sent.inside, CredentialAct::Publish), &entered, by).await
}

/// A form for what an app is to be.
pub(super) async fn show_change(object: Object, inside: Inside) -> Response {
    show(of_app(&object, inside, CredentialAct::Change), Template::Own)
}

/// The form again, as it was.
pub(super) async fn again_change(object: Object, sent: Sent) -> Response {
    let entered = Entered::read(&sent.fields);
    back(of_app(&object, sent.inside, CredentialAct::Change), &entered)
}

/// Changes it, if that only reduces what it can do; sums up otherwise, and asks.
pub(super) async fn check_change(object: Object, sent: Sent) -> Response {
    change(&object, sent, Asked::NoCode).await
}

/// Changes it.
pub(super) async fn make_change(object: Object, sent: Sent) -> Response {
    change(&object, sent, Asked::Code).await
}

fn new(act: FormAct, inside: Inside) -> Drafted {
    drafted(Draft::new(&inside, act), inside, None)
}

fn of_app(object: &Object, inside: Inside, act: CredentialAct) -> Drafted {
    let (inside, facts) = object.credential(inside)?;
    if !credential::acts(&inside, &facts).contains(&act) {
        return Err(Box::new(inside.refuse(ErrorKind::NotFound)));
    }
    let (home, app) = (home_of(&facts.app), facts.app);
    let draft = match act {
        CredentialAct::Publish => Draft::publish(&inside, app.clone(), home),
        _ => Draft::change(&inside, app.clone(), home),
    };
    drafted(draft, inside, Some(app))
}

fn drafted(draft: Result<Draft, Fault>, inside: Inside, app: Option<App>) -> Drafted {
    match draft {
        Ok(draft) => Ok((inside, draft, app)),
        Err(fault) => Err(Box::new(inside.fail(&fault))),
    }
}

fn show(drafted: Drafted, template: Template) -> Response {
    match drafted {
        Ok((inside, draft, _)) => {
            let entered = draft.initial(&inside, template);
            inside.show(&draft.form(&inside, &entered, template, Mistakes::default()))
        }
        Err(page) => *page,
    }
}

fn back(drafted: Drafted, entered: &Entered) -> Response {
    match drafted {
        Ok((inside, draft, _)) => {
            inside.show(&draft.form(&inside, entered, Template::Own, Mistakes::default()))
        }
        Err(page) => *page,
    }
}

fn sum_up(drafted: Drafted, entered: &Entered) -> Response {
    let (inside, draft, _) = match drafted {
        Ok(drafted) => drafted,
        Err(page) => return *page,
    };
    match draft.understood(&inside, entered) {
        Ok(chosen) => inside.show(&draft.summary(&inside, entered, &chosen, Mistakes::default())),
        Err(mistakes) => draft.again(&inside, entered, mistakes),
    }
}

async fn make(drafted: Drafted, entered: &Entered, by: Confirming) -> Response {
    let (inside, draft, _) = match drafted {
        Ok(drafted) => drafted,
        Err(page) => return *page,
    };
    let chosen = match draft.understood(&inside, entered) {
        Ok(chosen) => chosen,
        Err(mistakes) => return draft.again(&inside, entered, mistakes),
    };
    let kind = match draft.act {
        FormAct::GenerateToken => AppKind::ApiToken,
        _ => AppKind::ApiCredentials,
    };
    match inside.ops().create_app(new_app(&inside, kind, &chosen), by).await {
        Ok(created) => saved::lead(&inside, created, Fresh::Created),
        Err(failure) => refused(&inside, &draft, entered, &chosen, failure),
    }
}

fn new_app(inside: &Inside, kind: AppKind, chosen: &Chosen) -> NewApp {
    NewApp {
        place: Some(chosen.place),
        delegated_by: Some(inside.live.user.id),
        owner: Some(chosen.owner),
        scopes: Some(chosen.scopes.clone()),
        purpose: chosen.purpose.clone(),
        expires_at: chosen.expires_at,
        no_expiry_reason: chosen.reason.clone(),
        review_days: chosen.review_days,
        mcp: chosen.mcp,
        ..NewApp::of(kind, chosen.name.clone())
    }
}

async fn change(object: &Object, sent: Sent, asked: Asked) -> Response {
    let (entered, by) = (Entered::read(&sent.fields), sent.by());
    let (inside, draft, app) = match of_app(object, sent.inside, CredentialAct::Change) {
        Ok((inside, draft, Some(app))) => (inside, draft, app),
        Ok((inside, ..)) => return inside.refuse(ErrorKind::NotFound),
        Err(page) => return *page,
    };
    let chosen = match draft.understood(&inside, &entered) {
        Ok(chosen) => chosen,
        Err(mistakes) => return draft.again(&inside, &entered, mistakes),
    };
    let change = AppChange {
        name: chosen.name.clone(),
        purpose: chosen.purpose.clone(),
        owner: Some(chosen.owner),
        scopes: chosen.scopes.clone(),
        expires_at: chosen.expires_at,
        no_expiry_reason: chosen.reason.clone(),
        review_days: chosen.review_days,
    };
    match inside.ops().change_app(app.id, change, asked, by).await {
        Ok(app) => inside.done(&home_of(&app), &Flash::Saved),
        Err(Failure::Refused(Refusal::Code(CodeRefusal::Missing))) if asked == Asked::NoCode => {
            inside.show(&draft.summary(&inside, &entered, &chosen, Mistakes::default()))
        }
        Err(failure) => refused(&inside, &draft, &entered, &chosen, failure),
    }
}

/// The page that says why not: the summary again if only the code was wrong, the form where a field
/// is.
fn refused(
    inside: &Inside,
    draft: &Draft,
    entered: &Entered,
    chosen: &Chosen,
    failure: Failure<Refusal>,
) -> Response {
    let wrong = match &failure {
        Failure::Refused(Refusal::Code(why)) => {
            let mistakes = Mistakes::code(verify::code_error(*why));
            let page = draft.summary(inside, entered, chosen, mistakes);
            return inside.visitor.show(&page, verify::status_of(*why));
        }
        Failure::Refused(Refusal::App(why)) => field_of(why),
        Failure::Refused(Refusal::OutOfReach) => Some((Field::Place, Problem::Unknown)),
        _ => None,
    };
    match wrong {
        Some(wrong) => draft.again(inside, entered, Mistakes::fields([wrong])),
        None => inside.tell(failure),
    }
}

const fn field_of(why: &AppRefusal) -> Option<(Field, Problem)> {
    match why {
        AppRefusal::BeyondDelegator(_)
        | AppRefusal::DelegatorDisabled
        | AppRefusal::DelegatorMissing
        | AppRefusal::UnknownScopes(_) => Some((Field::Permissions, Problem::NotYours)),
        AppRefusal::OwnerElsewhere => Some((Field::Owner, Problem::Unknown)),
        AppRefusal::PlaceSuspended => Some((Field::Place, Problem::Unknown)),
        AppRefusal::ExpiryPassed => Some((Field::ExpiresOn, Problem::InThePast)),
        _ => None,
    }
}
