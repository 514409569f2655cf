//! From settings to what stands behind the gateway.

use std::sync::Arc;

use crate::app::router::Protected;
use crate::app::router::ProtectedMcp;
use crate::app::stopped::Stopped;
use crate::config;
use crate::config::Settings;
use crate::gateway;
use crate::gateway::McpLimits;
use crate::outbound::upstream::UpstreamClient;
use crate::outbound::upstream::UpstreamSettings;

/// The protected surfaces with the clients of what stands behind them.
pub struct Behind {
    /// The surfaces.
    pub protected: Protected,
    /// Their upstreams. An API without one is only asked about by proxies, with `/forward-auth`.
    pub clients: Vec<Arc<UpstreamClient>>,
}

/// The surfaces as the configuration has them; none if it names neither an upstream nor a route.
///
/// # Errors
/// The certificate authorities of one cannot be read.
pub fn behind(settings: &Settings) -> Result<Option<Behind>, Stopped> {
    let api = settings.api.upstream().map(|upstream| client(&upstream, "api")).transpose()?;
    let mcp = settings.mcp.upstream().map(|upstream| client(&upstream, "mcp")).transpose()?;
    if api.is_none() && mcp.is_none() && settings.api_surface.routes().is_empty() {
        return Ok(None);
    }
    let to = |client| gateway::forward::to(Arc::clone(client), &settings.issuer);
    let protected = Protected {
        surface: Arc::clone(&settings.api_surface),
        upstream: api.as_ref().map(to),
        limit: settings.api.rate_limit(),
        max_body: settings.api.max_request_body(),
        origins: settings.api.allowed_origins.clone(),
        mcp: mcp.as_ref().map(|client| ProtectedMcp {
            surface: Arc::clone(&settings.mcp_surface),
            upstream: to(client),
            limit: settings.mcp.rate_limit(),
            origins: settings.mcp.allowed_origins.clone(),
            limits: McpLimits { message: settings.mcp.max_request_body(), ..McpLimits::default() },
        }),
    };
    Ok(Some(Behind { protected, clients: api.into_iter().chain(mcp).collect() }))
}

/// The client of an upstream; `section` is where its keys stand.
///
/// # Errors
/// Its certificate authorities cannot be read.
pub fn client(upstream: &config::Upstream, section: &str) -> Result<Arc<UpstreamClient>, Stopped> {
    let made = UpstreamClient::new(&UpstreamSettings {
        url: upstream.url.clone(),
        ca_file: upstream.ca_file.clone(),
        connect_timeout: upstream.connect_timeout,
        response_timeout: upstream.response_timeout,
        idle_timeout: upstream.idle_timeout,
        connections: upstream.pool_connections,
        keep: upstream.pool_idle,
    });
    made.map(Arc::new).map_err(|fault| {
        Stopped::because(&format!("{section}.upstream cannot be used: {fault}"))
            .hint(format!("see {section}.upstream and {section}.ca_file"))
    })
}

/// Tells the log whether an upstream can be reached now. That it cannot stops nothing: it may come
/// later, and calls are answered 502 until then.
pub async fn tell(client: &UpstreamClient) {
    match client.reach().await {
        Ok(()) => tracing::info!(upstream = client.name(), "the upstream can be reached"),
        Err(fault) => {
            tracing::warn!(upstream = client.name(), cause = %fault, "the upstream cannot be reached now");
        }
    }
}
