//! `/sign-in`: address and password.

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;

use crate::base::secret::Secret;
use crate::domain::attempts::Slowed;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::ops::failure::Failure;
use crate::ops::failure::Fault;
use crate::ops::sign_in::SignInRefusal;
use crate::view::pages::ErrorKind;
use crate::view::pages::SignIn;
use crate::view::pages::SignInError;
use crate::view::pages::SignInNotice;
use crate::web::visitor;
use crate::web::visitor::Visitor;

const FORM: &str = "sign-in";

/// Shows the form; whoever is signed in already goes on.
pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let query = Parameters::of_query(query.as_deref());
    let resume = visitor::resume_of(&query);
    if visitor.signed_in().is_some() {
        return visitor.go(&onward(resume.as_deref()));
    }
    let notice = match query.first("notice") {
        "signed-out" => Some(SignInNotice::SignedOut),
        "session-expired" => Some(SignInNotice::SessionExpired),
        _ => None,
    };
    visitor.show_for_client(&form(&visitor, resume, "", None, notice), StatusCode::OK)
}

/// Where a complete sign-in leads: back to the request that waits, or home.
pub(super) fn onward(resume: Option<&str>) -> String {
    resume.map_or_else(|| paths::HOME.to_owned(), visitor::resumed)
}

fn form(
    visitor: &Visitor,
    resume: Option<String>,
    email: &str,
    error: Option<SignInError>,
    notice: Option<SignInNotice>,
) -> SignIn {
    let request =
        resume.as_deref().and_then(|handle| visitor.ops().open_request(handle, visitor.browser()));
    let client = request.and_then(|request| visitor.ops().app_name(request.app).ok().flatten());
    SignIn {
        frame: visitor.frame(),
        csrf: visitor.form_tag(FORM, ""),
        to_continue_to: client,
        resume,
        email: email.to_owned(),
        error,
        notice,
    }
}

/// Checks address and password, and goes on to the second step.
pub(super) async fn submit(visitor: Visitor, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(sent) = Parameters::of_form(&headers, &body) else {
        return visitor.refuse(ErrorKind::FormBroken);
    };
    if !visitor.sent(&sent, FORM, "") {
        return visitor.refuse(ErrorKind::FormExpired);
    }
    let resume = visitor::resume_of(&sent);
    let (email, password) = (sent.first("email"), sent.first("password"));
    let again = |error, status| {
        let page = form(&visitor, resume.clone(), email, Some(error), None);
        visitor.show_for_client(&page, status)
    };
    if email.trim().is_empty() || password.is_empty() {
        return again(SignInError::Incomplete, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let password: Secret = password.into();
    let (mark, origin) = (visitor.mark(), visitor.origin());
    let replaced = visitor.session.as_ref().map(|live| *live.id());
    match visitor.ops().sign_in(email, password, mark, replaced, origin).await {
        Ok(session) => {
            let next = if session.enrolled { paths::VERIFY } else { paths::ENROL };
            visitor.go_with(&session, &paths::resuming(next, resume.as_deref()))
        }
        Err(Failure::Refused(SignInRefusal::Wrong)) => {
            again(SignInError::WrongEmailOrPassword, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(Failure::Refused(SignInRefusal::Slowed(Slowed::Wait { seconds }))) => {
            again(SignInError::WaitSeconds(seconds), StatusCode::TOO_MANY_REQUESTS)
        }
        Err(Failure::Refused(SignInRefusal::Slowed(Slowed::TooManyToday))) => {
            again(SignInError::TooManyToday, StatusCode::TOO_MANY_REQUESTS)
        }
        Err(Failure::Fault(Fault::Busy)) => {
            again(SignInError::Busy, StatusCode::SERVICE_UNAVAILABLE)
        }
        Err(Failure::Fault(fault)) => visitor.fail(&fault),
    }
}
