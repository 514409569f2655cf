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

/// A protected surface with the client of what stands behind it.
pub struct Behind {
    /// The surface.
    pub protected: Protected,
    /// Its upstream; none: only proxies ask about calls, with `/forward-auth`.
    pub client: Option<Arc<UpstreamClient>>,
    /// The MCP server, if there is one.
    pub mcp: Option<Arc<UpstreamClient>>,
}

/// The surfaces as the configuration has them; none if it names neither an upstream nor a route.
///
/// # Errors
/// Its certificate authorities cannot be read.
pub fn api(settings: &Settings) -> Result<Option<Behind>, Stopped> {
    let (api, upstream) = (&settings.api, settings.api.upstream());
    let mcp = settings.mcp.upstream().map(|upstream| client(&upstream, "mcp")).transpose()?;
    if upstream.is_none() && settings.api_surface.routes().is_empty() && mcp.is_none() {
        return Ok(None);
    }
    let client = upstream.map(|upstream| client(&upstream, "api")).transpose()?;
    let to = |client| gateway::forward::to(Arc::clone(client), &settings.issuer);
    let protected = Protected {
        surface: Arc::clone(&settings.api_surface),
        upstream: client.as_ref().map(to),
        limit: api.rate_limit(),
        mcp: mcp.as_ref().map(|client| protected_mcp(settings, client)),
        max_body: api.max_request_body(),
        origins: api.allowed_origins.clone(),
    };
    Ok(Some(Behind { protected, client, mcp }))
}

fn protected_mcp(settings: &Settings, client: &Arc<UpstreamClient>) -> ProtectedMcp {
    let mcp = &settings.mcp;
    ProtectedMcp {
        surface: Arc::clone(&settings.mcp_surface),
        upstream: gateway::forward::to(Arc::clone(client), &settings.issuer),
        limit: mcp.rate_limit(),
        origins: mcp.allowed_origins.clone(),
        limits: McpLimits { message: mcp.max_request_body(), ..McpLimits::default() },
    }
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
