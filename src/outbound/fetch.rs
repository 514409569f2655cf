//! The one fetch of documents that others name: where a client's metadata and keys come from.
//!
//! A stranger may choose the URL, so it is https only and GET only, takes nothing but a 200 with JSON,
//! follows no redirect, inflates nothing, ends after five seconds and at so many bytes. The name is
//! resolved once; every address must be public (or in a network that the operator allowed), and the
//! connection is made to an address that was checked.

mod exchange;
mod refusal;
mod resolve;
mod trust;
mod turns;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::future::Shared;
use futures_util::future::WeakShared;
pub use refusal::FetchRefusal;
pub use resolve::Resolve;
pub use resolve::SystemResolver;
use tokio::sync::OnceCell;
pub use trust::NotTrustable;
pub use trust::Trust;
use turns::Turns;
use url::Host;
use url::Url;

use crate::domain::network;
use crate::domain::network::Network;
use crate::telemetry::measures;

/// From the first step to the last byte.
const WHOLE: Duration = Duration::from_secs(5);
/// The same, of what is posted: a receiver may have something to do first.
const POSTING: Duration = Duration::from_secs(15);
/// The one port of the public Internet that is dialled; allowed networks have them all.
const HTTPS: u16 = 443;

/// For whom something is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// A client that somebody here knows: an administrator allowed it, or a person approved it.
    Known,
    /// Anybody.
    Stranger,
}

/// What is sent to somebody's endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Headers beside those of every request.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The JSON.
    pub body: Bytes,
    /// For how long its server lets it be kept, if it says so.
    pub max_age: Option<Duration>,
}

type Outcome = Result<Arc<Fetched>, FetchRefusal>;
type Flight = Shared<BoxFuture<'static, Outcome>>;
type Flights = HashMap<(String, Standing), WeakShared<BoxFuture<'static, Outcome>>>;

/// Fetches documents. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    parts: Arc<Parts>,
    flights: Arc<Mutex<Flights>>,
}

struct Parts {
    allowed: Vec<Network>,
    trust: Trust,
    tls: OnceCell<Arc<rustls::ClientConfig>>,
    resolver: Arc<dyn Resolve>,
    turns: Turns,
}

impl Fetcher {
    /// With networks that are allowed though they are not public, what is trusted, and who resolves
    /// names.
    #[must_use]
    pub fn new(allowed: Vec<Network>, trust: Trust, resolver: Arc<dyn Resolve>) -> Self {
        let parts =
            Parts { allowed, trust, tls: OnceCell::new(), resolver, turns: Turns::default() };
        Self { parts: Arc::new(parts), flights: Arc::default() }
    }

    /// Fetches the JSON at `url`, at most `most` bytes of it. What is being fetched already is not
    /// fetched twice.
    ///
    /// # Errors
    /// [`FetchRefusal`].
    pub async fn json(&self, url: &str, most: usize, standing: Standing) -> Outcome {
        self.flight(url, most, standing).await
    }

    /// Posts `message` to `url`, by the same rules, and answers the status: nothing else of what comes back
    /// is read, and a redirect is a status like others.
    ///
    /// # Errors
    /// [`FetchRefusal`].
    pub async fn post(&self, url: &str, message: Message) -> Result<u16, FetchRefusal> {
        self.parts.post(url, message).await
    }

    fn flight(&self, url: &str, most: usize, standing: Standing) -> Flight {
        let start = || {
            let (parts, url) = (Arc::clone(&self.parts), url.to_owned());
            async move { parts.fetch(&url, most, standing).await }.boxed().shared()
        };
        let Ok(mut flights) = self.flights.lock() else { return start() };
        let under_way = |flight: &WeakShared<_>| flight.upgrade().filter(|it| it.peek().is_none());
        let key = (url.to_owned(), standing);
        if let Some(flight) = flights.get(&key).and_then(under_way) {
            return flight;
        }
        flights.retain(|_, flight| under_way(flight).is_some());
        let flight = start();
        flights.extend(flight.downgrade().map(|weak| (key, weak)));
        flight
    }
}

impl Parts {
    async fn fetch(&self, url: &str, most: usize, standing: Standing) -> Outcome {
        let url = checked(url)?;
        let host = url.host().ok_or(FetchRefusal::Url)?.to_owned();
        let turn = async {
            let _turn = self.turns.take(&host.to_string(), standing).await?;
            let addresses = self.addresses(&host, &url).await?;
            let tls = self.tls().await?;
            exchange::get(&url, &addresses, tls, most).await.map(Arc::new)
        };
        let fetched =
            tokio::time::timeout(WHOLE, turn).await.unwrap_or(Err(FetchRefusal::TimedOut));
        let outcome = fetched.as_ref().map_or_else(|why| why.word(), |_| "fetched");
        measures::FETCHES.of(outcome).count();
        fetched
    }

    async fn post(&self, url: &str, message: Message) -> Result<u16, FetchRefusal> {
        let url = checked(url)?;
        let host = url.host().ok_or(FetchRefusal::Url)?.to_owned();
        let exchange = async {
            let addresses = self.addresses(&host, &url).await?;
            exchange::post(&url, &addresses, self.tls().await?, message).await
        };
        tokio::time::timeout(POSTING, exchange).await.unwrap_or(Err(FetchRefusal::NotInTime))
    }

    /// The addresses behind the host, resolved once, every one of them checked.
    async fn addresses(&self, host: &Host, url: &Url) -> Result<Vec<SocketAddr>, FetchRefusal> {
        let port = url.port_or_known_default().ok_or(FetchRefusal::Url)?;
        let found = match host {
            Host::Ipv4(address) => vec![SocketAddr::from((*address, port))],
            Host::Ipv6(address) => vec![SocketAddr::from((*address, port))],
            Host::Domain(name) => self.turns.resolve(&self.resolver, name, port).await?,
        };
        if found.is_empty() {
            return Err(FetchRefusal::Resolution);
        }
        for address in &found {
            let ip = address.ip();
            if self.allowed.iter().any(|network| network.contains(ip)) {
                continue;
            }
            if !network::is_public(ip) {
                return Err(FetchRefusal::NotPublic);
            }
            if port != HTTPS {
                return Err(FetchRefusal::Port);
            }
        }
        Ok(found)
    }

    /// Made when it is first needed: most installations fetch nothing.
    async fn tls(&self) -> Result<Arc<rustls::ClientConfig>, FetchRefusal> {
        let made = self.tls.get_or_try_init(|| async {
            let trust = self.trust.clone();
            let made = tokio::task::spawn_blocking(move || trust.config()).await;
            made.map_err(|_| FetchRefusal::NoTrust)?
        });
        made.await.map(Arc::clone)
    }
}

fn checked(text: &str) -> Result<Url, FetchRefusal> {
    let url = Url::parse(text).map_err(|_| FetchRefusal::Url)?;
    if url.scheme() != "https" {
        return Err(FetchRefusal::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(FetchRefusal::Url);
    }
    Ok(url)
}
