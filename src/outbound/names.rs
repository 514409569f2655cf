//! From a name to addresses, in our own code: the C library of a static program would load name
//! services of whatever machine it runs on. `/etc/hosts` counts first, then DNS as
//! `/etc/resolv.conf` has it. Both are read anew as they are asked.

use std::net::IpAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::LookupIpStrategy;
use hickory_resolver::config::ResolverConfig;
use hickory_resolver::net::runtime::TokioRuntimeProvider;

const NOWHERE: &str = "its name has no address";

/// All addresses of `name`, never none.
pub(super) async fn addresses(name: &str) -> Result<Vec<IpAddr>, String> {
    // Without a resolv.conf there are still the hosts.
    let mut builder = TokioResolver::builder_tokio().unwrap_or_else(|_| {
        let nobody = ResolverConfig::from_parts(None, Vec::new(), Vec::new());
        TokioResolver::builder_with_config(nobody, TokioRuntimeProvider::default())
    });
    builder.options_mut().ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    let resolver = builder.build().map_err(|error| error.to_string())?;
    let found = resolver.lookup_ip(name).await.map_err(|error| {
        let unknown = error.is_nx_domain() || error.is_no_records_found();
        if unknown { NOWHERE.to_owned() } else { error.to_string() }
    })?;
    let addresses: Vec<IpAddr> = found.iter().collect();
    if addresses.is_empty() { Err(NOWHERE.to_owned()) } else { Ok(addresses) }
}
