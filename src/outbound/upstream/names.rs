//! The addresses of an upstream, asked for anew as time passes.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::Instant;
use url::Host;

use crate::outbound::names;

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
        match (names::addresses(name).await, last) {
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
