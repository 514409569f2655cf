//! Who may fetch now. Strangers share so many turns in all, and few of them for one host, so that
//! nobody can make this server hammer another one; clients that are known here have turns of their own
//! and never wait for strangers.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::outbound::fetch::FetchRefusal;
use crate::outbound::fetch::Resolve;
use crate::outbound::fetch::Standing;

const KNOWN: usize = 16;
const STRANGERS: usize = 16;
/// How long a stranger waits for a turn.
const PATIENCE: Duration = Duration::from_secs(1);
/// Fetches of strangers from one host at once, and within [`WINDOW`].
const HOST_AT_ONCE: u32 = 2;
const HOST_IN_WINDOW: u32 = 20;
const WINDOW: Duration = Duration::from_secs(10);
/// Hosts that are counted at once.
const HOSTS: usize = 4096;
/// Names resolved at once. A resolver may be slower than any caller waits, and its thread stays busy.
const RESOLVING: usize = 64;

pub(super) struct Turns {
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    resolving: Arc<Semaphore>,
    hosts: Arc<Mutex<HashMap<String, Host>>>,
}

struct Host {
    since: Instant,
    begun: u32,
    running: u32,
}

/// The right to fetch, until it is dropped.
pub(super) struct Turn {
    _permit: OwnedSemaphorePermit,
    host: Option<HostTurn>,
}

struct HostTurn {
    hosts: Arc<Mutex<HashMap<String, Host>>>,
    name: String,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            known: Arc::new(Semaphore::new(KNOWN)),
            strangers: Arc::new(Semaphore::new(STRANGERS)),
            resolving: Arc::new(Semaphore::new(RESOLVING)),
            hosts: Arc::default(),
        }
    }
}

impl Turns {
    /// Waits for a turn to fetch from `host`.
    pub(super) async fn take(&self, host: &str, standing: Standing) -> Result<Turn, FetchRefusal> {
        let busy = |_| FetchRefusal::Busy;
        if standing == Standing::Known {
            let permit = Arc::clone(&self.known).acquire_owned().await.map_err(busy)?;
            return Ok(Turn { _permit: permit, host: None });
        }
        let host = Some(self.take_host(host)?);
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.strangers).acquire_owned());
        let permit = permit.await.map_err(|_| FetchRefusal::Busy)?.map_err(busy)?;
        Ok(Turn { _permit: permit, host })
    }

    fn take_host(&self, name: &str) -> Result<HostTurn, FetchRefusal> {
        let mut hosts = self.hosts.lock().map_err(|_| FetchRefusal::Busy)?;
        let now = Instant::now();
        if hosts.len() >= HOSTS && !hosts.contains_key(name) {
            hosts.retain(|_, host| host.running > 0 || now < host.since + WINDOW);
            if hosts.len() >= HOSTS {
                return Err(FetchRefusal::Busy);
            }
        }
        let fresh = || Host { since: now, begun: 0, running: 0 };
        let host = hosts.entry(name.to_owned()).or_insert_with(fresh);
        if now >= host.since + WINDOW {
            (host.since, host.begun) = (now, 0);
        }
        if host.running >= HOST_AT_ONCE || host.begun >= HOST_IN_WINDOW {
            return Err(FetchRefusal::Busy);
        }
        host.running += 1;
        host.begun += 1;
        Ok(HostTurn { hosts: Arc::clone(&self.hosts), name: name.to_owned() })
    }

    /// Resolves a name on a thread of its own, which keeps its place until it is done.
    pub(super) async fn resolve(
        &self,
        resolver: &Arc<dyn Resolve>,
        name: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, FetchRefusal> {
        let place = Arc::clone(&self.resolving).acquire_owned().await;
        let place = place.map_err(|_| FetchRefusal::Busy)?;
        let (resolver, name) = (Arc::clone(resolver), name.to_owned());
        let asked = tokio::task::spawn_blocking(move || {
            let found = resolver.resolve(&name, port);
            drop(place);
            found
        });
        asked.await.map_err(|_| FetchRefusal::Resolution)?.map_err(|_| FetchRefusal::Resolution)
    }
}

impl Drop for HostTurn {
    fn drop(&mut self) {
        if let Ok(mut hosts) = self.hosts.lock()
            && let Some(host) = hosts.get_mut(&self.name)
        {
            host.running = host.running.saturating_sub(1);
        }
    }
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Turn").field("of_host", &self.host.is_some()).finish_non_exhaustive()
    }
}
