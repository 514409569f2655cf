//! Who is at the other end of the connection.

use std::net::IpAddr;
use std::net::SocketAddr;

/// The address that the connection came from, in every request's extensions. `Forwarded` and
/// `X-Forwarded-For` never change it, except for a request that a trusted proxy asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Peer(pub SocketAddr);

impl Peer {
    /// The peer at `address`; an IPv4 address carried in IPv6 counts as what it is.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self(SocketAddr::new(address.ip().to_canonical(), address.port()))
    }

    /// The address without the port.
    #[must_use]
    pub const fn ip(&self) -> IpAddr {
        self.0.ip()
    }
}
