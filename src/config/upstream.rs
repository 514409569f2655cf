//! What stands behind a protected surface: the keys that `[api]` and `[mcp]` share.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::config::settings::Api;
use crate::config::settings::Mcp;
use crate::domain::rate::RateLimit;

/// An upstream and how it is reached.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Where calls are sent.
    pub url: Url,
    /// The certificate authorities of an https upstream; none: those of this machine.
    pub ca_file: Option<PathBuf>,
    /// Time to reach it, TLS included, and to wait for a connection.
    pub connect_timeout: Duration,
    /// Time until it begins to answer.
    pub response_timeout: Duration,
    /// How long either body may stand still.
    pub idle_timeout: Duration,
    /// Bytes of a request body.
    pub max_request_body: u64,
    /// Connections open at once.
    pub pool_connections: usize,
    /// How long an unused one is kept.
    pub pool_idle: Duration,
    /// How often a token may call, if that is limited.
    pub rate_limit: Option<RateLimit>,
    /// The web pages that may call; empty: all.
    pub allowed_origins: Vec<String>,
}

const MIB: u64 = 1024 * 1024;

macro_rules! has_upstream {
    ($($Section:ty)+) => { $(
        impl $Section {
            /// What stands behind the surface; none: there is no such surface.
            #[must_use]
            pub fn upstream(&self) -> Option<Upstream> {
                let calls = Some(self.rate_limit_calls).filter(|calls| *calls > 0);
                Some(Upstream {
                    url: self.upstream.clone()?,
                    ca_file: self.ca_file.clone(),
                    connect_timeout: self.connect_timeout,
                    response_timeout: self.response_timeout,
                    idle_timeout: self.idle_timeout,
                    max_request_body: u64::from(self.max_request_body_mib) * MIB,
                    pool_connections: self.pool_connections,
                    pool_idle: self.pool_idle,
                    rate_limit: calls.map(|calls| RateLimit { calls, window: self.rate_limit_window }),
                    allowed_origins: self.allowed_origins.clone(),
                })
            }
        }
    )+ };
}

has_upstream!(Api Mcp);
