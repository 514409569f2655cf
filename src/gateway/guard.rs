//! The guard: token, audience, path, company, route, scope, in this order.

use axum::extract::Request;
use axum::response::Response;
use http::HeaderMap;
use http::Method;
use http::StatusCode;
use http::header::AUTHORIZATION;
use http::header::ORIGIN;

use crate::domain::audit::EventKind;
use crate::domain::audit::Origin;
use crate::domain::gate::GateRefusal;
use crate::domain::rate::Allowance;
use crate::domain::resource::API_PATH;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::domain::surface::Found;
use crate::gateway::GatewayState;
use crate::gateway::answer;
use crate::gateway::own;
use crate::gateway::path;
use crate::gateway::path::CallPath;
use crate::gateway::path::PathRefusal;
use crate::gateway::permitted::Permitted;
use crate::http::origin;
use crate::ops::check_call::CallRefusal;
use crate::ops::check_call::LiveToken;
use crate::ops::failure::Failure;
use crate::ops::failure::Outcome;

/// A request that passed.
pub(super) enum Checked {
    /// Answered by the gateway itself.
    Own(Response),
    /// To be forwarded.
    Permitted(Box<Permitted>),
}

type Refused = Box<Response>;

/// Checks one request. Once its token is known, `allowance` says where that token stands.
///
/// # Errors
/// The refusal to answer with; the exact cause is written down.
pub(super) async fn check(
    state: &GatewayState,
    request: Request,
    allowance: &mut Option<Allowance>,
) -> Result<Checked, Refused> {
    let from = origin::of(request.extensions());
    check_browser_origin(request.headers())?;
    let below = request.uri().path().strip_prefix(API_PATH).unwrap_or_default();
    let path = path::read(below, request.headers()).map_err(|why| Box::new(unreadable(why)))?;
    let needs = needed_scope(state, request.method(), &path.rest);
    let Some(token) = bearer(request.headers())? else {
        return Err(Box::new(answer::no_token(needs.as_ref())));
    };
    let found = state.ops.live_token(token);
    let live = match found {
        Ok(live) if live.token.audience.api => live,
        Ok(live) => {
            let why = CallRefusal::OtherAudience;
            return Err(refuse(state, from, Some(&live), why, needs.as_ref()).await);
        }
        Err(Failure::Refused(why)) => {
            return Err(refuse(state, from, None, why, needs.as_ref()).await);
        }
        Err(Failure::Fault(fault)) => return Err(Box::new(answer::failed(&fault))),
    };
    state.ops.note_use(live.app().id);
    *allowance = state.rates.as_ref().and_then(|rates| rates.count(live.id, state.ops.now()));
    if allowance.is_some_and(|allowance| allowance.exceeded) {
        return Err(Box::new(answer::too_many_calls()));
    }
    if own::is_own(&path.rest) {
        let answered = answer_own(state, request.method(), &path, &live);
        return match answered {
            Ok(response) => Ok(Checked::Own(response)),
            Err(Failure::Refused(why)) => {
                Err(refuse(state, from, Some(&live), why, needs.as_ref()).await)
            }
            Err(Failure::Fault(fault)) => Err(Box::new(answer::failed(&fault))),
        };
    }
    proceed(state, request, path, &live).await
}

/// The Bearer scheme in any case (RFC 9110 section 11.1); never from a query or a form.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let Some(header) = lines.next() else { return Ok(None) };
    let malformed = || Box::new(answer::malformed_token());
    if lines.next().is_some() {
        return Err(malformed());
    }
    let text = header.to_str().map_err(|_| malformed())?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Ok(None),
    }
}

/// A browser's `Origin` must be one: `null` and nonsense are refused.
fn check_browser_origin(headers: &HeaderMap) -> Result<(), Refused> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let text = origin.to_str().unwrap_or_default();
    if url::Url::parse(text).is_ok_and(|url| is_origin(&url, text)) {
        return Ok(());
    }
    let message = "This Origin may not call.";
    Err(Box::new(answer::refuse(StatusCode::FORBIDDEN, "forbidden", message)))
}

/// Scheme, host and port and nothing else (RFC 6454 section 6.2), of whatever scheme: browser
/// extensions and desktop shells have their own.
fn is_origin(url: &url::Url, text: &str) -> bool {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    url.host_str().is_some_and(|host| format!("{}://{host}{port}", url.scheme()) == text)
}

fn unreadable(why: PathRefusal) -> Response {
    let message = match why {
        PathRefusal::Ambiguous => "The path is not in its plain form.",
        PathRefusal::CompaniesDiffer => {
            "The path and the header X-Company-Id name different companies."
        }
    };
    answer::refuse(StatusCode::BAD_REQUEST, "invalid_request", message)
}

fn needed_scope(state: &GatewayState, method: &Method, rest: &str) -> Option<ScopeName> {
    if own::is_own(rest) {
        return own::scope(rest);
    }
    match state.surface.find(asked(method), rest) {
        Found::Route(route) => route.scope.clone(),
        _ => None,
    }
}

/// HEAD is GET without its body (RFC 9110 section 9.3.2).
fn asked(method: &Method) -> &str {
    if method == Method::HEAD { "GET" } else { method.as_str() }
}

/// `/me` and `/companies`. They need no company, but one that is named must be within reach, and
/// the gate is passed like everywhere; only having no permission left is no reason to refuse.
fn answer_own(
    state: &GatewayState,
    method: &Method,
    path: &CallPath,
    live: &LiveToken,
) -> Outcome<Response, CallRefusal> {
    let effective = match state.ops.effective(live) {
        Ok(effective) => effective,
        Err(CallRefusal::Gate(GateRefusal::NothingAllowed)) => ScopeSet::default(),
        Err(why) => return Err(Failure::Refused(why)),
    };
    if path.company_is_nonsense {
        return Err(Failure::Refused(CallRefusal::CompanyOutOfReach));
    }
    if path.company.is_some() {
        match state.ops.call_context(live, path.company) {
            Ok(_) | Err(Failure::Refused(CallRefusal::Gate(GateRefusal::NothingAllowed))) => {}
            Err(failure) => return Err(failure),
        }
    }
    if asked(method) != "GET" {
        return Ok(answer::other_method(&["GET"]));
    }
    match own::scope(&path.rest) {
        Some(scope) if !effective.contains(&scope) => {
            Err(Failure::Refused(CallRefusal::Gate(GateRefusal::NothingAllowed)))
        }
        Some(_) => Ok(own::companies(&state.ops, live)?),
        None => Ok(own::me(&state.ops, live, &effective)),
    }
}

async fn proceed(
    state: &GatewayState,
    request: Request,
    path: CallPath,
    live: &LiveToken,
) -> Result<Checked, Refused> {
    let from = origin::of(request.extensions());
    let needs = needed_scope(state, request.method(), &path.rest);
    let context = if path.company_is_nonsense {
        Err(Failure::Refused(CallRefusal::CompanyOutOfReach))
    } else {
        state.ops.call_context(live, path.company)
    };
    let context = match context {
        Ok(context) => context,
        Err(Failure::Refused(why)) => {
            return Err(refuse(state, from, Some(live), why, needs.as_ref()).await);
        }
        Err(Failure::Fault(fault)) => return Err(Box::new(answer::failed(&fault))),
    };
    match state.surface.find(asked(request.method()), &path.rest) {
        Found::Nothing => {
            let message = "There is no such address in this API.";
            Err(Box::new(answer::refuse(StatusCode::NOT_FOUND, "not_found", message)))
        }
        Found::OtherMethod => {
            Err(Box::new(answer::other_method(&state.surface.methods(&path.rest))))
        }
        Found::Route(route) => match &route.scope {
            Some(scope) if !context.effective.contains(scope) => {
                let event = state.ops.event(EventKind::CallRefused, from);
                let event = event.app(live.app().id).cause(format!("missing scope: {scope}"));
                state.ops.note_refusal(event).await;
                Err(Box::new(answer::missing_scope(scope)))
            }
            _ => Ok(Checked::Permitted(Box::new(Permitted::new(
                request,
                context.company,
                path.rest,
            )))),
        },
    }
}

async fn refuse(
    state: &GatewayState,
    from: Origin,
    live: Option<&LiveToken>,
    why: CallRefusal,
    needs: Option<&ScopeName>,
) -> Refused {
    let event = state.ops.event(EventKind::CallRefused, from);
    let event = event.cause(format!("{why:?}"));
    state
        .ops
        .note_refusal(match live {
            Some(live) => event.app(live.app().id),
            None => event,
        })
        .await;
    Box::new(answer::of(why, needs))
}
