//! The guard of the API: token, audience, path, company, route, scope, in this order.

use axum::extract::Request;
use axum::response::Response;
use http::Method;
use http::StatusCode;

use crate::domain::gate::GateRefusal;
use crate::domain::rate::Allowance;
use crate::domain::resource::API_PATH;
use crate::domain::resource::Resource;
use crate::domain::scope::ScopeName;
use crate::domain::scope::ScopeSet;
use crate::domain::surface::Found;
use crate::gateway::GatewayState;
use crate::gateway::answer;
use crate::gateway::challenge::Challenge;
use crate::gateway::identify::Call;
use crate::gateway::identify::For;
use crate::gateway::identify::Refused;
use crate::gateway::identity::Line;
use crate::gateway::own;
use crate::gateway::own::Own;
use crate::gateway::path;
use crate::gateway::path::CallPath;
use crate::gateway::path::PathRefusal;
use crate::gateway::permitted::Permitted;
use crate::http::origin;
use crate::ops::check_call::CallContext;
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

/// Checks one request. Once its token is known, `allowance` says where that token stands.
///
/// # Errors
/// The refusal to answer with; the exact cause is written down.
pub(super) async fn check(
    state: &GatewayState,
    request: Request,
    allowance: &mut Option<Allowance>,
) -> Result<Checked, Refused> {
    let whole = request.uri().path();
    let below = whole.strip_prefix(API_PATH).unwrap_or_default();
    let path = path::read(below, request.headers()).map_err(|why| Box::new(unreadable(why)))?;
    let own = Own::at(whole, &path.rest);
    let needs = match own {
        Some(own) => own.scope(),
        None => needed_scope(state, request.method(), &path.rest),
    };
    let call = Call {
        ops: &state.ops,
        from: origin::of(request.extensions()),
        origins: &state.origins,
        challenge: Challenge {
            metadata: Resource::Api.metadata_url(state.ops.settings().issuer.as_str()),
            scopes: needs.into_iter().collect(),
        },
    };
    let rates = state.rates.as_deref();
    let live = call.identify(request.headers(), For::Api, rates, allowance).await?;
    if let Some(own) = own {
        return match answer_own(state, &request, own, &path, &live) {
            Ok(response) => {
                call.passed(&live, path.company);
                Ok(Checked::Own(response))
            }
            Err(failure) => Err(call.failed(Some(&live), failure).await),
        };
    }
    let context = match context(state, &path, &live) {
        Ok(context) => context,
        Err(failure) => return Err(call.failed(Some(&live), failure).await),
    };
    check_route(state, request.method(), &path.rest).inspect_err(|_| call.turned_away(&live))?;
    if !call.challenge.scopes.iter().all(|scope| context.effective.contains(scope)) {
        return Err(call.lacks_scope(&live, context.company.id).await);
    }
    let line = Line {
        method: request.method(),
        path: &path.rest,
        reference: request.extensions().get().copied(),
    };
    let identity = state.identities.of(&state.ops, (&live, &context), &Resource::Api, &line).await;
    let identity = identity.map_err(|fault| Box::new(answer::failed(&fault)))?;
    call.passed(&live, Some(context.company.id));
    let permitted = Permitted::new(request, context.company, path.rest, identity);
    Ok(Checked::Permitted(Box::new(permitted)))
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
    match state.surface.find(asked(method), rest) {
        Found::Route(route) => route.scope.clone(),
        _ => None,
    }
}

/// HEAD is GET without its body (RFC 9110 section 9.3.2).
fn asked(method: &Method) -> &str {
    if method == Method::HEAD { "GET" } else { method.as_str() }
}

fn context(
    state: &GatewayState,
    path: &CallPath,
    live: &LiveToken,
) -> Outcome<CallContext, CallRefusal> {
    if path.company_is_nonsense {
        let refused = state.ops.effective(live).err().unwrap_or(CallRefusal::CompanyOutOfReach);
        return Err(Failure::Refused(refused));
    }
    state.ops.call_context(live, path.company)
}

/// What is not listed is denied.
fn check_route(state: &GatewayState, method: &Method, rest: &str) -> Result<(), Refused> {
    match state.surface.find(asked(method), rest) {
        Found::Route(_) => Ok(()),
        Found::Nothing => Err(Box::new(answer::no_such_address())),
        Found::OtherMethod => Err(Box::new(answer::other_method(&state.surface.methods(rest)))),
    }
}

/// What the gateway answers itself. It takes no company, but one that is named must be within reach, and
/// the gate is passed like everywhere; only having no permission left is no reason to refuse.
fn answer_own(
    state: &GatewayState,
    request: &Request,
    own: Own,
    path: &CallPath,
    live: &LiveToken,
) -> Outcome<Response, CallRefusal> {
    let effective = match state.ops.effective(live) {
        Ok(effective) => effective,
        Err(CallRefusal::Gate(GateRefusal::NothingAllowed)) => ScopeSet::default(),
        Err(why) => return Err(Failure::Refused(why)),
    };
    if path.company_is_nonsense || path.company.is_some() {
        match context(state, path, live) {
            Ok(_) | Err(Failure::Refused(CallRefusal::Gate(GateRefusal::NothingAllowed))) => {}
            Err(failure) => return Err(failure),
        }
    }
    if asked(request.method()) != "GET" {
        return Ok(answer::other_method(&["GET"]));
    }
    if own.scope().is_some_and(|scope| !effective.contains(&scope)) {
        return Err(Failure::Refused(CallRefusal::Gate(GateRefusal::NothingAllowed)));
    }
    Ok(match own {
        Own::Me => own::me(&state.ops, live, &effective),
        Own::Companies => own::companies(&state.ops, live, request.uri().query())?,
        Own::Connections => own::connections(&state.ops, live, &effective, request.uri().query())?,
    })
}
