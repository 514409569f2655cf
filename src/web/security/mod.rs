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
use crate::ops::failure::Outcome;
use crate::ops::own_security::OwnRefusal;
use crate::ops::prove_factor::CodeRefusal;
use crate::view::pages::CodeError;
use crate::view::pages::ErrorKind;
use crate::view::pages::workspace::Section;
use crate::web::WebState;
use crate::web::verify;
use crate::web::workspace::confirming::Question;
use crate::web::workspace::inside::Inside;
use crate::web::workspace::sent::Sent;

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

/// The refusal of a proof, for refusals that stand beside it.
const fn refused_proof(why: &OwnRefusal) -> Option<CodeRefusal> {
    match why {
        OwnRefusal::Proof(why) => Some(*why),
        OwnRefusal::Slowed(slowed) => Some(CodeRefusal::Slowed(*slowed)),
        _ => None,
    }
}

/// What is said beside the verification code.
fn proof_error(why: &OwnRefusal) -> Option<CodeError> {
    refused_proof(why).map(verify::code_error)
}

/// The status of a form that is shown again.
fn status_of(why: &OwnRefusal) -> StatusCode {
    refused_proof(why).map_or(StatusCode::UNPROCESSABLE_ENTITY, verify::status_of)
}

/// The page for what stands in no form.
fn tell(inside: &Inside, failure: &Failure<OwnRefusal>) -> Response {
    match failure {
        Failure::Fault(fault) => inside.fail(fault),
        Failure::Refused(OwnRefusal::SignedOut) => {
            inside.visitor.go("/sign-in?notice=session-expired")
        }
        // Of two factors, the other one was removed meanwhile: this one is the last.
        Failure::Refused(OwnRefusal::UnknownFactor | OwnRefusal::LastFactor) => {
            inside.refuse(ErrorKind::NotFound)
        }
        Failure::Refused(_) => inside.refuse(ErrorKind::RequestBroken),
    }
}

/// What an act did, or the page to show instead: the question again where nothing but the second
/// factor was wrong.
fn answered<T>(
    sent: &Sent,
    question: Question,
    outcome: Outcome<T, OwnRefusal>,
) -> Result<T, Box<Response>> {
    outcome.map_err(|failure| {
        let proof = match &failure {
            Failure::Refused(why) => refused_proof(why),
            Failure::Fault(_) => None,
        };
        Box::new(match proof {
            Some(why) => sent.inside.code_refused(question, &sent.fields, why),
            None => tell(&sent.inside, &failure),
        })
    })
}
