//! Whether a host and port can be connected to from here: nothing is sent.

use std::net::IpAddr;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::outbound::names;

const PATIENCE: Duration = Duration::from_secs(3);

/// Connects and hangs up. `host` is a name, or an address as URLs have it.
///
/// # Errors
/// Why not, as a person reads it.
pub async fn reach(host: &str, port: u16) -> Result<(), String> {
    let waited = tokio::time::timeout(PATIENCE, connect(host, port)).await;
    waited.unwrap_or_else(|_| Err(format!("no answer for {} seconds", PATIENCE.as_secs())))
}

/// The first of its addresses that answers.
async fn connect(host: &str, port: u16) -> Result<(), String> {
    let addresses = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => vec![address],
        Err(_) => names::addresses(host).await?,
    };
    let mut why = String::new();
    for address in addresses {
        match TcpStream::connect((address, port)).await {
            Ok(_) => return Ok(()),
            Err(error) => why = format!("{address}: {error}"),
        }
    }
    Err(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn names_and_addresses_of_both_kinds_are_reached() {
        for (listen, hosts) in
            [("127.0.0.1:0", ["127.0.0.1", "localhost"]), ("[::1]:0", ["[::1]", "::1"])]
        {
            let listener = tokio::net::TcpListener::bind(listen).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            for host in hosts {
                assert_eq!(reach(host, port).await, Ok(()), "{host}");
            }
            drop(listener);
            assert!(reach(hosts[0], port).await.unwrap_err().contains("refused"), "{listen}");
        }
    }
}
