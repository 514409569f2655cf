//! From a name to addresses, in our own code: the C library of a static program would load name
//! services of whatever machine it runs on. `/etc/hosts` counts first, then DNS as
//! `/etc/resolv.conf` has it. Both are read anew as they are asked.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::config::ResolverConfig;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use tokio::time::Instant;
use url::Host;

/// How long an answer is good for another connection.
const FRESH: Duration = Duration::from_secs(10);

/// The addresses of one host.
pub(super) struct Names {
    host: Host,
    last: Mutex<Option<(Instant, Vec<IpAddr>)>>,
}

impl Names {
    pub(super) fn of(host: Host) -> Self {
        Self { host, last: Mutex::default() }
    }

    /// All addresses, never none. While the name cannot be resolved, the last ones that were found
    /// still count.
    pub(super) async fn addresses(&self) -> Result<Vec<IpAddr>, String> {
        let name = match &self.host {
            Host::Ipv4(address) => return Ok(vec![(*address).into()]),
            Host::Ipv6(address) => return Ok(vec![(*address).into()]),
            Host::Domain(name) => name,
        };
        let last = self.last().clone();
        if let Some((since, addresses)) = &last
            && since.elapsed() < FRESH
        {
            return Ok(addresses.clone());
        }
        match (resolve(name).await, last) {
            (Ok(addresses), _) => {
                *self.last() = Some((Instant::now(), addresses.clone()));
                Ok(addresses)
            }
            (Err(error), Some((_, addresses))) => {
                tracing::warn!(name, error, "a name could not be resolved anew");
                Ok(addresses)
            }
            (Err(error), None) => Err(error),
        }
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<(Instant, Vec<IpAddr>)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn resolve(name: &str) -> Result<Vec<IpAddr>, String> {
    // Without a resolv.conf there are still the hosts.
    let mut builder = TokioResolver::builder_tokio().unwrap_or_else(|_| {
        let nobody = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
        TokioResolver::builder_with_config(nobody, TokioRuntimeProvider::default())
    });
    builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    let resolver = builder.build().map_err(|error| error.to_string())?;
    let found = resolver.lookup_ip(name).await.map_err(|error| error.to_string())?;
    let addresses: Vec<IpAddr> = found.iter().collect();
    if addresses.is_empty() { Err("it has no address".to_owned()) } else { Ok(addresses) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_and_a_name_of_this_machine_need_no_name_server() {
        for (host, expected) in [
            (Host::Ipv4([192, 0, 2, 7].into()), "192.0.2.7"),
            (Host::Ipv6("::1".parse().unwrap()), "::1"),
            (Host::Domain("localhost".to_owned()), "127.0.0.1"),
        ] {
            let found = Names::of(host).addresses().await.unwrap();
            assert!(found.contains(&expected.parse().unwrap()), "{found:?}");
        }
    }
}
