//! Names to addresses.

use std::io;
use std::net::SocketAddr;
use std::net::ToSocketAddrs as _;

/// Resolves names. May block: it is asked on a thread where that does no harm.
pub trait Resolve: Send + Sync {
    /// All addresses of `host`, with `port`.
    ///
    /// # Errors
    /// There are none, or nobody knows.
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// As the machine resolves names.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok((host, port).to_socket_addrs()?.collect())
    }
}
