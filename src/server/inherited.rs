//! Sockets that a service manager bound and hands over (`sd_listen_fds(3)`). They outlive this
//! process: while it restarts, whoever connects waits instead of being refused.

use std::io;

use listenfd::ListenFd;
use tokio::net::TcpListener;

use crate::server::binding;

/// What a unit calls a socket for HTTPS; systemd's own names stand for it too, since a unit need not
/// name its sockets.
const HTTPS: [&str; 4] = ["https", "countersign.socket", "unknown", ""];

/// Why the sockets that were handed over cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum InheritedFault {
    /// A name that means nothing here. It might be for somebody else than the public.
    #[error(
        "a socket named \"{0}\" was handed over, and only \"https\" is known: set FileDescriptorName=https in its unit, or remove it"
    )]
    Unknown(String),
    /// Not a TCP socket, or the system refused.
    #[error("socket {0} of those that were handed over cannot be used: {1}")]
    Unusable(usize, io::Error),
}

/// The sockets for HTTPS, with the names that came with them; none if nobody handed any over.
///
/// It takes the variables that tell of them out of the environment: call it once, and before there
/// are threads.
///
/// # Errors
/// One has a name that is not known, or is no TCP socket.
pub fn take(names: &[String]) -> Result<Vec<std::net::TcpListener>, InheritedFault> {
    let mut handed = ListenFd::from_env();
    let mut taken = Vec::new();
    for index in 0..handed.len() {
        known(names.get(index))?;
        let socket = handed.take_tcp_listener(index);
        let socket = socket.map_err(|error| InheritedFault::Unusable(index + 1, error))?;
        taken.extend(socket);
    }
    Ok(taken)
}

/// As listeners of the running executor.
///
/// # Errors
/// The system refused.
pub fn adopt(taken: Vec<std::net::TcpListener>) -> Result<Vec<TcpListener>, InheritedFault> {
    let adopted = taken.into_iter().enumerate().map(|(index, socket)| {
        binding::adopt(socket).map_err(|error| InheritedFault::Unusable(index + 1, error))
    });
    adopted.collect()
}

fn known(name: Option<&String>) -> Result<(), InheritedFault> {
    match name {
        Some(name) if !HTTPS.contains(&name.as_str()) => Err(InheritedFault::Unknown(name.clone())),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_with_an_unknown_name_is_not_served_to_the_public() {
        assert!(known(Some(&"operations".to_owned())).is_err());
        assert!(known(Some(&"https".to_owned())).is_ok() && known(None).is_ok());
    }
}
