//! `/setup/{link}` for somebody who lost a password or a factor.

use axum::response::Response;
use http::StatusCode;

use crate::base::secret::Secret;
use crate::domain::attempts::Slowed;
use crate::domain::link::LinkPurpose;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::ops::failure::Failure;
use crate::ops::links::OpenLink;
use crate::ops::recover::FactorRefusal;
use crate::ops::sign_in::SignInRefusal;
use crate::view::pages::ErrorKind;
use crate::view::pages::FieldError;
use crate::view::pages::LostThing;
use crate::view::pages::Recover;
use crate::view::pages::SignInError;
use crate::web::setup;
use crate::web::setup::FORM;
use crate::web::visitor::Visitor;

/// What a link replaces, if it is for somebody who lost something.
pub(super) const fn lost(open: &OpenLink) -> Option<LostThing> {
    match open.purpose {
        LinkPurpose::Password { .. } => Some(LostThing::Password),
        LinkPurpose::Factor { .. } => Some(LostThing::Factor),
        LinkPurpose::FirstOwner | LinkPurpose::Welcome { .. } | LinkPurpose::Join { .. } => None,
    }
}

fn email_of(open: &OpenLink) -> String {
    open.invited.as_ref().map(|user| user.email.to_string()).unwrap_or_default()
}

/// The form.
pub(super) fn page(visitor: &Visitor, link: &str, open: &OpenLink, lost: LostThing) -> Recover {
    Recover {
        frame: visitor.frame(),
        csrf: visitor.form_tag(FORM, link),
        action: paths::setup(link),
        lost,
        email: email_of(open),
        errors: Vec::new(),
        refused: None,
    }
}

/// Takes the form.
pub(super) async fn submit(
    visitor: &Visitor,
    link: &str,
    open: &OpenLink,
    lost: LostThing,
    sent: &Parameters,
) -> Response {
    let page = page(visitor, link, open, lost);
    match lost {
        LostThing::Password => replace_password(visitor, open, page, sent).await,
        LostThing::Factor => replace_factor(visitor, open, page, sent).await,
    }
}

async fn replace_password(
    visitor: &Visitor,
    open: &OpenLink,
    page: Recover,
    sent: &Parameters,
) -> Response {
    let name = open.invited.as_ref().map(|user| user.name.clone()).unwrap_or_default();
    if let Err(error) = setup::check_password(visitor, sent, &[&name, &email_of(open)]) {
        return again(visitor, page, vec![error]);
    }
    let password: Secret = sent.first("password").into();
    match visitor.ops().replace_password(open, password, visitor.origin()).await {
        Ok(session) => {
            let next = if session.enrolled { paths::VERIFY } else { paths::ENROL };
            visitor.go_with(&session, next)
        }
        Err(Failure::Refused(_)) => visitor.refuse(ErrorKind::LinkUsed),
        Err(Failure::Fault(fault)) => visitor.fail(&fault),
    }
}

fn again(visitor: &Visitor, page: Recover, errors: Vec<FieldError>) -> Response {
    visitor.show(&Recover { errors, ..page }, StatusCode::UNPROCESSABLE_ENTITY)
}

async fn replace_factor(
    visitor: &Visitor,
    open: &OpenLink,
    page: Recover,
    sent: &Parameters,
) -> Response {
    let password: Secret = sent.first("password").into();
    let (mark, origin) = (visitor.mark(), visitor.origin());
    let refused = |error, status| visitor.show(&Recover { refused: Some(error), ..page }, status);
    match visitor.ops().begin_factor_replacement(open, password, mark, origin).await {
        Ok(session) => visitor.go_with(&session, paths::ENROL),
        Err(Failure::Refused(FactorRefusal::Gone)) => visitor.refuse(ErrorKind::LinkUsed),
        Err(Failure::Refused(FactorRefusal::Password(why))) => match why {
            SignInRefusal::Wrong => {
                refused(SignInError::WrongEmailOrPassword, StatusCode::UNPROCESSABLE_ENTITY)
            }
            SignInRefusal::Slowed(Slowed::Wait { seconds }) => {
                refused(SignInError::WaitSeconds(seconds), StatusCode::TOO_MANY_REQUESTS)
            }
            SignInRefusal::Slowed(Slowed::TooManyToday) => {
                refused(SignInError::TooManyToday, StatusCode::TOO_MANY_REQUESTS)
            }
        },
        Err(Failure::Fault(fault)) => visitor.fail(&fault),
    }
}
