//! `/settings/security/password`: another password.

use axum::response::Response;

use crate::base::secret::Secret;
use crate::ops::administration::new_password::WeakPassword;
use crate::ops::failure::Failure;
use crate::ops::own_security::OwnRefusal;
use crate::view::pages::parts::form::Field;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::parts::form::Problem;
use crate::view::pages::settings::factors::ChangePassword;
use crate::view::pages::workspace::Flash;
use crate::web::security::PASSWORD;
use crate::web::security::SECTION;
use crate::web::security::proof_error;
use crate::web::security::status_of;
use crate::web::security::tell;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

fn page(inside: &Inside, mistakes: Mistakes) -> ChangePassword {
    ChangePassword {
        frame: inside.frame_asking(SECTION, PASSWORD),
        csrf: inside.tag(PASSWORD),
        email: inside.live.user.email.to_string(),
        mistakes,
    }
}

/// Shows the form.
pub(super) async fn show(inside: Inside) -> Response {
    inside.show(&page(&inside, Mistakes::default()))
}

/// Changes the password; all other browsers are signed out.
pub(super) async fn submit(sent: Sent) -> Response {
    let (inside, fields) = (&sent.inside, &sent.fields);
    let (old, new) = (fields.first("current_password"), fields.first("new_password"));
    let mut wrong = Vec::new();
    if old.is_empty() {
        wrong.push((Field::CurrentPassword, Problem::Missing));
    }
    if new.is_empty() {
        wrong.push((Field::NewPassword, Problem::Missing));
    } else if new != fields.first("new_password_again") {
        wrong.push((Field::NewPasswordAgain, Problem::PasswordsDiffer));
    }
    if !wrong.is_empty() {
        return inside.show_again(&page(inside, Mistakes::fields(wrong)));
    }
    let (old, new): (Secret, Secret) = (old.into(), new.into());
    match inside.ops().change_password(&inside.live, sent.by(), old, new).await {
        Ok(()) => inside.done(SECTION.path(), &Flash::PasswordChanged),
        Err(Failure::Refused(why)) => match mistakes(&why) {
            Some(mistakes) => inside.visitor.show(&page(inside, mistakes), status_of(&why)),
            None => tell(inside, &Failure::Refused(why)),
        },
        Err(failure) => tell(inside, &failure),
    }
}

fn mistakes(why: &OwnRefusal) -> Option<Mistakes> {
    let field = |field, problem| Some(Mistakes::fields([(field, problem)]));
    match why {
        OwnRefusal::PasswordWrong => field(Field::CurrentPassword, Problem::PasswordWrong),
        OwnRefusal::Weak(weak) => field(
            Field::NewPassword,
            match weak {
                WeakPassword::TooShort => Problem::PasswordTooShort,
                WeakPassword::TooLong => Problem::TooLong,
                WeakPassword::TooClose => Problem::PasswordTooClose,
                WeakPassword::TooCommon => Problem::PasswordTooCommon,
            },
        ),
        why => proof_error(why).map(Mistakes::code),
    }
}
