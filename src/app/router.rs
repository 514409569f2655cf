//! All doors in one router, inside the middleware that every request passes.

use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse as _;
use http::StatusCode;

use crate::app::certificates;
use crate::app::stopped::Stopped;
use crate::base::clock::Clock;
use crate::base::entropy::Entropy;
use crate::config::Settings;
use crate::config::TlsMode;
use crate::domain::mcp_surface::McpSurface;
use crate::domain::rate::RateLimit;
use crate::domain::scope::ScopeSet;
use crate::domain::surface::Surface;
use crate::domain::surfaces;
use crate::domain::surfaces::Surfaces;
use crate::gateway;
use crate::gateway::ForwardAuth;
use crate::gateway::GatewayState;
use crate::gateway::Identities;
use crate::gateway::McpLimits;
use crate::gateway::McpState;
use crate::gateway::Rates;
use crate::gateway::Upstream;
use crate::http::forwarded::Forwarded;
use crate::http::limits::RequestLimits;
use crate::oauth;
use crate::oauth::OauthState;
use crate::ops::Ops;
use crate::server;
use crate::server::LayerContext;
use crate::server::health;
use crate::server::health::Readiness;
use crate::server::health::Ready;
use crate::tls::acceptor::Certificates;
use crate::tls::private_ca;
use crate::tls::standing::Source;
use crate::view::renderer::Views;
use crate::web;
use crate::web::ConnectFacts;
use crate::web::WebState;

const TEMPORARY: &str = "with a temporary certificate, until the ACME server has issued one";

/// A protected surface and what serves it.
#[derive(Clone)]
pub struct Protected {
    /// Routes and scopes.
    pub surface: Arc<Surface>,
    /// Where permitted requests go; none: only proxies ask about requests, with `/forward-auth`.
    pub upstream: Option<Upstream>,
    /// How often a token may call, if that is limited.
    pub limit: Option<RateLimit>,
    /// Bytes of a request's body.
    pub max_body: u64,
    /// The origins of web pages that may call; empty: all.
    pub origins: Vec<String>,
    /// The MCP servers of the companies, if there are any.
    pub mcp: Option<ProtectedMcp>,
}

/// A protected MCP server and what serves it.
#[derive(Clone)]
pub struct ProtectedMcp {
    /// Tools, resources and prompts with their scopes.
    pub surface: Arc<McpSurface>,
    /// Where permitted messages go.
    pub upstream: Upstream,
    /// How often a token may call, if that is limited.
    pub limit: Option<RateLimit>,
    /// The origins of web pages that may call; empty: all.
    pub origins: Vec<String>,
    /// Bounds.
    pub limits: McpLimits,
}

impl Protected {
    fn surfaces(&self) -> Surfaces {
        let own = gateway::OWN_ROUTES.iter().filter_map(|(_, _, scope)| scope.map(str::parse));
        let own: ScopeSet = own.flatten().collect();
        let has_api = self.upstream.is_some() || !self.surface.routes().is_empty();
        Surfaces {
            api: has_api.then(|| self.surface.scopes().union(&own)),
            mcp: self.mcp.as_ref().map(|mcp| surfaces::scopes_of_mcp(&mcp.surface)),
        }
    }
}

/// The whole router.
///
/// # Errors
/// A template cannot be read, or the issuer is no URL: defects, both.
pub fn build(
    settings: &Settings,
    ops: &Ops,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    protected: Option<Protected>,
) -> Result<Router, Stopped> {
    assemble(settings, ops, clock, entropy, protected, None)
}

/// What a server that runs has beside its router, which answers of it. Clones are of the same.
#[derive(Clone)]
pub struct Beside {
    /// Notes what comes with headers that only a trusted proxy may set.
    pub forwarded: Arc<Forwarded>,
    /// The certificate that is shown: `/readyz` says when it is a temporary one.
    pub certificates: Arc<Certificates>,
}

/// What `/readyz` answers, on whichever listener.
pub(in crate::app) fn readiness(ops: &Ops, certificates: Option<Arc<Certificates>>) -> Readiness {
    let store = ops.clone();
    Arc::new(move || {
        let shown = certificates.as_ref().map(|shown| shown.standing().source);
        match (store.is_sound(), shown) {
            (false, _) => Ready::No,
            (true, Some(Source::Temporary)) => Ready::But(TEMPORARY),
            (true, _) => Ready::Yes,
        }
    })
}

/// As [`build`], for a server that runs.
///
/// # Errors
/// As [`build`].
pub fn build_beside(
    settings: &Settings,
    ops: &Ops,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    protected: Option<Protected>,
    beside: &Beside,
) -> Result<Router, Stopped> {
    assemble(settings, ops, clock, entropy, protected, Some(beside))
}

fn assemble(
    settings: &Settings,
    ops: &Ops,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    protected: Option<Protected>,
    beside: Option<&Beside>,
) -> Result<Router, Stopped> {
    let forwarded = beside.map(|beside| Arc::clone(&beside.forwarded)).unwrap_or_default();
    let certificates = beside.map(|beside| Arc::clone(&beside.certificates));
    let views = Arc::new(Views::new().map_err(|fault| Stopped::because(&fault))?);
    let connect = ConnectFacts {
        mcp: protected
            .as_ref()
            .and_then(|all| all.mcp.as_ref())
            .map(|mcp| Arc::clone(&mcp.surface)),
        private_ca: settings.tls.mode == TlsMode::PrivateCa,
        ..ConnectFacts::default()
    };
    let surfaces = protected.as_ref().map(Protected::surfaces).unwrap_or_default();
    let surfaces = Arc::new(surfaces);
    let web = web::routes(WebState {
        ops: ops.clone(),
        views: Arc::clone(&views),
        surfaces: Arc::clone(&surfaces),
        connect,
        certificates: certificates.clone(),
    });
    let oauth = oauth::routes(OauthState { ops: ops.clone(), views, surfaces });
    let mut router = web.merge(oauth).merge(health::routes(readiness(ops, certificates)));
    if settings.tls.mode == TlsMode::PrivateCa {
        let file = private_ca::ca_file(&certificates::tls_folder(&settings.data.folder));
        router = router.merge(web::ca_file(std::fs::read(file).ok().map(Into::into)));
    }
    if let Some(Protected { surface, upstream, limit, max_body, origins, mcp }) = protected {
        let rates = limit.map(|limit| Arc::new(Rates::new(limit)));
        let identities = Arc::new(Identities::default());
        if let Some(ProtectedMcp { surface, upstream, limit, origins, limits }) = mcp {
            let rates = limit.map(|limit| Arc::new(Rates::new(limit)));
            let (ops, identities) = (ops.clone(), Arc::clone(&identities));
            let origins = origins.into();
            let state = McpState { ops, surface, upstream, rates, identities, origins, limits };
            router = router.merge(gateway::mcp_routes(state));
        }
        let forward_auth = Arc::new(ForwardAuth {
            proxies: settings.server.trusted_proxies.clone(),
            prefix: settings.forward_auth.prefix.clone(),
        });
        let is_called = upstream.is_some();
        let state = GatewayState {
            ops: ops.clone(),
            surface,
            upstream: upstream.unwrap_or_else(nowhere),
            rates,
            max_body,
            origins: origins.into(),
            identities,
            forward_auth,
        };
        router = router.merge(gateway::questions(state.clone()));
        if is_called {
            router = router.merge(gateway::routes(state));
        }
    }
    let issuer =
        url::Url::parse(settings.issuer.as_str()).map_err(|error| Stopped::because(&error))?;
    let limits = request_limits(settings);
    Ok(server::layers(router, LayerContext { issuer, clock, entropy, limits, forwarded }))
}

/// Behind a surface that nobody can call here.
fn nowhere() -> Upstream {
    Arc::new(|_| Box::pin(async { StatusCode::NOT_FOUND.into_response() }))
}

fn request_limits(settings: &Settings) -> RequestLimits {
    let chosen = &settings.limits;
    RequestLimits {
        url_bytes: chosen.url_bytes,
        header_bytes: chosen.header_bytes,
        body_bytes: u64::try_from(chosen.body_bytes).unwrap_or(u64::MAX),
        body_stall: chosen.body_stall,
        ..RequestLimits::default()
    }
}
