//! From settings to what stands behind the gateway.

use std::sync::Arc;

use crate::app::router::Protected;
use crate::app::stopped::Stopped;
use crate::config;
use crate::config::Settings;
use crate::gateway;
use crate::outbound::upstream::UpstreamClient;
use crate::outbound::upstream::UpstreamSettings;

/// A protected surface with the client of what stands behind it.
pub struct Behind {
    /// The surface.
    pub protected: Protected,
    /// Its upstream.
    pub client: Arc<UpstreamClient>,
}

/// The API surface as the configuration has it; none if it names no upstream.
///
/// # Errors
/// Its certificate authorities cannot be read.
pub fn api(settings: &Settings) -> Result<Option<Behind>, Stopped> {
    let Some(upstream) = settings.api.upstream() else { return Ok(None) };
    let client = client(&upstream, "api")?;
    let protected = Protected {
        surface: Arc::clone(&settings.api_surface),
        upstream: gateway::forward::to(Arc::clone(&client), &settings.issuer),
        limit: upstream.rate_limit,
        max_body: upstream.max_request_body,
        origins: upstream.allowed_origins,
    };
    Ok(Some(Behind { protected, client }))
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
