//! `/settings/security/passkeys/add`: a passkey, which the browser makes.

use axum::response::Response;
use http::StatusCode;

use crate::domain::display_name;
use crate::ops::failure::Failure;
use crate::ops::own_security::OwnRefusal;
use crate::view::pages::ErrorKind;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::settings::factors::AddPasskey;
use crate::view::pages::workspace::Flash;
use crate::web::security::ADD_PASSKEY;
use crate::web::security::SECTION;
use crate::web::security::proof_error;
use crate::web::security::status_of;
use crate::web::security::tell;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

/// What was wrong with the form.
#[derive(Default)]
struct Wrong {
    not_taken: bool,
    mistakes: Mistakes,
}

fn page(inside: &Inside, name: &str, wrong: Wrong, status: StatusCode) -> Response {
    let options = match inside.ops().passkey_creation(&inside.live, ADD_PASSKEY) {
        Ok(Some(options)) => options,
        // An issuer that is known by an address: browsers make no passkeys for it.
        Ok(None) => return inside.refuse(ErrorKind::NotFound),
        Err(fault) => return inside.fail(&fault),
    };
    let page = AddPasskey {
        frame: inside.frame_asking(SECTION, ADD_PASSKEY),
        csrf: inside.tag(ADD_PASSKEY),
        options,
        name: name.to_owned(),
        not_taken: wrong.not_taken,
        mistakes: wrong.mistakes,
    };
    if status == StatusCode::OK { inside.show(&page) } else { inside.visitor.show(&page, status) }
}

/// Shows the form.
pub(super) async fn show(inside: Inside) -> Response {
    page(&inside, "", Wrong::default(), StatusCode::OK)
}

/// Keeps the passkey.
pub(super) async fn submit(sent: Sent) -> Response {
    let (inside, typed) = (&sent.inside, sent.fields.first("name"));
    let again = |wrong, status| page(inside, typed, wrong, status);
    let Some(name) = display_name::checked(typed) else {
        let mistakes = Mistakes::fields([(Field::Name, name_problem(typed))]);
        let wrong = Wrong { mistakes, not_taken: false };
        return again(wrong, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let credential = sent.fields.first("credential");
    match inside.ops().add_passkey(sent.by(), name, credential).await {
        Ok(()) => inside.done(SECTION.path(), &Flash::FactorAdded),
        Err(Failure::Refused(why)) => {
            let wrong = match why {
                OwnRefusal::NewPasskey(fault) => {
                    tracing::info!(%fault, "a new passkey was not taken");
                    Wrong { not_taken: true, ..Wrong::default() }
                }
                OwnRefusal::TooManyPasskeys => Wrong {
                    mistakes: Mistakes::fields([(Field::Name, Problem::TooMany)]),
                    not_taken: false,
                },
                why => match proof_error(&why) {
                    Some(error) => Wrong { mistakes: Mistakes::code(error), not_taken: false },
                    None => return tell(inside, &Failure::Refused(why)),
                },
            };
            again(wrong, status_of(&why))
        }
        Err(failure) => tell(inside, &failure),
    }
}

fn name_problem(typed: &str) -> Problem {
    let typed = typed.trim();
    if typed.is_empty() {
        Problem::Missing
    } else if typed.chars().count() > display_name::LONGEST {
        Problem::TooLong
    } else {
        Problem::NotValid
    }
}
