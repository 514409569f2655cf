//! `/consent/{handle}`: a person decides.

use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use http::HeaderMap;
use http::StatusCode;

use crate::domain::consent::AuthorizationRequest;
use crate::domain::scope::ScopeSet;
use crate::http::page;
use crate::http::parameters::Parameters;
use crate::http::paths;
use crate::ops::consent::Allowed;
use crate::ops::consent::Choice;
use crate::ops::consent::ConsentRefusal;
use crate::ops::consent::Offer;
use crate::ops::failure::Failure;
use crate::ops::sessions::LiveSession;
use crate::view::pages::ConsentError;
use crate::view::pages::ErrorKind;
use crate::web::consent_page;
use crate::web::consent_page::Shown;
use crate::web::verify;
use crate::web::visitor;
use crate::web::visitor::Visitor;

const ALLOW: &str = "consent-allow";
const CANCEL: &str = "consent-cancel";

/// Shows who asks for what. Opening the page consumes nothing.
pub(super) async fn show(visitor: Visitor, Path(handle): Path<String>) -> Response {
    let (request, live) = match enter(&visitor, &handle) {
        Ok(entered) => entered,
        Err(response) => return *response,
    };
    match visitor.ops().offer(live, &request) {
        Ok(offer) => {
            let shown = Shown::first(&offer);
            render(&visitor, live, &handle, &request, &offer, &shown, StatusCode::OK)
        }
        Err(failure) => refuse(&visitor, failure),
    }
}

/// The request, opened in the browser it was sealed for, and the person, signed in with both
/// factors; or where to go instead.
fn enter<'v>(
    visitor: &'v Visitor,
    handle: &str,
) -> Result<(AuthorizationRequest, &'v LiveSession), Box<Response>> {
    let Some(request) = visitor.ops().open_request(handle, visitor.browser()) else {
        return Err(Box::new(visitor::for_client(visitor.refuse(ErrorKind::OtherBrowser))));
    };
    match visitor.signed_in() {
        Some(live) if live.session.recovery_codes_waiting => {
            let next = paths::resuming(paths::RECOVERY_CODES, Some(handle));
            Err(Box::new(visitor.go(&next)))
        }
        Some(live) => Ok((request, live)),
        None => {
            let next =
                if visitor.half_signed_in().is_some() { paths::VERIFY } else { paths::SIGN_IN };
            Err(Box::new(visitor.go(&paths::resuming(next, Some(handle)))))
        }
    }
}

fn render(
    visitor: &Visitor,
    live: &LiveSession,
    handle: &str,
    request: &AuthorizationRequest,
    offer: &Offer,
    shown: &Shown,
    status: StatusCode,
) -> Response {
    let mut page = consent_page::page(visitor, live, request, offer, shown);
    page.action = paths::consent(handle);
    page.csrf = visitor.form_tag(ALLOW, handle);
    page.cancel_csrf = visitor.form_tag(CANCEL, handle);
    page.resume = Some(handle.to_owned());
    page.frame = visitor.taking_passkey(page.frame, live, &request.act());
    visitor.show_leading_out(&page, status)
}

/// Allow access.
pub(super) async fn allow(
    visitor: Visitor,
    Path(handle): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (request, live, sent) = match submitted(&visitor, &handle, &headers, &body, ALLOW) {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    let choice = Choice {
        place: sent.first("context").parse().ok(),
        ticked: sent.all("scope").iter().filter_map(|scope| scope.parse().ok()).collect(),
        proof: visitor::proof_of(&sent),
    };
    let (place, ticked) = (choice.place, choice.ticked.clone());
    let (mark, origin) = (visitor.mark(), visitor.origin());
    match visitor.ops().allow(live, request.clone(), choice, mark, origin).await {
        Ok(Allowed::Code(code)) => back(&visitor, &request, &[("code", code.expose())]),
        Ok(Allowed::Denied) => denied(&visitor, &request),
        Err(Failure::Refused(why)) => match visitor.ops().offer(live, &request) {
            // The page again, with every choice kept, while the request can still be answered.
            Ok(offer) => {
                let (error, status) = told(&visitor, &offer, &why, &ticked);
                let shown = Shown::again(&offer, place, ticked, error);
                render(&visitor, live, &handle, &request, &offer, &shown, status)
            }
            Err(failure) => refuse(&visitor, failure),
        },
        Err(failure) => refuse(&visitor, failure),
    }
}

/// What the page says when it is shown again.
fn told(
    visitor: &Visitor,
    offer: &Offer,
    why: &ConsentRefusal,
    ticked: &ScopeSet,
) -> (ConsentError, StatusCode) {
    match why {
        ConsentRefusal::Code(why) => {
            (ConsentError::Code(verify::code_error(*why)), verify::status_of(*why))
        }
        ConsentRefusal::NotGrantable => {
            let titles = consent_page::titles(visitor, offer, ticked);
            (ConsentError::NotGrantable { titles }, StatusCode::UNPROCESSABLE_ENTITY)
        }
        ConsentRefusal::PlaceNotOffered => {
            (ConsentError::ChooseContext, StatusCode::UNPROCESSABLE_ENTITY)
        }
        _ => (ConsentError::Expired, StatusCode::UNPROCESSABLE_ENTITY),
    }
}

/// Cancel.
pub(super) async fn cancel(
    visitor: Visitor,
    Path(handle): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (request, live, _) = match submitted(&visitor, &handle, &headers, &body, CANCEL) {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    match visitor.ops().cancel(live, request.clone(), visitor.origin()).await {
        Ok(()) => denied(&visitor, &request),
        Err(failure) => refuse(&visitor, failure),
    }
}

type Submitted<'v> = (AuthorizationRequest, &'v LiveSession, Parameters);

fn submitted<'v>(
    visitor: &'v Visitor,
    handle: &str,
    headers: &HeaderMap,
    body: &Bytes,
    form: &str,
) -> Result<Submitted<'v>, Box<Response>> {
    let refused = |kind| Err(Box::new(visitor::for_client(visitor.refuse(kind))));
    let Ok(sent) = Parameters::of_form(headers, body) else {
        return refused(ErrorKind::FormBroken);
    };
    let (request, live) = enter(visitor, handle)?;
    if !visitor.sent(&sent, form, handle) {
        return refused(ErrorKind::FormExpired);
    }
    Ok((request, live, sent))
}

fn denied(visitor: &Visitor, request: &AuthorizationRequest) -> Response {
    let told = [("error", "access_denied"), ("error_description", "The person refused access.")];
    back(visitor, request, &told)
}

/// Back to the client, with `state` and `iss` (RFC 9207).
fn back(
    visitor: &Visitor,
    request: &AuthorizationRequest,
    parameters: &[(&str, &str)],
) -> Response {
    let mut parameters = parameters.to_vec();
    parameters.extend(request.state.as_deref().map(|state| ("state", state)));
    let issuer = visitor.ops().settings().issuer.clone();
    parameters.push(("iss", issuer.as_str()));
    visitor::for_client(page::see_other(&request.redirect.with(&parameters)))
}

fn refuse(visitor: &Visitor, failure: Failure<ConsentRefusal>) -> Response {
    let kind = match failure {
        Failure::Fault(fault) => return visitor.fail(&fault),
        Failure::Refused(why) => match why {
            ConsentRefusal::Expired => ErrorKind::RequestExpired,
            ConsentRefusal::Answered => ErrorKind::RequestUsed,
            ConsentRefusal::ClientGone => ErrorKind::ClientBlocked,
            ConsentRefusal::CompanyOutOfReach => ErrorKind::CompanyNotReachable,
            ConsentRefusal::NotSignedIn => ErrorKind::SecondFactorNeeded,
            ConsentRefusal::NothingToGrant
            | ConsentRefusal::PlaceNotOffered
            | ConsentRefusal::NotGrantable
            | ConsentRefusal::Code(_) => ErrorKind::NothingToGrant,
        },
    };
    visitor::for_client(visitor.refuse(kind))
}
