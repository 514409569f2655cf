//! The MCP servers of the companies: every message is read, and goes on only if the token allows what
//! it asks for. Both eras of the protocol: sessions and event streams up to 2025-11-25, single
//! messages since 2026-07-28.

mod answers;
mod events;
mod listing;
pub mod message;
mod mirrored;
mod needs;
mod refusal;
mod session;
mod stream;
mod strict;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use http::HeaderMap;
use http::HeaderValue;
use http::Method;
use http::header::ACCEPT_ENCODING;
use http::header::CACHE_CONTROL;
use http::header::CONTENT_ENCODING;
use http::header::CONTENT_LENGTH;
use http::header::CONTENT_TYPE;
use http::header::TRANSFER_ENCODING;

use crate::base::secret::Secret;
use crate::domain::company::Company;
use crate::domain::company::Slug;
use crate::domain::gate::GateRefusal;
use crate::domain::gate::PlaceFacts;
use crate::domain::mcp_surface::McpSurface;
use crate::domain::rate::Allowance;
use crate::domain::resource::Resource;
use crate::domain::scope::ScopeSet;
use crate::domain::surfaces;
use crate::gateway::Upstream;
use crate::gateway::answer;
use crate::gateway::challenge::Challenge;
use crate::gateway::identify::Call;
use crate::gateway::identify::For;
use crate::gateway::identify::Refused;
use crate::gateway::identity::Identities;
use crate::gateway::identity::Line;
use crate::gateway::mcp::message::Message;
use crate::gateway::mcp::session::Owner;
use crate::gateway::permitted::Permitted;
use crate::gateway::rates;
use crate::gateway::rates::Rates;
use crate::http::cors;
use crate::http::origin;
use crate::http::request_body::limit_body;
use crate::ops::Ops;
use crate::ops::check_call::CallContext;
use crate::ops::check_call::CallRefusal;
use crate::ops::check_call::LiveToken;
use crate::ops::failure::Failure;

/// What the MCP surface needs.
#[derive(Clone)]
pub struct McpState {
    /// The operations.
    pub ops: Ops,
    /// Tools, resources and prompts with their scopes.
    pub surface: Arc<McpSurface>,
    /// Where permitted messages go.
    pub upstream: Upstream,
    /// How often a token may call, if that is limited.
    pub rates: Option<Arc<Rates>>,
    /// Who calls, as upstreams are told.
    pub identities: Arc<Identities>,
    /// The origins of web pages that may call; empty: all.
    pub origins: Arc<[String]>,
    /// Bounds.
    pub limits: McpLimits,
}

/// The bounds of an MCP surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct McpLimits {
    /// Bytes of a message, which is held while it is checked.
    pub message: u64,
    /// How often the token of an open event stream is looked at.
    pub look: Duration,
}

impl Default for McpLimits {
    fn default() -> Self {
        Self { message: 4 * 1024 * 1024, look: Duration::from_secs(5) }
    }
}

/// The MCP surface.
pub fn routes(state: McpState) -> Router {
    let bytes = state.limits.message;
    Router::new()
        .route("/companies/{slug}/mcp", any(serve))
        .layer(from_fn_with_state(bytes, limit_body))
        .layer(cors::Open)
        .with_state(state)
}

async fn serve(State(state): State<McpState>, request: Request) -> Response {
    let mut allowance = None;
    let mut response = match check(&state, request, &mut allowance).await {
        Ok(passed) => passed.forward(&state).await,
        Err(refused) => *refused,
    };
    if let Some(allowance) = allowance {
        rates::tell(allowance, state.ops.now(), response.headers_mut());
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A request that passed every check.
struct Passed {
    permitted: Permitted,
    company: Arc<Company>,
    live: LiveToken,
    token: Secret,
    message: Option<Message>,
    needed: ScopeSet,
}

/// What a token allows now; that it allows nothing is no reason to refuse what needs nothing.
fn effective(ops: &Ops, live: &LiveToken) -> Result<ScopeSet, CallRefusal> {
    match ops.effective(live) {
        Err(CallRefusal::Gate(GateRefusal::NothingAllowed)) => Ok(ScopeSet::default()),
        other => other,
    }
}

async fn check(
    state: &McpState,
    request: Request,
    allowance: &mut Option<Allowance>,
) -> Result<Passed, Refused> {
    let Some(slug) = named(request.uri().path()) else { return Err(Box::new(refusal::nothing())) };
    if ![Method::POST, Method::GET, Method::DELETE].contains(request.method()) {
        return Err(Box::new(refusal::other_method()));
    }
    let resource = Resource::Mcp(slug.clone());
    let scopes = surfaces::scopes_of_mcp(&state.surface);
    let mut call = Call {
        ops: &state.ops,
        origins: &state.origins,
        from: origin::of(request.extensions()),
        challenge: Challenge {
            metadata: resource.metadata_url(state.ops.settings().issuer.as_str()),
            scopes: surfaces::defaults(state.ops.catalogue(), &scopes),
        },
    };
    // A company that does not exist is answered like one that the token is not for.
    let company = state.ops.company_called(&slug);
    let company = company.map_err(|fault| Box::new(answer::failed(&fault)))?;
    let surface = company.map_or(For::Nothing, For::Mcp);
    let rates = state.rates.as_deref();
    let live = call.identify(request.headers(), surface, rates, allowance).await?;
    let token = call.bearer(request.headers())?.unwrap_or_default().into();
    let effective = match effective(&state.ops, &live) {
        Ok(effective) => effective,
        Err(why) => return Err(call.failed(Some(&live), Failure::Refused(why)).await),
    };
    let PlaceFacts::Company(company) = live.place() else {
        return Err(call.refuse(Some(&live), CallRefusal::OtherAudience).await);
    };
    let company = Arc::clone(company);
    let (mut parts, body) = request.into_parts();
    let (message, body) = match parts.method {
        Method::POST => read(&parts.headers, body, state.limits.message).await?,
        _ => (None, Bytes::new()),
    };
    call.challenge.scopes = needed(state, &call, &live, &parts.headers, message.as_ref()).await?;
    let id = message.as_ref().and_then(Message::id);
    if !call.challenge.scopes.is_subset(&effective) {
        let text = format!("Missing scope: {}", call.challenge.scopes);
        return Err(Box::new(refusal::as_error(
            *call.lacks_scope(&live, company.id).await,
            id,
            &text,
        )));
    }
    let owner = Owner { ops: &state.ops, live: &live, company: company.id };
    if mirrored::is_stateless(&parts.headers) {
        parts.headers.remove(session::SESSION);
        parts.headers.remove(session::LAST_EVENT);
    } else if owner.open(&mut parts.headers).is_err() {
        call.note(Some(&live), "a session of somebody else's".to_owned()).await;
        return Err(Box::new(refusal::foreign_session(id)));
    }
    frame(&mut parts.headers, body.len());
    let request = Request::from_parts(parts, Body::from(body));
    let line =
        Line { method: request.method(), path: "", reference: request.extensions().get().copied() };
    let context = CallContext { company: Arc::clone(&company), effective };
    let identity = state.identities.of(&state.ops, (&live, &context), &resource, &line).await;
    let identity = identity.map_err(|fault| Box::new(answer::failed(&fault)))?;
    call.passed(&live, Some(company.id));
    let needed = call.challenge.scopes;
    let permitted = Permitted::new(request, context.company, String::new(), identity);
    Ok(Passed { permitted, company, live, token, message, needed })
}

/// The company that a path names, if it is exactly that of an MCP server.
fn named(path: &str) -> Option<Slug> {
    match Resource::parse("", path)? {
        Resource::Mcp(slug) => Some(slug),
        Resource::Api | Resource::ApiOf(_) => None,
    }
}

async fn read(
    headers: &HeaderMap,
    body: Body,
    longest: u64,
) -> Result<(Option<Message>, Bytes), Refused> {
    if !is_json(headers) || headers.contains_key(CONTENT_ENCODING) {
        return Err(Box::new(refusal::other_media()));
    }
    let longest = usize::try_from(longest).unwrap_or(usize::MAX);
    let body = to_bytes(body, longest).await.map_err(|_| Box::new(refusal::cut_short()))?;
    match Message::read(&body) {
        Ok(message) => Ok((Some(message), body)),
        Err(why) => Err(Box::new(refusal::unreadable(&why))),
    }
}

/// One media type, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else { return false };
    let kind = line.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

/// What the message needs, once its headers say nothing else.
async fn needed(
    state: &McpState,
    call: &Call<'_>,
    live: &LiveToken,
    headers: &HeaderMap,
    message: Option<&Message>,
) -> Result<ScopeSet, Refused> {
    let Some(message) = message else { return Ok(ScopeSet::default()) };
    if mirrored::check(headers, message).is_err() {
        return Err(Box::new(refusal::mismatch(message.id())));
    }
    match needs::of(&state.surface, message) {
        Ok(needed) => Ok(needed),
        Err(why) => {
            call.note(Some(live), format!("MCP: {why:?}")).await;
            let stateless = mirrored::is_stateless(headers);
            Err(Box::new(refusal::denied(why, message.id(), stateless)))
        }
    }
}

/// The body goes on as one piece of known length, and the answer comes back readable.
fn frame(headers: &mut HeaderMap, length: usize) {
    headers.remove(TRANSFER_ENCODING);
    // The address alone says which company is meant.
    headers.remove("x-company-id");
    headers.remove(ACCEPT_ENCODING);
    if length > 0 {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    } else {
        headers.remove(CONTENT_LENGTH);
        headers.remove(CONTENT_TYPE);
    }
}
