//! The bounds of connections.

use std::time::Duration;

/// What one connection, one address and all of them together may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections from one address (one /64 network of IPv6).
    pub connections_per_address: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// How long the head of a request may take, and a connection may wait for its first one.
    pub header_read: Duration,
    /// How long a client may take nothing of an answer.
    pub write_stall: Duration,
    /// How long a connection may stand without a request after that.
    pub idle: Duration,
    /// How long requests in flight may take to finish once the server stops.
    pub drain: Duration,
    /// Bytes of a request's head that are parsed at all. Four times what is allowed by default:
    /// a request between the two gets a full answer, beyond it a bare 431 from the parser.
    pub parsed_head: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: 256,
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            drain: Duration::from_secs(30),
            parsed_head: 64 * 1024,
        }
    }
}
