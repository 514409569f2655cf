//! The issuer: the one origin this installation is known by (RFC 8414 §2, RFC 9207).
//!
//! Promise: the text is exactly `https://host[:port]`, as a browser would write that origin. It is
//! compared byte for byte by clients and never derived from a request.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use url::Host;
use url::Url;

const HTTPS: u16 = 443;

/// `https://host[:port]`: no path, no trailing slash, lower case, the default port left out.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Issuer {
    text: Arc<str>,
    host: Host,
    port: u16,
}

/// The text cannot be an issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnIssuer {
    /// It is no URL at all, or one without a host.
    #[error("is not a URL like https://accounts.example.com")]
    NotAUrl,
    /// Another scheme than https.
    #[error("does not start with https://")]
    NotHttps,
    /// More than an origin, or the origin in another spelling.
    #[error("is not a bare origin in lower case (no path, no trailing slash, no :443)")]
    NotBare {
        /// The origin that it contains.
        origin: String,
    },
}

impl Issuer {
    /// The issuer, byte for byte.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host alone; an IPv6 address stands without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            Host::Ipv6(address) => address.to_string(),
            host => host.to_string(),
        }
    }

    /// The port, 443 when none is written.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host[:port]`, as the `Host` header carries it: the default port left out.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.text.strip_prefix("https://").unwrap_or(&self.text)
    }

    /// Whether only this machine can reach it: `localhost` or a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => IpAddr::V6(*address).to_canonical().is_loopback(),
        }
    }

    /// Whether the host is a name, not an address.
    #[must_use]
    pub const fn is_named(&self) -> bool {
        matches!(self.host, Host::Domain(_))
    }

    /// The absolute URL of a path that starts with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.text)
    }
}

impl FromStr for Issuer {
    type Err = NotAnIssuer;

    fn from_str(text: &str) -> Result<Self, NotAnIssuer> {
        let url = Url::parse(text).map_err(|_| NotAnIssuer::NotAUrl)?;
        if url.scheme() != "https" {
            return Err(NotAnIssuer::NotHttps);
        }
        let host = url.host().ok_or(NotAnIssuer::NotAUrl)?.to_owned();
        let port = url.port().unwrap_or(HTTPS);
        if port == 0 {
            return Err(NotAnIssuer::NotAUrl);
        }
        let origin = url.origin().ascii_serialization();
        if origin != text {
            return Err(NotAnIssuer::NotBare { origin });
        }
        Ok(Self { text: text.into(), host, port })
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(text: &str) -> Issuer {
        text.parse().unwrap()
    }

    #[test]
    fn an_issuer_is_kept_byte_for_byte() {
        for text in ["https://a.example", "https://localhost:8443", "https://[::1]:8443"] {
            assert_eq!(issuer(text).as_str(), text);
        }
    }

    #[test]
    fn refuses_all_that_is_more_or_other_than_a_bare_https_origin() {
        let bare = |origin: &str| NotAnIssuer::NotBare { origin: origin.to_owned() };
        for (text, why) in [
            ("", NotAnIssuer::NotAUrl),
            ("accounts.example.com", NotAnIssuer::NotAUrl),
            ("https://", NotAnIssuer::NotAUrl),
            ("https://a.example:0", NotAnIssuer::NotAUrl),
            ("http://a.example", NotAnIssuer::NotHttps),
            ("https://a.example/", bare("https://a.example")),
            ("https://a.example/auth", bare("https://a.example")),
            ("https://a.example?x", bare("https://a.example")),
            ("https://a.example#x", bare("https://a.example")),
            ("https://me@a.example", bare("https://a.example")),
            ("https://a.example:443", bare("https://a.example")),
            ("https://A.Example", bare("https://a.example")),
            (" https://a.example", bare("https://a.example")),
            ("https://bücher.example", bare("https://xn--bcher-kva.example")),
        ] {
            assert_eq!(text.parse::<Issuer>(), Err(why), "{text}");
        }
    }

    #[test]
    fn the_authority_leaves_the_default_port_out() {
        assert_eq!(issuer("https://a.example").authority(), "a.example");
        assert_eq!(issuer("https://a.example").port(), 443);
        assert_eq!(issuer("https://[::1]:8443").authority(), "[::1]:8443");
        assert_eq!(issuer("https://[::1]:8443").host(), "::1");
        assert_eq!(issuer("https://[::1]:8443").port(), 8443);
    }

    #[test]
    fn localhost_and_loopback_addresses_are_known_as_such() {
        for text in ["https://localhost", "https://127.8.0.1", "https://[::1]:8443"] {
            assert!(issuer(text).is_loopback(), "{text}");
        }
        for text in ["https://localhost.example", "https://10.0.0.1", "https://[fd00::1]"] {
            assert!(!issuer(text).is_loopback(), "{text}");
        }
    }

    #[test]
    fn a_url_is_the_issuer_and_the_path() {
        assert_eq!(
            issuer("https://a.example").url("/oauth/token"),
            "https://a.example/oauth/token"
        );
    }
}
