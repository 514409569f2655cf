//! The authorization endpoint (RFC 6749 section 3.1): checks, and sends the browser to the consent
//! page. GET writes nothing, so a client may send it twice.

use axum::extract::RawQuery;
use axum::extract::State;
use axum::response::Response;
use http::Extensions;
use http::HeaderMap;
use http::header::SET_COOKIE;

use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::consent::AuthorizationRequest;
use crate::domain::redirect_uri::VerifiedRedirect;
use crate::domain::session::Level;
use crate::http::cookies;
use crate::http::language;
use crate::http::origin;
use crate::http::page;
use crate::http::parameters::Parameters;
use crate::http::parameters::Repeated;
use crate::http::paths;
use crate::http::security::Relaxed;
use crate::oauth::OauthState;
use crate::oauth::error::OauthError;
use crate::ops::Ops;
use crate::ops::authorization::AuthorizationParameters;
use crate::ops::authorization::AuthorizationRefusal;
use crate::ops::authorization::PageRefusal;
use crate::ops::authorization::RequestRefusal;
use crate::ops::explain;
use crate::ops::failure::Failure;
use crate::ops::failure::Fault;
use crate::view::pages::ErrorKind;
use crate::view::pages::Frame;

/// Checks the request; on to the consent page, back to the client, or an error page.
pub(super) async fn answer(
    State(state): State<OauthState>,
    extensions: Extensions,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let origin = origin::of(&extensions);
    let speech = (&*state.views, language::of(&headers));
    let refused = |kind| page::error(speech, Frame::default(), kind, &extensions);
    let mut response = match read(&Parameters::of_query(query.as_deref())) {
        Err(Repeated) => refused(ErrorKind::RequestBroken),
        Ok(parameters) => match state.ops.check_authorization(&state.surfaces, &parameters).await {
            Ok(request) => match proceed(&state.ops, &headers, &request) {
                Ok(Some(response)) => response,
                Ok(None) => refused(ErrorKind::RequestBroken),
                Err(fault) => refused(broken(&fault)),
            },
            Err(Failure::Refused(refusal)) => {
                let session = cookies::get(&headers, cookies::SESSION);
                let received = parameters.redirect_uri.as_deref();
                note(&state.ops, &refusal, (received, session), origin).await;
                match refusal {
                    AuthorizationRefusal::Page(why, _) => refused(kind_of(why)),
                    AuthorizationRefusal::Redirect { redirect, state: given, why, app } => {
                        match state.ops.may_tell(app, session) {
                            Ok(true) => tell(&state.ops, &redirect, given.as_deref(), why.into()),
                            Ok(false) => refused(ErrorKind::RequestBroken),
                            Err(fault) => refused(broken(&fault)),
                        }
                    }
                }
            }
            Err(Failure::Fault(fault)) => refused(broken(&fault)),
        },
    };
    let relaxed = Relaxed { opener: true, form_action: false, cross_origin: false };
    response.extensions_mut().insert(relaxed);
    response
}

/// Reads the parameters. A repeated `client_id` or `redirect_uri` leaves nobody to redirect to.
pub(super) fn read(query: &Parameters) -> Result<AuthorizationParameters, Repeated> {
    let text = |name| query.text(name).unwrap_or_default();
    Ok(AuthorizationParameters {
        client_id: query.text("client_id")?,
        redirect_uri: query.text("redirect_uri")?,
        response_type: text("response_type"),
        response_mode: text("response_mode"),
        state: text("state"),
        scope: text("scope"),
        resources: query.all("resource"),
        challenge: text("code_challenge"),
        challenge_method: text("code_challenge_method"),
        prompt: text("prompt"),
        request_uri: text("request_uri"),
        request_object: query.one("request") != Ok(None),
        repeated: query.repeats_any_but(&["resource"]),
    })
}

/// Seals the request for this browser, which gets its cookie if it has none yet. None if it is too
/// long and its client may not be told so.
fn proceed(
    ops: &Ops,
    headers: &HeaderMap,
    request: &AuthorizationRequest,
) -> Result<Option<Response>, Fault> {
    let known = cookies::browser(headers).map(str::to_owned);
    let browser = known.clone().unwrap_or_else(|| ops.draw_browser());
    let Some(handle) = ops.seal_request(request, browser.as_bytes())? else {
        let error = OauthError::from(RequestRefusal::Malformed);
        let may = ops.may_tell(request.app, cookies::get(headers, cookies::SESSION))?;
        return Ok(may.then(|| tell(ops, &request.redirect, request.state.as_deref(), error)));
    };
    let mut response = page::see_other(&paths::consent(&handle));
    if known.is_none()
        && let Some(cookie) = cookies::for_long(cookies::BROWSER, &browser)
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(Some(response))
}

/// Tells the client, with `state` and `iss` (RFC 9207).
fn tell(
    ops: &Ops,
    redirect: &VerifiedRedirect,
    state: Option<&str>,
    error: OauthError,
) -> Response {
    let mut parameters = vec![("error", error.code), ("error_description", error.description)];
    parameters.extend(state.map(|state| ("state", state)));
    parameters.push(("iss", ops.settings().issuer.as_str()));
    page::see_other(&redirect.with(&parameters))
}

/// Writes a refusal down, with the person who is signed in at this browser.
async fn note(
    ops: &Ops,
    refusal: &AuthorizationRefusal,
    (received, session): (Option<&str>, Option<&str>),
    origin: Origin,
) {
    let event = ops.event(EventKind::AuthorizationRefused, origin);
    let event = match ops.session(session.unwrap_or_default()) {
        Ok(Some(live)) if live.level() == Level::SecondFactor => event.user(live.user.id),
        _ => event,
    };
    let event = match refusal {
        AuthorizationRefusal::Page(why, app) => {
            let detail =
                (*why == PageRefusal::RedirectMismatch).then(|| explain::redirect(received));
            let event = event.cause(format!("{why:?}")).detail(detail);
            app.map_or(event.clone(), |app| event.app(app))
        }
        AuthorizationRefusal::Redirect { why, app, .. } => {
            event.cause(format!("{why:?}")).app(*app)
        }
    };
    ops.note_refusal(event).await;
}

const fn kind_of(why: PageRefusal) -> ErrorKind {
    match why {
        PageRefusal::UnknownClient => ErrorKind::UnknownClient,
        PageRefusal::RedirectMismatch => ErrorKind::RedirectMismatch,
        PageRefusal::Document(_) => ErrorKind::ClientDocument,
        PageRefusal::PushedRequestGone => ErrorKind::RequestExpired,
    }
}

fn broken(fault: &Fault) -> ErrorKind {
    tracing::error!(%fault, "an authorization request failed");
    match fault {
        Fault::Busy => ErrorKind::Busy,
        fault if fault.will_pass() => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    }
}
