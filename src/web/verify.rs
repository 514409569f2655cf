//! `/sign-in/verify`: the second factor.

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;

use crate::domain::attempts::Slowed;
use crate::domain::passkey::PasskeyFault;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::ops::failure::Failure;
use crate::ops::prove_factor::CodeRefusal;
use crate::ops::sessions::LiveSession;
use crate::ops::sign_in::ACT;
use crate::view::pages::CodeError;
use crate::view::pages::ErrorKind;
use crate::view::pages::Verify;
use crate::web::sign_in;
use crate::web::visitor;
use crate::web::visitor::Visitor;

const FORM: &str = "verify";

/// Shows the form to whoever has proved the password.
pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let resume = visitor::resume_of(&Parameters::of_query(query.as_deref()));
    match visitor.half_signed_in() {
        Some(live) => show_form(&visitor, live, resume, None, StatusCode::OK),
        None => elsewhere(&visitor, resume.as_deref()),
    }
}

/// Where somebody belongs who is not between the two steps.
pub(super) fn elsewhere(visitor: &Visitor, resume: Option<&str>) -> Response {
    if visitor.signed_in().is_some() {
        return visitor.go(&sign_in::onward(resume));
    }
    visitor.go(&paths::resuming(paths::SIGN_IN, resume))
}

fn show_form(
    visitor: &Visitor,
    live: &LiveSession,
    resume: Option<String>,
    error: Option<CodeError>,
    status: StatusCode,
) -> Response {
    let page = Verify {
        frame: visitor.taking_passkey(visitor.frame(), live, ACT),
        csrf: visitor.form_tag(FORM, ""),
        sign_out_csrf: visitor.form_tag("sign-out", ""),
        resume,
        email: live.user.email.to_string(),
        error,
    };
    visitor.show_for_client(&page, status)
}

/// Checks the code; the session is raised and gets a new cookie.
pub(super) async fn submit(visitor: Visitor, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(sent) = Parameters::of_form(&headers, &body) else {
        return visitor.refuse(ErrorKind::FormBroken);
    };
    let resume = visitor::resume_of(&sent);
    let Some(live) = visitor.half_signed_in() else {
        return elsewhere(&visitor, resume.as_deref());
    };
    if !visitor.sent(&sent, FORM, "") {
        return visitor.refuse(ErrorKind::FormExpired);
    }
    let proof = visitor::proof_of(&sent);
    let verified =
        visitor.ops().verify_second_factor(live, &proof, visitor.mark(), visitor.origin()).await;
    match verified {
        Ok(session) => visitor.go_with(&session, &sign_in::onward(resume.as_deref())),
        Err(Failure::Refused(CodeRefusal::NotEnrolled)) => {
            visitor.go(&paths::resuming(paths::ENROL, resume.as_deref()))
        }
        Err(Failure::Refused(why)) => {
            show_form(&visitor, live, resume, Some(code_error(why)), status_of(why))
        }
        Err(Failure::Fault(fault)) => visitor.fail(&fault),
    }
}

/// A code's refusal as pages tell it.
pub(super) const fn code_error(why: CodeRefusal) -> CodeError {
    match why {
        CodeRefusal::Missing => CodeError::Missing,
        CodeRefusal::Wrong | CodeRefusal::NotEnrolled => CodeError::Wrong,
        CodeRefusal::AlreadyUsed { next_in_seconds } => CodeError::AlreadyUsed { next_in_seconds },
        CodeRefusal::Slowed(Slowed::Wait { seconds }) => CodeError::WaitSeconds(seconds),
        CodeRefusal::Slowed(Slowed::TooManyToday) => CodeError::TooManyToday,
        CodeRefusal::Passkey(PasskeyFault::Over) => CodeError::PasskeyOver,
        CodeRefusal::Passkey(_) => CodeError::PasskeyRefused,
    }
}

/// The status of a page that tells it.
pub(super) const fn status_of(why: CodeRefusal) -> StatusCode {
    match why {
        CodeRefusal::Slowed(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
