//! Taking the addresses to listen on, or saying in one sentence why not.

use std::io;
use std::io::ErrorKind;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindFault {
    /// Another program has it.
    #[error("port {} of {} is already in use: stop the program that uses it (`ss -ltnp` names it), or listen on another port", .0.port(), .0.ip())]
    InUse(SocketAddr),
    /// A port of the system.
    #[error("no permission to listen on port {} of {}: ports below 1024 need the capability CAP_NET_BIND_SERVICE (in a systemd unit: AmbientCapabilities=CAP_NET_BIND_SERVICE), or listen on a port from 1024 up", .0.port(), .0.ip())]
    Denied(SocketAddr),
    /// Not an address of this machine.
    #[error("{} is not an address of this machine (`ip address` lists them): listen on one that is, or on 0.0.0.0 or [::] for all", .0.ip())]
    NotHere(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {0}: {1}")]
    Other(SocketAddr, io::Error),
}

/// Listens on `address`; port 0 takes any free port.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindFault> {
    TcpListener::bind(address).await.map_err(|error| fault(address, error))
}

/// Takes over a socket that is already bound and listening, as from a supervisor.
pub fn adopt(listener: std::net::TcpListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

fn fault(address: SocketAddr, error: io::Error) -> BindFault {
    match error.kind() {
        ErrorKind::AddrInUse => BindFault::InUse(address),
        ErrorKind::PermissionDenied => BindFault::Denied(address),
        ErrorKind::AddrNotAvailable => BindFault::NotHere(address),
        _ => BindFault::Other(address, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let first = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let taken = first.local_addr().unwrap();
        let fault = bind(taken).await.unwrap_err();
        assert!(matches!(fault, BindFault::InUse(address) if address == taken), "{fault}");
        let text = fault.to_string();
        assert!(text.starts_with(&format!("port {} of 127.0.0.1", taken.port())), "{text}");
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_named() {
        let fault = bind("192.0.2.1:8443".parse().unwrap()).await.unwrap_err();
        assert!(matches!(fault, BindFault::NotHere(_)), "{fault}");
    }

    #[test]
    fn a_refused_port_says_what_would_allow_it() {
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        let text = fault("[::]:443".parse().unwrap(), denied).to_string();
        assert!(text.contains("port 443 of ::") && text.contains("CAP_NET_BIND_SERVICE"), "{text}");
    }
}
