//! Whether a proxy stands before the server that it does not know of.

use std::net::IpAddr;

use crate::domain::checkup::Finding;
use crate::domain::network;

/// What came with headers that only a trusted proxy may set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Untrusted {
    /// How many requests since the start.
    pub requests: u64,
    /// From where the last one came that is on a network of one's own, else the last.
    pub from: Option<IpAddr>,
}

/// What it means. Anybody on the Internet can send such a header; from one's own network it is a proxy.
#[must_use]
pub fn judge(seen: Untrusted) -> Finding {
    let Some(from) = seen.from else {
        return Finding::good("proxy", "no forwarded headers came from where they are not trusted");
    };
    let requests = match seen.requests {
        1 => "one request".to_owned(),
        more => format!("{more} requests"),
    };
    let about = format!(
        "{requests} came with forwarded headers (X-Forwarded-For, Forwarded) from addresses that are not trusted, such as {from}; the headers were not believed"
    );
    if network::is_public(from) {
        let fix = format!(
            "nothing, if you have no proxy at {from}; else add it to server.trusted_proxies"
        );
        Finding::note("proxy.untrusted", about, fix)
    } else {
        let fix = format!(
            "if your proxy is at {from}, add it to server.trusted_proxies and restart the server; if you have none there, find out who asks from that machine"
        );
        Finding::attention("proxy.untrusted", about, fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checkup::Level;

    fn level(from: &str) -> Level {
        judge(Untrusted { requests: 3, from: Some(from.parse().unwrap()) }).level
    }

    #[test]
    fn forwarded_headers_from_an_untrusted_proxy_are_named() {
        assert_eq!(judge(Untrusted::default()).code, "proxy");
        assert_eq!(level("10.0.0.5"), Level::Attention);
        assert_eq!(level("127.0.0.1"), Level::Attention);
        assert_eq!(level("93.184.215.14"), Level::Note, "anybody can send a header");
    }
}
