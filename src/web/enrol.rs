//! `/sign-in/enrol` and `/sign-in/recovery-codes`: turning on the second factor.

use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;

use crate::base::secret::Secret;
use crate::crypto::totp;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::ops::enrol;
use crate::ops::failure::Failure;
use crate::ops::sessions::LiveSession;
use crate::view::pages::CodeError;
use crate::view::pages::EnrolTotp;
use crate::view::pages::ErrorKind;
use crate::view::pages::RecoveryCodes;
use crate::web::sign_in::onward;
use crate::web::verify;
use crate::web::visitor;
use crate::web::visitor::Visitor;

const FORM: &str = "enrol";
const CODES_FORM: &str = "recovery-codes";

/// Shows the QR code to whoever has proved the password and has no second factor yet.
pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let resume = visitor::resume_of(&Parameters::of_query(query.as_deref()));
    let Some(live) = visitor.half_signed_in() else {
        return verify::elsewhere(&visitor, resume.as_deref());
    };
    match visitor.ops().has_second_factor(live) {
        Ok(true) => visitor.go(&paths::resuming(paths::VERIFY, resume.as_deref())),
        Ok(false) => {
            let page = form(&visitor, live, resume, None);
            visitor.show_for_client(&page, StatusCode::OK)
        }
        Err(fault) => visitor.fail(&fault),
    }
}

fn form(
    visitor: &Visitor,
    live: &LiveSession,
    resume: Option<String>,
    error: Option<CodeError>,
) -> EnrolTotp {
    let seed = visitor.ops().enrolment_seed(live);
    let account = live.user.email.to_string();
    let host = visitor.ops().settings().issuer.host();
    let issuer = format!("Countersign ({host})");
    EnrolTotp {
        frame: visitor.frame(),
        csrf: visitor.form_tag(FORM, ""),
        resume,
        otpauth_uri: totp::provisioning_uri(&issuer, &account, &seed),
        secret: enrol::seed_text(&seed),
        account,
        error,
    }
}

/// Checks the first code; then recovery codes are shown.
pub(super) async fn submit(visitor: Visitor, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(sent) = Parameters::of_form(&headers, &body) else {
        return visitor.refuse(ErrorKind::FormBroken);
    };
    let resume = visitor::resume_of(&sent);
    let Some(live) = visitor.half_signed_in() else {
        return verify::elsewhere(&visitor, resume.as_deref());
    };
    if !visitor.sent(&sent, FORM, "") {
        return visitor.refuse(ErrorKind::FormExpired);
    }
    let code: Secret = sent.first("code").into();
    match visitor.ops().enrol_totp(live, &code, visitor.mark(), visitor.origin()).await {
        Ok(session) => {
            let next = paths::resuming(paths::RECOVERY_CODES, resume.as_deref());
            visitor.go_with(&session, &next)
        }
        Err(Failure::Refused(why)) => {
            let page = form(&visitor, live, resume, Some(verify::code_error(why)));
            visitor.show_for_client(&page, verify::status_of(why))
        }
        Err(Failure::Fault(fault)) => visitor.fail(&fault),
    }
}

/// Shows the recovery codes, until they are acknowledged.
pub(super) async fn show_codes(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let resume = visitor::resume_of(&Parameters::of_query(query.as_deref()));
    match visitor.signed_in() {
        Some(live) => {
            let page = codes(&visitor, live, resume, false);
            visitor.show_for_client(&page, StatusCode::OK)
        }
        None => visitor.go(&paths::resuming(paths::SIGN_IN, resume.as_deref())),
    }
}

fn codes(
    visitor: &Visitor,
    live: &LiveSession,
    resume: Option<String>,
    not_ticked: bool,
) -> RecoveryCodes {
    RecoveryCodes {
        frame: visitor.frame(),
        csrf: visitor.form_tag(CODES_FORM, ""),
        resume,
        codes: visitor.ops().waiting_recovery_codes(live),
        not_ticked,
    }
}

/// Takes the acknowledgement, and goes on.
pub(super) async fn submit_codes(visitor: Visitor, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(sent) = Parameters::of_form(&headers, &body) else {
        return visitor.refuse(ErrorKind::FormBroken);
    };
    let resume = visitor::resume_of(&sent);
    let Some(live) = visitor.signed_in() else {
        return visitor.go(&paths::resuming(paths::SIGN_IN, resume.as_deref()));
    };
    if !visitor.sent(&sent, CODES_FORM, "") {
        return visitor.refuse(ErrorKind::FormExpired);
    }
    if sent.first("saved").is_empty() {
        let page = codes(&visitor, live, resume, true);
        return visitor.show_for_client(&page, StatusCode::UNPROCESSABLE_ENTITY);
    }
    match visitor.ops().acknowledge_recovery_codes(live).await {
        Ok(()) => visitor.go(&onward(resume.as_deref())),
        Err(fault) => visitor.fail(&fault),
    }
}
