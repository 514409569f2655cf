//! Names to addresses.

use std::io;
use std::net::SocketAddr;

use tokio::runtime::Handle;

use crate::outbound::names;

/// Resolves names. May block: it is asked on a thread where that does no harm.
pub trait Resolve: Send + Sync {
    /// All addresses of `host`, with `port`.
    ///
    /// # Errors
    /// There are none, or nobody knows.
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// By the hosts and the name servers of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let found = runtime.block_on(names::addresses(host)).map_err(io::Error::other)?;
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_of_this_machine_needs_no_name_server() {
        let found = tokio::task::spawn_blocking(|| SystemResolver.resolve("localhost", 443)).await;
        let found = found.unwrap().unwrap();
        assert!(found.contains(&"127.0.0.1:443".parse().unwrap()), "{found:?}");
    }
}
