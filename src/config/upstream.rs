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
    /// Connections open at once.
    pub pool_connections: usize,
    /// How long an unused one is kept.
    pub pool_idle: Duration,
}

const MIB: u64 = 1024 * 1024;

macro_rules! has_upstream {
    ($($Section:ty)+) => { $(
        impl $Section {
            /// What stands behind the surface; none: there is no such surface.
            #[must_use]
            pub fn upstream(&self) -> Option<Upstream> {
                Some(Upstream {
                    url: self.upstream.clone()?,
                    ca_file: self.ca_file.clone(),
                    connect_timeout: self.connect_timeout,
                    response_timeout: self.response_timeout,
                    idle_timeout: self.idle_timeout,
                    pool_connections: self.pool_connections,
                    pool_idle: self.pool_idle,
                })
            }

            /// How often a token may call, if that is limited.
            #[must_use]
            pub fn rate_limit(&self) -> Option<RateLimit> {
                let calls = Some(self.rate_limit_calls).filter(|calls| *calls > 0);
                calls.map(|calls| RateLimit { calls, window: self.rate_limit_window })
            }

            /// Bytes of a request body.
            #[must_use]
            pub fn max_request_body(&self) -> u64 {
                u64::from(self.max_request_body_mib) * MIB
            }
        }
    )+ };
}

has_upstream!(Api Mcp);
