//! `/settings/security`: a person's own password, second factors, recovery codes and sessions.

mod factors;
mod overview;
mod passkeys;
mod password;
mod questions;
mod totp;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use crate::ops::failure::Failure;
use crate::ops::own_security::OwnRefusal;
use crate::ops::prove_factor::CodeRefusal;
use crate::view::pages::CodeError;
use crate::view::pages::ErrorKind;
use crate::view::pages::parts::form::Mistakes;
use crate::view::pages::workspace::Section;
use crate::web::WebState;
use crate::web::verify;
use crate::web::workspace::inside::Inside;

const SECTION: Section = Section::Security;
const PASSWORD: &str = "/settings/security/password";
const TOTP: &str = "/settings/security/totp";
const ADD_PASSKEY: &str = "/settings/security/passkeys/add";
const RECOVERY_CODES: &str = "/settings/security/recovery-codes";
const END_SESSIONS: &str = "/settings/security/sessions/end";

/// The pages.
pub(super) fn routes() -> Router<WebState> {
    Router::new()
        .route(SECTION.path(), get(overview::show))
        .route(PASSWORD, get(password::show).post(password::submit))
        .route(TOTP, get(totp::show).post(totp::submit))
        .route(ADD_PASSKEY, get(passkeys::show).post(passkeys::submit))
        .route(
            "/settings/security/factors/{factor}/remove",
            get(factors::ask).post(factors::submit),
        )
        .route(RECOVERY_CODES, get(questions::ask_codes).post(questions::submit_codes))
        .route(END_SESSIONS, get(questions::ask_sessions).post(questions::submit_sessions))
}

/// What is said beside the verification code, for refusals that stand there.
fn proof_error(why: &OwnRefusal) -> Option<CodeError> {
    match why {
        OwnRefusal::Proof(why) => Some(verify::code_error(*why)),
        OwnRefusal::Slowed(slowed) => Some(verify::code_error(CodeRefusal::Slowed(*slowed))),
        _ => None,
    }
}

/// The status of a form that is shown again.
const fn status_of(why: &OwnRefusal) -> StatusCode {
    match why {
        OwnRefusal::Slowed(_) | OwnRefusal::Proof(CodeRefusal::Slowed(_)) => {
            StatusCode::TOO_MANY_REQUESTS
        }
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The page for what stands in no form.
fn tell(inside: &Inside, failure: &Failure<OwnRefusal>) -> Response {
    match failure {
        Failure::Fault(fault) => inside.fail(fault),
        Failure::Refused(OwnRefusal::SignedOut) => {
            inside.visitor.go("/sign-in?notice=session-expired")
        }
        Failure::Refused(OwnRefusal::UnknownFactor) => inside.refuse(ErrorKind::NotFound),
        Failure::Refused(_) => inside.refuse(ErrorKind::RequestBroken),
    }
}

/// The mistakes of a form in which nothing but the second factor can be wrong.
fn only_proof(why: &OwnRefusal) -> Option<Mistakes> {
    proof_error(why).map(Mistakes::code)
}
