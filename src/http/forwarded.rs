//! Who sends headers that only a trusted proxy may set. They are believed nowhere; that they come
//! means that a proxy stands there of which nobody told the server.

use std::net::IpAddr;
use std::sync::Mutex;

use axum::extract::Request;

use crate::domain::checkup::proxy::Untrusted;
use crate::domain::network;
use crate::domain::network::Network;
use crate::http::Peer;

const NAMES: [&str; 7] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-uri",
    "x-original-uri",
    "x-real-ip",
];

/// What was seen since the start.
#[derive(Debug, Default)]
pub struct Forwarded {
    trusted: Vec<Network>,
    seen: Mutex<Untrusted>,
}

impl Forwarded {
    /// Nothing yet; `trusted` proxies are not counted.
    #[must_use]
    pub fn new(trusted: Vec<Network>) -> Self {
        Self { trusted, seen: Mutex::default() }
    }

    /// Looks at a request.
    pub fn look(&self, request: &Request) {
        let headers = request.headers();
        if !NAMES.iter().any(|name| headers.contains_key(*name)) {
            return;
        }
        let Some(peer) = request.extensions().get::<Peer>() else { return };
        let from = peer.ip().to_canonical();
        if !self.trusted.iter().any(|network| network.contains(from)) {
            self.count(from);
        }
    }

    fn count(&self, from: IpAddr) {
        if let Ok(mut seen) = self.seen.lock() {
            seen.requests = seen.requests.saturating_add(1);
            // What comes from one's own network says more than what strangers send.
            if seen.from.is_none_or(network::is_public) {
                seen.from = Some(from);
            }
        }
    }

    /// What was seen.
    #[must_use]
    pub fn seen(&self) -> Untrusted {
        self.seen.lock().map(|seen| *seen).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn seen(trusted: &[&str], requests: &[(&str, &str)]) -> Untrusted {
        let trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let forwarded = Forwarded::new(trusted);
        for (from, header) in requests {
            let mut request = Request::builder().header(*header, "1.2.3.4");
            let from = SocketAddr::new(from.parse().unwrap(), 1);
            request.extensions_mut().unwrap().insert(Peer::at(from));
            forwarded.look(&request.body(axum::body::Body::empty()).unwrap());
        }
        forwarded.seen()
    }

    #[test]
    fn forwarded_headers_count_unless_a_trusted_proxy_sent_them() {
        let all = [("10.0.0.1", "x-forwarded-for"), ("10.0.0.2", "accept")];
        assert_eq!(seen(&["10.0.0.0/8"], &all), Untrusted::default());
        let seen = seen(&["10.0.0.9"], &all);
        assert_eq!((seen.requests, seen.from), (1, Some("10.0.0.1".parse().unwrap())));
    }

    #[test]
    fn what_strangers_send_hides_no_proxy_of_ones_own() {
        let public = ("93.184.215.14", "forwarded");
        let seen = seen(&[], &[public, ("192.168.1.1", "forwarded"), public]);
        assert_eq!((seen.requests, seen.from), (3, Some("192.168.1.1".parse().unwrap())));
    }
}
